import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "./env.ts";
import { type LoadedRegistry, loadRegistry, type RegistryWatch, watchRegistry } from "./registry-file.ts";

const SHIPPED = readFileSync("test/registry/device-registry.json", "utf8");
const withVersion = (version: string) => SHIPPED.replace('"version": "2.0.0"', `"version": "${version}"`);

let folder = "";
let path = "";
let watch: RegistryWatch | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "registry-"));
  path = join(folder, "registry.json");
  writeFileSync(path, SHIPPED);
});
afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function until(holds: () => boolean, limitMs = 3_000): Promise<number> {
  const start = performance.now();
  while (!holds()) {
    if (performance.now() - start > limitMs) throw new Error(`not within ${limitMs} ms`);
    await Bun.sleep(5);
  }
  return performance.now() - start;
}

async function faultsOf(file: string): Promise<string[]> {
  try {
    await loadRegistry(file);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe("loadRegistry", () => {
  test("the version is metadata.version and 8 hex digits of the file's SHA-256", async () => {
    const { version, sha256, plan } = await loadRegistry("test/registry/device-registry.json");
    const hash = new Bun.CryptoHasher("sha256").update(SHIPPED).digest("hex");
    expect(sha256).toBe(hash);
    expect(version).toBe(`2.0.0+${hash.slice(0, 8)}`);
    expect(plan.version).toBe(version);
  });

  test("what is no readable registry is refused with the path and what is right", async () => {
    expect(await faultsOf(join(folder, "none.json"))).toEqual([
      `${folder}/none.json: does not exist; expected a registry in JSON`,
    ]);
    expect(await faultsOf(folder)).toEqual([`${folder}: no file; expected a registry in JSON`]);
    writeFileSync(path, new Uint8Array([0x7b, 0xff, 0x7d]));
    expect(await faultsOf(path)).toEqual([`${path}: not UTF-8; expected UTF-8`]);
    writeFileSync(path, " ".repeat(8 * 1024 * 1024 + 1));
    expect(await faultsOf(path)).toEqual([`${path}: 8388609 bytes; expected at most 8388608`]);
    writeFileSync(
      path,
      '{"metadata": {"version": "1"}, "device_types": {"x": {"name": "X", "measurments": {}}}}',
    );
    expect(await faultsOf(path)).toEqual([
      `${path}/device_types/x/measurments: unknown key "measurments"; expected "measurements"?`,
      `${path}/device_types/x: "measurements" is missing; expected an object`,
    ]);
  });
});

test("a registry that an editor saved with a byte order mark is read", async () => {
  writeFileSync(path, `\uFEFF${SHIPPED}`);
  expect((await loadRegistry(path)).plan.types.length).toBeGreaterThan(0);
});

describe("watchRegistry", () => {
  const seen: LoadedRegistry[] = [];
  beforeEach(() => {
    seen.length = 0;
  });
  const start = async (intervalMs?: number) => {
    watch = await watchRegistry(path, (loaded) => seen.push(loaded), { intervalMs });
    return watch;
  };

  test("a save is effective within a second, a rename as well", async () => {
    const watching = await start();
    writeFileSync(path, withVersion("2.0.1"));
    const afterSave = await until(() => watching.current().version.startsWith("2.0.1+"));
    const next = join(folder, "next.json");
    writeFileSync(next, withVersion("2.0.2"));
    renameSync(next, path);
    const afterRename = await until(() => watching.current().version.startsWith("2.0.2+"));
    expect(Math.max(afterSave, afterRename)).toBeLessThan(1_000);
    expect(seen.map(({ version }) => version.split("+")[0])).toEqual(["2.0.1", "2.0.2"]);
    expect(watching.health()).toEqual([]);
  });

  test("a bad file is refused with its reasons, the last good one stays, a good one clears the refusal", async () => {
    const watching = await start();
    const good = watching.current();
    writeFileSync(path, withVersion("2.1.0").replace('"kWh"', '"kWhh"'));
    await until(() => watching.lastRefusal() !== null);
    expect(watching.current()).toBe(good);
    expect(watching.status().last_refusal?.reasons).toEqual([
      `${path}/device_types/smart_meter/measurements/energy/unit: active_energy is not measured in "kWhh"; expected one of Wh, kWh, MWh, J, MJ`,
    ]);
    expect(watching.health()[0]).toStartWith(`registry refused, ${good.version} stays: ${path}/device_types`);
    writeFileSync(path, SHIPPED);
    await until(() => watching.lastRefusal() === null);
    expect(watching.current()).toBe(good);
    expect(seen).toEqual([]);
  });

  test("half a file, no file and an unreadable one change nothing but the refusal", async () => {
    const watching = await start();
    const { version } = watching.current();
    writeFileSync(path, SHIPPED.slice(0, SHIPPED.lastIndexOf("\n", SHIPPED.length / 2)));
    await until(() => watching.lastRefusal()?.reasons[0]?.includes("the text ends") ?? false);
    unlinkSync(path);
    await until(() => watching.lastRefusal()?.reasons[0]?.includes("does not exist") ?? false);
    expect(watching.current().version).toBe(version);
    writeFileSync(path, withVersion("2.0.3"));
    await until(() => watching.current().version.startsWith("2.0.3+"));
    expect(watching.lastRefusal()).toBeNull();
    expect(watching.pastRefusal()?.reasons[0]).toContain("does not exist");
  });

  test("a file that is written in many small pieces is loaded once, when it stands still", async () => {
    const watching = await start(500);
    const refusals: string[] = [];
    const text = withVersion("2.0.4");
    const step = Math.ceil(text.length / 20);
    for (let at = step; at < text.length + step; at += step) {
      writeFileSync(path, text.slice(0, at));
      if (watching.lastRefusal() !== null) refusals.push(watching.lastRefusal()?.reasons[0] ?? "");
      await Bun.sleep(20);
    }
    await until(() => watching.current().version.startsWith("2.0.4+"));
    expect(refusals).toEqual([]);
    expect(seen).toHaveLength(1);
  });

  test("a symlink that is pointed at another file is a change", async () => {
    const target = join(folder, "a.json");
    const other = join(folder, "b.json");
    writeFileSync(target, SHIPPED);
    writeFileSync(other, withVersion("2.0.5"));
    unlinkSync(path);
    symlinkSync(target, path);
    const watching = await start();
    const link = join(folder, "link");
    symlinkSync(other, link);
    renameSync(link, path);
    await until(() => watching.current().version.startsWith("2.0.5+"));
  });
});
