/** The two files that Connect loads: small, plain, of one build; and what they do with a message, without the engine. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changed, ENRICH_CASES } from "../enrich/enrich.case.ts";
import { enrich } from "../enrich/enrich.fixture.ts";
import { brokenRules } from "./transform/es2022.case.ts";
import { create, type Host, pack, type PlanFile, type Transform, unpack } from "./transform/transform.ts";
import { bytesToText } from "../enrich/bytes-to-text.ts";
import { PLAN } from "../test/pinned-plan.fixture.ts";
import { BUNDLE_FILE, BUNDLE_LIMIT, buildBundle, buildTransform, PLAN_FILE, planText } from "./build.ts";

/** Asked for nothing: the files are looked at first. */
const NO_HOST = {} as Host;
const NOW = Date.parse("2026-11-25T12:00:00.000Z");

let folder = "";
let bundle = { id: "", text: "" };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "iot-bundle-"));
  bundle = await buildBundle();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("enrich.cjs", () => {
  test(`is at most ${BUNDLE_LIMIT} bytes, without TypeBox`, () => {
    expect(bundle.text.length).toBeLessThanOrEqual(BUNDLE_LIMIT);
    expect(bundle.text).not.toMatch(/typebox/i);
  });

  test("uses nothing that the engine lacks", () => {
    expect(brokenRules(bundle.text).map(({ name, why }) => `${name}: ${why}`)).toEqual([]);
  });

  test("is the same when it is built again, and names its build", async () => {
    expect(await buildBundle()).toEqual(bundle);
    expect(bundle.text).toContain(bundle.id);
  });
});

describe("plan.json", () => {
  test("is ASCII, and the plan as it is", () => {
    const name = "Wärmepumpe 🌡️ \u{1f9ff}\u2028\u007f";
    const text = planText({ ...PLAN, version: name }, "id");
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    const { plan }: PlanFile = JSON.parse(text);
    expect(JSON.stringify(unpack(plan))).toBe(JSON.stringify({ ...PLAN, version: name }));
  });
});

describe("bun run transform", () => {
  const run = (registry: string) =>
    Bun.spawnSync([process.execPath, join(import.meta.dir, "build.ts"), "--out", folder], {
      env: { PATH: Bun.env.PATH, REGISTRY: registry },
    });

  test("writes both files, of one build", async () => {
    expect(run("test/registry/device-registry.json").exitCode).toBe(0);
    expect(readFileSync(join(folder, BUNDLE_FILE), "utf8")).toBe(bundle.text);
    expect(JSON.parse(readFileSync(join(folder, PLAN_FILE), "utf8"))).toEqual({
      bundle: bundle.id,
      plan: pack(PLAN),
    });
  });

  test("says every fault of a faulty registry, and leaves the files as they were", async () => {
    await buildTransform({ ...PLAN, version: "before" }, folder);
    const faulty = join(folder, "faulty.json");
    writeFileSync(faulty, '{"metadata":{},"device_types":{}}');
    const { exitCode, stderr } = run(faulty);
    expect([exitCode, String(stderr)]).toEqual([1, expect.stringContaining("/metadata")]);
    expect(readFileSync(join(folder, PLAN_FILE), "utf8")).toContain('"version":"before"');
    expect(existsSync(join(folder, `${PLAN_FILE}.new`))).toBe(false);
  });
});

