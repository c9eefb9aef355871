/** What is written for a type says what the loops of values.ts and checks.ts say, wherever it says anything. */
import { describe, expect, test } from "bun:test";
import type { Finding } from "../../schemas/enriched.ts";
import { seeded } from "../../enrich/mutations.fixture.ts";
import { type Absence, COUNT, createAbsenceFor, saidOf, UNUSUAL, withCheck } from "./absence.ts";
import { judgeChecks } from "../../judge/checks.ts";
import { contradiction } from "../../judge/detect.ts";
import type { Nominal, PlanType } from "../../judge/plan.ts";
import { createQuietRows, nominalBounds } from "../../judge/quiet.ts";
import { groupsOf, sampleMessage, pinnedPlan } from "../../registry/pinned.fixture.ts";
import { judgeValues, type Values } from "../../judge/values.ts";

const random = seeded(26);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

interface Said {
  there: number;
  findings: Finding[];
  against: string | undefined;
}

const rowsOf = createQuietRows();
const absenceFor = createAbsenceFor();

/** All that the loops say. */
function said(measurements: Values, type: PlanType, nominal: Nominal | undefined): Said {
  const findings: Finding[] = [];
  const look = { type, nominal, places: undefined, partial: false, findings };
  const there = judgeValues(measurements, look, rowsOf(type, nominal));
  judgeChecks(measurements, type, undefined, findings);
  return { there, findings, against: contradiction(type, measurements, false) };
}

/** Mostly quiet values, some at and beside the bounds, some that are no numbers; some leaves and groups are absent. */
function someMeasurements(type: PlanType, nominal: Nominal | undefined): Values {
  const rows = rowsOf(type, nominal);
  const strange = random() < 0.5 ? 0 : random() * 0.2;
  const absent = random() < 0.5 ? 0 : random();
  const measurements: Values = {};
  const value = (index: number): unknown => {
    const [row, leaf] = [rows[index], type.leaves[index]];
    if (row === undefined || leaf === undefined) throw new Error("no such leaf");
    const { min, max } = nominalBounds(leaf, nominal);
    if (random() >= strange) {
      const low = Math.max(row.min, -1e6);
      const inside = low + random() * (Math.min(row.max, 1e6) - low);
      return row.among === null ? (row.whole ? Math.round(inside) : inside) : pick(row.among);
    }
    const bounds = [row.min, row.max, min, max, leaf.physical_min, leaf.physical_max, leaf.operating_max, 0];
    const bound = pick(bounds);
    return pick([
      bound,
      -bound,
      bound + 1,
      bound - 0.5,
      -0,
      "1",
      "x",
      true,
      null,
      [1],
      { value: 1 },
      2 ** 60,
    ]);
  };
  for (const { name, kind, first, count } of type.groups) {
    if (random() < absent / 2) continue;
    if (random() < strange / 4) measurements[name] = pick([null, 1, "x", [], [1, 2, 3], {}, true]);
    else if (kind === "value" && random() < 0.3) measurements[name] = value(first);
    else {
      const group: Values = {};
      for (let index = first; index < first + count; index++)
        if (random() >= absent) group[rows[index]?.name ?? ""] = value(index);
      if (Object.keys(group).length > 0 || random() < strange) measurements[name] = group;
    }
  }
  return measurements;
}

/** The answer, and what it told of values that are not quiet. */
function found(
  absence: Absence,
  measurements: Values,
  type: PlanType,
  nominal: Nominal | undefined,
): { sum: number; told: string } {
  let told = "";
  const sum = absence(measurements, (leaf, value, isBare) => {
    const words = saidOf(value, leaf, type, nominal);
    told += ` ${leaf}${isBare ? " bare" : ""}: ${words}`;
    return words !== undefined;
  });
  return { sum, told };
}

const refuse = () => false;

