/** The short way of Connect's host gives what enrich() gives, for every message, whatever came before it. */
import { describe, expect, test } from "bun:test";
import { corpus } from "../corpus.case.ts";
import { planWithShapes } from "../shapes.fixture.ts";
import { createAbsenceFor } from "./absence.ts";
import type { Plan } from "../../judge/plan.ts";
import { GOLDEN } from "../../schemas/examples/examples.case.ts";
import { createFleet, numbered } from "../../simulator/fleet.ts";
import { bytesToText, keyToText } from "../../enrich/bytes-to-text.ts";
import { changed, ENRICH_CASES } from "../../enrich/enrich.case.ts";
import { enrich } from "../../enrich/enrich.fixture.ts";
import type { Source } from "../../enrich/enrich.ts";
import { mutate, seeded } from "../../enrich/mutations.fixture.ts";
import { pinnedPlan } from "../../registry/pinned.fixture.ts";
import { createUsualEnrich, type Enrich } from "./usual.ts";

interface Sample {
  text: string;
  source: Source;
}

const PLAN = pinnedPlan;
const START_MS = Date.UTC(2026, 10, 25);

function sampleOf(value: Buffer | null, key: string | null, timestamp: number): Sample {
  return { text: bytesToText(value), source: { key, timestamp, bytes: value?.length ?? 0 } };
}

/** Messages of all simulated types, for the time of some minutes. */
function simulated(faults: number, count: number): Sample[] {
  const devices = numbered({ breakers: 4, meters: 2, sensors: 2 });
  const fleet = createFleet({ devices, seed: 3, faults }, START_MS);
  const samples: Sample[] = [];
  for (let now = START_MS; samples.length < count; now = fleet.nextMs())
    for (const { message } of fleet.take(now))
      samples.push(sampleOf(Buffer.from(message.value ?? ""), message.key, Math.floor(now)));
  return samples;
}

const withoutType = ({ text, source }: Sample): Sample => {
  const undeclared = text.replace(/"device_type":"[^"]*",/, "");
  return { text: undeclared, source: { ...source, bytes: Buffer.byteLength(undeclared) } };
};

function mutations(count: number): Sample[] {
  const random = seeded(11);
  const fleet = simulated(0, 40);
  const good = [...GOLDEN.map(({ raw }) => raw.toString()), changed({})].concat(
    fleet.map(({ text }) => text),
  );
  return Array.from({ length: count }, () => {
    const bytes = mutate(good, random);
    const text = bytesToText(bytes);
    const own = /"device_id":"([^"]*)"/.exec(text)?.[1] ?? null;
    return sampleOf(bytes, random() < 0.9 ? own : null, START_MS + (random() < 0.8 ? 0 : 900_000));
  });
}

/** The samples of which the two ways say another thing. Two rounds: what the first has met the second knows. */
function differences(samples: readonly Sample[], plan: Plan, short: Enrich): Sample[] {
  const differs = ({ text, source }: Sample, now: number) => {
    const [wanted, found] = [enrich(text, source, plan, now), short(text, source, now)];
    if (wanted.to === "dlq" || found.to === "dlq") return !Bun.deepEquals(wanted, found);
    return wanted.value !== found.value || wanted.verdict.device_id !== found.device_id;
  };
  return [...samples, ...samples].filter((sample, at) => differs(sample, START_MS + at));
}

/** Which of the samples go the short way once each has been met: there nobody asks for the plan's shapes. */
function shortly(samples: readonly Sample[], before: readonly Sample[] = samples): boolean[] {
  let asked = 0;
  const plan = {
    ...PLAN,
    get shapes() {
      asked++;
      return PLAN.shapes;
    },
  };
  const short = createUsualEnrich(plan);
  for (const { text, source } of [...before, ...before]) short(text, source, 0);
  return samples.map(({ text, source }) => {
    asked = 0;
    const result = short(text, source, 0);
    return result.to === "enriched" && asked === 0;
  });
}

const share = (answers: boolean[]) => answers.filter(Boolean).length / answers.length;

describe("the short way", () => {
  test("gives what enrich() gives for the shared cases and the golden messages", () => {
    const samples = ENRICH_CASES.map(({ bytes, key, timestamp }) => sampleOf(bytes, key, timestamp));
    expect(differences(samples, PLAN, createUsualEnrich(PLAN))).toEqual([]);
  });

  test("of a fleet, healthy and not, declared and not", () => {
    for (const faults of [0, 0.2]) {
      const fleet = simulated(faults, 2_000);
      expect(differences([...fleet, ...fleet.map(withoutType)], PLAN, createUsualEnrich(PLAN))).toEqual([]);
    }
  });

  test("of the corpus that both hosts agree on", () => {
    const plan = planWithShapes();
    const samples = [...corpus(8_000, 8)].map(({ key, value, timestamp }) =>
      sampleOf(value, key === null ? null : keyToText(key), timestamp),
    );
    expect(differences(samples, plan, createUsualEnrich(plan))).toEqual([]);
  }, 60_000);

  test("of good messages that were broken", () => {
    const samples = mutations(8_000);
    expect(differences(samples, PLAN, createUsualEnrich(PLAN))).toEqual([]);
    expect(share(shortly(samples))).toBeGreaterThan(0.03);
  }, 60_000);

  test("a mistake in what is written for a type is seen", () => {
    const absenceFor = createAbsenceFor();
    const mistaken = createUsualEnrich(PLAN, (type, nominal) => {
      const absence = absenceFor(type, nominal);
      return (measurements, tell) => Math.max(0, absence(measurements, tell));
    });
    expect(differences(simulated(0.2, 500), PLAN, mistaken)).not.toEqual([]);
  });
});

