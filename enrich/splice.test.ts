/** What splice.ts keeps ready must never leak from one registry, type or message into another. */
import { expect, test } from "bun:test";
import { CASE_TIME, changed } from "./enrich.case.ts";
import { enrich } from "./enrich.fixture.ts";
import { GOLDEN, GOLDEN_NOW } from "../schemas/examples/examples.case.ts";
import { mutate, seeded } from "./mutations.fixture.ts";
import type { RegistryMeasurement } from "../schemas/registry.ts";
import { planOf, pinnedPlan, pinnedRegistry } from "../registry/pinned.fixture.ts";

const plan = pinnedPlan;

function enriched(text: string, by = plan, now = CASE_TIME) {
  const source = { key: "breaker-001", timestamp: CASE_TIME, bytes: Buffer.byteLength(text) };
  const result = enrich(text, source, by, now);
  if (result.to === "dlq") throw new Error(`${result.reason}: ${result.message}`);
  return JSON.parse(result.value);
}

test("two registries in turns: each says its own version, even with the same types", () => {
  const other = { ...plan, version: "3.0.0+ffffffff" };
  for (const by of [plan, other, plan, other]) {
    expect(enriched(changed({}), by).enrichment_info.registry_version).toBe(by.version);
  }
});

test("two registries in turns: the same finding at the same path says what each expects", () => {
  const registry = pinnedRegistry();
  const breaker = registry.device_types.smart_breaker;
  if (breaker) {
    breaker.examples = undefined;
    breaker.measurements.temperature = { quantity: "temperature", unit: "degC", operating: [20, 50] };
  }
  const narrow = planOf(registry);
  const text = changed({ "/measurements/temperature": { value: 95 } });
  for (const [by, expected] of [
    [plan, "20..80 degC"],
    [narrow, "20..50 degC"],
    [plan, "20..80 degC"],
  ] as const)
    expect(enriched(text, by).data_quality.findings).toMatchObject([{ code: "range.operating", expected }]);
});

test("with and without a maker in turns: the maker stands only where the message names it", () => {
  const named = changed({ "/manufacturer": "ElectroCorp", "/model": "SB-3000" });
  for (const text of [changed({}), named, changed({}), named]) {
    const { manufacturer, model } = enriched(text).device_metadata;
    expect({ manufacturer, model }).toEqual(
      text === named
        ? { manufacturer: "ElectroCorp", model: "SB-3000" }
        : { manufacturer: undefined, model: undefined },
    );
  }
});

test("all verdicts of quality in turns are told apart", () => {
  const cases: [Record<string, unknown>, object][] = [
    [{}, { grade: "GOOD", completeness: 100, timestamp_valid: true, enrichment_success: true }],
    [
      { "/timestamp": undefined },
      { grade: "UNCERTAIN", completeness: 100, timestamp_valid: false, enrichment_success: true },
    ],
    [
      { "/measurements/status": undefined },
      { grade: "BAD", completeness: 87, timestamp_valid: true, measurements_complete: false },
    ],
    [{ "/device_type": "none" }, { grade: "UNCERTAIN", completeness: 0, enrichment_success: false }],
  ];
  for (const [changes, quality] of [...cases, ...cases])
    expect(enriched(changed(changes)).data_quality).toMatchObject(quality);
});

test("enriched_at is now, in each of three milliseconds", () => {
  for (const now of [CASE_TIME, CASE_TIME + 1, CASE_TIME])
    expect(enriched(changed({}), plan, now).enrichment_info.enriched_at).toBe(new Date(now).toISOString());
});

test("white space behind the last brace is cut, in front of the first it stays", () => {
  const text = ` \n${changed({})} \n\t`;
  const source = { key: "breaker-001", timestamp: CASE_TIME, bytes: text.length };
  const result = enrich(text, source, plan, CASE_TIME);
  expect(result.to === "enriched" && result.value).toStartWith(
    ` \n${changed({}).slice(0, -1)},"device_metadata":{`,
  );
  expect(result.to === "enriched" && result.value).toEndWith('"findings":[]}}');
});

test("the producer's numbers, order and unknown fields stay byte for byte", () => {
  const odd =
    '"z":1.0,"a":-0.00,"big":123456789012345678901234567890,"e":1E+2,"s":"\\u0041\\/","__proto__":{"x":1e0}';
  const text = `{${odd},${changed({}).slice(1)}`;
  const source = { key: "breaker-001", timestamp: CASE_TIME, bytes: text.length };
  const result = enrich(text, source, plan, CASE_TIME);
  expect(result.to === "enriched" && result.value).toStartWith(`{${odd},`);
});

test("what is kept of the messages before never shows: 5,000 mutations, each also with a plan that has seen none", () => {
  const good = [...GOLDEN.map(({ raw }) => raw.toString()), changed({})];
  const seed = Date.now() % 4_294_967_296;
  const random = seeded(seed);
  for (let index = 0; index < 5_000; index++) {
    const text = mutate(good, random).toString();
    const source = { key: null, timestamp: GOLDEN_NOW, bytes: Buffer.byteLength(text) };
    const fresh = { ...plan, types: plan.types.map((type) => ({ ...type })) };
    const [one, other] = [plan, fresh].map((by) => {
      const result = enrich(text, source, by, GOLDEN_NOW);
      return result.to === "dlq" ? result.message : result.value;
    });
    if (one !== other) throw new Error(`seed ${seed}, mutation ${index}: ${text}`);
  }
}, 30_000);

test("more kinds of findings than are kept", () => {
  const registry = pinnedRegistry();
  const measurements: Record<string, RegistryMeasurement> = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [
      `m${at}`,
      { quantity: "temperature", unit: "degC", required: false },
    ]),
  );
  registry.device_types = { many: { name: "Many", category: "test", measurements } };
  registry.shapes = [];
  const many = planOf(registry);
  for (let index = 0; index < 3_000; index++) {
    const sent = Object.fromEntries([
      [`m${index % 60}`, 1],
      [`m${Math.floor(index / 60)}`, 1],
    ]);
    const message = {
      device_id: "breaker-001",
      device_type: "many",
      timestamp: "2025-08-15T22:21:42Z",
      measurements: sent,
    };
    const text = JSON.stringify(message);
    const { data_quality } = enriched(text, many);
    const missing = data_quality.findings.filter(({ code }: { code: string }) => code === "missing.optional");
    expect(missing.length).toBe(60 - Object.keys(sent).length);
  }
});