describe("the transform", () => {
  const file = { bundle: "id", plan: pack(PLAN) };

  /** One message in hand, as connect/pipeline.yaml hands it over. */
  function hand(bytes: Buffer, record: string, used: PlanFile = file) {
    const metadata: Record<string, string> = { record };
    let value: Buffer = bytes;
    let reads = 0;
    /** What changes the message, in order. */
    const writes: string[] = [];
    const host: Host = {
      v0_msg_as_string: () => {
        reads++;
        return bytesToText(bytes);
      },
      v0_msg_set_string: (text) => {
        writes.push("text");
        value = Buffer.from(text);
      },
      v0_msg_get_meta: (name) => metadata[name] ?? "",
      v0_msg_set_meta: (name, text) => {
        writes.push(name);
        metadata[name] = text;
      },
    };
    const use = (what: (transform: Transform) => void) => {
      what(create(used, host, "id"));
      const { record: _, ...rest } = metadata;
      return { metadata: rest, value, reads, writes };
    };
    return use;
  }

  test("gives what enrich() gives, for every shared case", () => {
    for (const { name, bytes, key, timestamp } of ENRICH_CASES) {
      const raw = bytes ?? Buffer.alloc(0);
      const found = hand(
        raw,
        `${raw.length} ${timestamp} ${NOW} ${key ?? ""}`,
      )((transform) => transform.run());
      const result = enrich(bytesToText(raw), { key: key || null, timestamp, bytes: raw.length }, PLAN, NOW);
      const registry = { "iot.registry": PLAN.version };
      const id = result.to === "enriched" ? result.verdict.device_id : "";
      const sameKey = id === key && !id.includes("\ufffd");
      const wanted =
        result.to === "enriched"
          ? { ...registry, ...(sameKey ? {} : { key: id }), to: "enriched" }
          : {
              ...registry,
              "iot.reason": result.reason,
              "iot.path": result.path,
              "iot.message": result.message,
              to: "raw.dlq",
            };
      expect([name, found.metadata]).toEqual([name, wanted]);
      expect([name, found.value.toString()]).toEqual([
        name,
        result.to === "enriched" ? result.value : raw.toString(),
      ]);
    }
  });

  test("does not read a message that is too large", () => {
    const { metadata, reads } = hand(
      Buffer.alloc(70_000),
      `70000 ${NOW} ${NOW} d`,
    )((transform) => transform.run());
    expect([metadata["iot.reason"], reads]).toEqual(["too_large", 0]);
  });

  test("takes a key with blanks whole", () => {
    const { metadata } = hand(
      Buffer.from('{"device_id":" a  b "}'),
      `22 ${NOW} ${NOW}  a  b `,
    )((transform) => transform.run());
    expect(metadata).toEqual({ "iot.registry": PLAN.version, to: "enriched" });
  });

  test("without a place, or after a bug, it is a dead letter, internal, its bytes untouched", () => {
    const bytes = Buffer.from('{"device_id":"d"}');
    const hidden = hand(bytes, "")((transform) => transform.run());
    const crashed = hand(bytes, `17 ${NOW} ${NOW} d`)((transform) => transform.crashed());
    for (const { metadata, value } of [hidden, crashed]) {
      expect(metadata).toMatchObject({ to: "raw.dlq", "iot.reason": "internal", "iot.path": "" });
      expect(value).toBe(bytes);
    }
    expect(hidden.metadata["iot.message"]).toContain("kafka_offset");
  });

  test("writes the new text once, behind all metadata: what fails before leaves the raw bytes; a dead letter's never", () => {
    for (const { bytes, key, timestamp } of ENRICH_CASES) {
      const raw = bytes ?? Buffer.alloc(0);
      const record = `${raw.length} ${timestamp} ${NOW} ${key ?? ""}`;
      const { metadata, writes } = hand(raw, record)((transform) => transform.run());
      const texts = writes.flatMap((name, at) => (name === "text" ? [at] : []));
      expect(texts).toEqual(metadata.to === "enriched" ? [writes.length - 1] : []);
    }
  });

  test("throws what is a bug, without a trace in the message: the pipeline's net logs it", () => {
    const broken = { ...file, plan: { ...file.plan, types: file.plan.types.map(() => "null") } };
    const bytes = Buffer.from(changed({}));
    const used = hand(bytes, `${bytes.length} ${NOW} ${NOW} breaker-001`, broken);
    const left = used((transform) => expect(() => transform.run()).toThrow(TypeError));
    expect({ writes: left.writes, value: left.value }).toEqual({ writes: [], value: bytes });
  });

  test("is not made of a bundle and a plan of different builds", () => {
    expect(() => create({ ...file, bundle: "older" }, NO_HOST, "id")).toThrow("bun run transform");
    expect(() => create({ ...file, plan: { ...pack(PLAN), format: -1 } }, NO_HOST, "id")).toThrow(
      "bun run transform",
    );
  });
});