const healthy = changed({});
const { source } = sampleOf(Buffer.from(healthy), "breaker-001", Date.parse("2025-08-15T22:21:42Z"));
const like = (text: string): Sample => ({ text, source: { ...source, bytes: Buffer.byteLength(text) } });

describe("a message is usual", () => {
  test("of a healthy fleet nearly always, and mostly where a fifth is faulty", () => {
    const fleet = simulated(0, 2_000);
    expect(share(shortly(fleet))).toBeGreaterThan(0.9);
    expect(share(shortly(fleet.map(withoutType)))).toBeGreaterThan(0.9);
    expect(share(shortly(simulated(0.2, 2_000)))).toBeGreaterThan(0.5);
  });

  test("also with other values than the one before it, and for another device", () => {
    const other = healthy.replaceAll("118.25", "119.5").replace("breaker-001", "breaker-002");
    const sample = like(other);
    sample.source.key = "breaker-002";
    expect(shortly([sample], [like(healthy)])).toEqual([true]);
  });

  test("also with a check that fails by another number than in the one before it", () => {
    const [before, after] = [9400, 9500.25].map((reactive) =>
      like(healthy.replace('"reactive":6400', `"reactive":${reactive}`)),
    );
    if (before === undefined || after === undefined) throw new Error("two samples");
    expect(shortly([after], [before])).toEqual([true]);
    expect(differences([before, after], PLAN, createUsualEnrich(PLAN))).toEqual([]);
  });

  const CHANGES: Record<string, (text: string) => string> = {
    "without some leaves": (text) => text.replace(',"factor":0.9487', ""),
    "without a group": (text) => text.replace(/"frequency":\{[^}]*\},/, ""),
    "with a bare value": (text) => text.replace(/"frequency":\{"value":([0-9.]+)\}/, '"frequency":$1'),
    "with members that nobody knows": (text) =>
      text.replace("{", '{"firmware":"1.2","floor":-1,"test":true,'),
    "with a comma in a text": (text) => text.replace("{", '{"manufacturer":"Lamps, Inc.",'),
    "with spaces": (text) => JSON.stringify(JSON.parse(text), null, 2),
    "with another order": (text) => text.replace(/^\{("[^,]*),(.*)\}$/, "{$2,$1}"),
    "with a value out of its range": (text) => text.replace('"phase_a":', '"phase_a":99'),
    "with a bare value out of its range": (text) => text.replace(/"frequency":\{[^}]*\}/, '"frequency":70'),
    "with a check that fails": (text) => text.replace('"reactive":6400', '"reactive":9400'),
    "with a check that fails and a value out of its range": (text) =>
      text.replace('"reactive":6400', '"reactive":9400').replace('"phase_a":', '"phase_a":99'),
    "with null": (text) => text.replace(/"active":[0-9.]+/, '"active":null'),
    "without a zone": (text) => text.replace("000Z", "000"),
    "with a late time": (text) => text.replace("T22", "T21"),
    "with a time ahead": (text) => text.replace("T22", "T23"),
  };
  for (const [name, change] of Object.entries(CHANGES))
    test(name, () => {
      const text = change(healthy);
      expect(text).not.toBe(healthy);
      expect(shortly([like(text)])).toEqual([true]);
      expect(differences([like(text)], PLAN, createUsualEnrich(PLAN))).toEqual([]);
    });
});

describe("a message is not usual", () => {
  const CHANGES: Record<string, (text: string) => string> = {
    "with a member that nobody knows and that holds others": (text) => text.replace("{", '{"more":{"a":1},'),
    "with a member that nobody knows, twice": (text) => text.replace("{", '{"more":1,"more":1,'),
    "with a member that stands twice": (text) => text.replace("{", '{"event_type":"telemetry",'),
    "with a leaf that stands twice": (text) => text.replace('"phase_a":', '"phase_a":1,"phase_a":'),
    "with a group that stands twice": (text) =>
      text.replace('"voltage":', '"voltage":{"phase_a":1},"voltage":'),
    "with a leaf that nobody knows": (text) => text.replace('"phase_a":', '"phase_x":1,"phase_a":'),
    "with a group that nobody knows": (text) => text.replace('"voltage":', '"x":{"y":1},"voltage":'),
    "with a unit": (text) => text.replace('"phase_a":', '"unit":"kV","phase_a":'),
    "with a list for a group": (text) => text.replace(/"frequency":\{[^}]*\}/, '"frequency":[60]'),
    "with an empty group": (text) => text.replace(/"frequency":\{[^}]*\}/, '"frequency":{}'),
    "with an event of its own shape": (text) => text.replace('"telemetry"', '{"a":{"a":{"a":1}}}'),
    "with a number beyond a double": (text) => text.replace("{", '{"sequence":1e400,'),
    "with a member that the enrichment appends": (text) => text.replace("{", '{"normalized":1,'),
    "with another id than its key": (text) => text.replace("breaker-001", "breaker-002"),
    "with an id that holds a control character": (text) => text.replace("breaker-001", "breaker-\u007f"),
    "with an escape": (text) => text.replace("breaker-001", "breaker-\\u0030\\u0030\\u0031"),
    "with a value that is no number": (text) => text.replace(/"phase_a":[0-9.]+/, '"phase_a":"120"'),
    "with a time that is none": (text) => text.replace("T22", " 22"),
  };
  for (const [name, change] of Object.entries(CHANGES))
    test(name, () => {
      const text = change(healthy);
      expect(text).not.toBe(healthy);
      expect(shortly([like(text)], [like(healthy), like(text)])).toEqual([false]);
      const short = createUsualEnrich(PLAN);
      for (let time = 0; time < 3; time++) short(healthy, source, 0);
      expect(differences([like(text)], PLAN, short)).toEqual([]);
    });
});
