/** A registry of several files: one set, one version, faults with file and place. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "./env.ts";
import { loadRegistry, type RegistryWatch, watchRegistry } from "./registry-file.ts";

const type = (leaf: string) => ({
  name: leaf,
  measurements: { [leaf]: { quantity: "voltage", unit: "V", physical: [0, 9] } },
});
const shape = (id: string, device_type: string, leaf: string) => ({
  ...{ id, device_type, when: [{ path: "/vendor", op: "=", value: id }], device_id: "/id" },
  measurements: { [leaf]: { from: `/${id}` } },
});

let folder = "";
let path = "";
let watch: RegistryWatch | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "registry-set-"));
  path = join(folder, "registry.json");
  mkdirSync(join(folder, "vendors"));
  entry({ include: ["vendors/*.json"] });
  part("b.json", { device_types: { b: type("beta") }, shapes: [shape("beta", "b", "beta")] });
  part("a.json", { shapes: [shape("alpha", "own", "own")] });
});
afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, value: unknown) =>
  writeFileSync(join(folder, name), typeof value === "string" ? value : JSON.stringify(value));
const part = (name: string, value: unknown) => write(`vendors/${name}`, value);
function entry(more: object): void {
  const metadata = { version: "1.0.0" };
  write("registry.json", { metadata, device_types: { own: type("own") }, ...more });
}

async function faults(): Promise<string[]> {
  const error = await loadRegistry(path).catch((thrown) => thrown as unknown);
  if (!(error instanceof ConfigError)) return [];
  return error.faults.map((fault) => fault.replaceAll(`${folder}/`, ""));
}

describe("a set", () => {
  test("is one registry: the entry's types and shapes first, then each file's in the order of the names", async () => {
    const { plan, registry } = await loadRegistry(path);
    expect(plan.types.map(({ key }) => key)).toEqual(["own", "b"]);
    expect(plan.shapes.map(({ id, type: index }) => [id, plan.types[index]?.key])).toEqual([
      ["alpha", "own"],
      ["beta", "b"],
    ]);
    expect(registry.shapes?.map(({ id }) => id)).toEqual(["alpha", "beta"]);
  });

  test("has one version, which each of its files changes, and each name", async () => {
    const versions = new Set([(await loadRegistry(path)).version]);
    part("a.json", { shapes: [shape("alpha", "own", "own"), shape("gamma", "own", "own")] });
    versions.add((await loadRegistry(path)).version);
    part("c.json", {});
    versions.add((await loadRegistry(path)).version);
    unlinkSync(join(folder, "vendors/c.json"));
    part("d.json", {});
    versions.add((await loadRegistry(path)).version);
    entry({ include: ["vendors/*.json"], sites: [] });
    versions.add((await loadRegistry(path)).version);
    expect(versions.size).toBe(5);
    for (const version of versions) expect(version).toMatch(/^1\.0\.0\+[0-9a-f]{8}$/);
  });

  test("has the same version wherever its folder is", async () => {
    const { version } = await loadRegistry(path);
    const other = join(folder, "elsewhere");
    symlinkSync(folder, other);
    expect((await loadRegistry(join(other, "registry.json"))).version).toBe(version);
  });
});

describe("a fault names its file and its place there", () => {
  test("in what is no JSON, or misshapen, of all files together", async () => {
    part("a.json", '{"shapes": [}');
    part("b.json", '{"shapes": ]');
    expect(await faults()).toEqual([
      'vendors/a.json/shapes/0: not JSON at line 1, column 13: found "}"; expected a value',
      'vendors/b.json/shapes: not JSON at line 1, column 12: found "]"; expected a value',
    ]);
    part("a.json", { shapes: [{ id: "x" }] });
    part("b.json", { device_types: {}, metadata: {} });
    expect(await faults()).toEqual([
      'vendors/a.json/shapes/0: "when" is missing; expected an array of at least 1',
      'vendors/a.json/shapes/0: "measurements" is missing; expected an object',
      'vendors/b.json/metadata: unknown key "metadata"; expected one of $schema, device_types, shapes',
    ]);
  });

  test("in what does not compile: a shape of the second file, a type of it, an example", async () => {
    const wrong = { ...shape("beta", "b", "beta"), measurements: { bet: { from: "/beta" } } };
    part("b.json", { device_types: { b: type("beta") }, shapes: [shape("more", "b", "beta"), wrong] });
    expect(await faults()).toEqual([
      expect.stringMatching(/^vendors\/b\.json\/shapes\/1\/measurements\/bet: /),
    ]);
    const reversed = {
      name: "b",
      measurements: { beta: { quantity: "voltage", unit: "V", physical: [9, 0] } },
    };
    part("b.json", { device_types: { b: reversed } });
    expect(await faults()).toEqual([
      expect.stringMatching(/^vendors\/b\.json\/device_types\/b\/measurements\/beta/),
    ]);
    const example = { message: { vendor: "alpha", alpha: 1, id: "d" }, expect: { device_type: "b" } };
    part("b.json", { device_types: { b: type("beta") } });
    part("a.json", { shapes: [{ ...shape("alpha", "own", "own"), examples: [example] }] });
    expect(await faults()).toEqual([expect.stringMatching(/^vendors\/a\.json\/shapes\/0\/examples\/0/)]);
  });

  test("in a type that stands in two files, and in an id of two shapes", async () => {
    part("b.json", { device_types: { own: type("own") } });
    expect(await faults()).toEqual([
      "vendors/b.json/device_types/own: the type stands in registry.json, too; expected it in one file",
    ]);
    part("b.json", { shapes: [shape("alpha", "own", "own")] });
    expect(await faults()).toEqual([expect.stringMatching(/^vendors\/b\.json\/shapes\/0\/id: /)]);
  });

  test("in the list of files: none, one twice, one that leads out of the folder", async () => {
    entry({ include: ["none/*.json", "vendors/a.json", "vendors/*.json", "../x.json", "/etc/x.json"] });
    expect(await faults()).toEqual([
      expect.stringMatching(
        /^registry\.json\/include\/0: "none\/\*\.json" matches no file; expected at least one in /,
      ),
      'registry.json/include/2: "vendors/*.json" names vendors/a.json again; expected each file once',
      expect.stringMatching(/^registry\.json\/include\/3: "\.\.\/x\.json" leads out of the folder/),
      expect.stringMatching(/^registry\.json\/include\/4: "\/etc\/x\.json" leads out of the folder/),
    ]);
    entry({ include: "vendors/*.json" });
    expect(await faults()).toEqual([expect.stringMatching(/^registry\.json\/include: /)]);
  });
});

describe("a watched set", () => {
  async function until(holds: () => boolean): Promise<void> {
    for (const deadline = performance.now() + 3_000; !holds(); await Bun.sleep(5))
      if (performance.now() > deadline) throw new Error("not within 3 s");
  }

  test("is taken when a file of it is saved, comes or goes; a fault in one leaves all as it was", async () => {
    watch = await watchRegistry(path, () => {}, { intervalMs: 20 });
    const { current, lastRefusal } = watch;
    const shapes = () =>
      current()
        .plan.shapes.map(({ id }) => id)
        .join();
    part("c.json", { shapes: [shape("gamma", "own", "own")] });
    await until(() => shapes() === "alpha,beta,gamma");
    part("b.json", { device_types: { b: type("beta") } });
    await until(() => shapes() === "alpha,gamma");
    part("b.json", '{"shapes":');
    await until(() => lastRefusal() !== null);
    expect(lastRefusal()?.reasons[0]).toContain("vendors/b.json");
    expect(shapes()).toBe("alpha,gamma");
    unlinkSync(join(folder, "vendors/b.json"));
    await until(() => lastRefusal() === null);
    expect(current().plan.types.map(({ key }) => key)).toEqual(["own"]);
  });
});