describe("what is written for a type", () => {
  test("the same answer stands for the same findings of the loops; what checks say comes last", () => {
    const times = { sure: 0, told: 0, checked: 0, usual: 0 };
    for (const type of pinnedPlan.types)
      for (const nominal of [undefined, ...type.nominals]) {
        const absence = absenceFor(type, nominal);
        const saidBefore = new Map<string, Said>();
        for (let round = 0; round < 1_200; round++) {
          const measurements = someMeasurements(type, nominal);
          const loops = said(measurements, type, nominal);
          const { sum, told } = found(absence, measurements, type, nominal);
          const absent = sum < UNUSUAL ? withCheck(sum) : sum;
          if (loops.findings.every(({ code }) => code.startsWith("missing")) && !loops.against) times.usual++;
          // An empty group or a list shows in the commas of the text (usual.ts).
          const commas = type.leaves.length - (absent % COUNT) - 1;
          if (sum === UNUSUAL || JSON.stringify(measurements).split(",").length - 1 !== commas) continue;
          const checks = loops.findings.filter(({ code }) => code.startsWith("check."));
          const findings = loops.findings.filter((finding) => !checks.includes(finding));
          times[checks.length > 0 ? "checked" : told === "" ? "sure" : "told"]++;
          if (checks.length > 0) expect(sum).toBeLessThan(UNUSUAL);
          expect(loops.findings).toEqual([...findings, ...checks]);
          const key = `${absent}${told} ${checks.length > 0}`;
          const wanted = saidBefore.get(key) ?? { ...loops, findings };
          saidBefore.set(key, wanted);
          expect({ measurements, ...loops, findings }).toEqual({
            measurements,
            ...wanted,
            against: undefined,
          });
          if (told === "") expect(findings.filter(({ code }) => !code.startsWith("missing"))).toEqual([]);
        }
      }
    // It need not be sure of each, but of most.
    expect(times.sure).toBeGreaterThan(0.9 * times.usual);
    expect(times.told).toBeGreaterThan(2_000);
    expect(times.checked).toBeGreaterThan(200);
  }, 20_000);

  test("is never sure of a type with more leaves than bits, or with a leaf named as what each list has", () => {
    const [type] = pinnedPlan.types;
    const [leaf] = type?.leaves ?? [];
    if (type === undefined || leaf === undefined) throw new Error("no type");
    const many = { ...type, leaves: Array.from({ length: 48 }, () => leaf) };
    const length = { ...type, leaves: [...type.leaves.slice(1), { ...leaf, name: "length" }] };
    for (const one of [many, length]) expect(absenceFor(one, undefined)(goodValues(), refuse)).toBe(UNUSUAL);
    expect(absenceFor({ ...type }, type.nominals[0])(goodValues(), refuse)).not.toBe(UNUSUAL);
  });

  test("takes a name for a name, whatever it says", () => {
    const name = '"]);globalThis.hacked=1;//\u2028`\\';
    const type = renamed(name);
    expect(absenceFor(type, undefined)({ [name]: 1 }, refuse)).toBe(0);
    expect(absenceFor(type, undefined)({ other: 1 }, refuse)).toBe(COUNT + 1);
    expect("hacked" in globalThis).toBe(false);
  });

  test("is sure of nothing where an engine makes no code of a text", () => {
    const { Function: real } = globalThis;
    try {
      globalThis.Function = (() => {
        throw new EvalError("refused");
      }) as unknown as FunctionConstructor;
      expect(absenceFor(renamed("a"), undefined)({ a: 1 }, refuse)).toBe(UNUSUAL);
    } finally {
      globalThis.Function = real;
    }
    expect(absenceFor(renamed("a"), undefined)({ a: 1 }, refuse)).toBe(0);
  });
});

/** A type of one measurement. */
function renamed(name: string): PlanType {
  const type = pinnedPlan.types.find(({ groups }) => groups[0]?.kind === "value");
  const [group, leaf] = [type?.groups[0], type?.leaves[0]];
  if (type === undefined || group === undefined || leaf === undefined) throw new Error("no such type");
  return {
    ...type,
    groups: [{ ...group, name, count: 1 }],
    leaves: [{ ...leaf, group: name, name: "value", nominal_max: 0 }],
    detect: { ...type.detect, requires: [] },
    checks: [],
  };
}

const goodValues = () => groupsOf(sampleMessage());
