import { describe, expect, test } from "bun:test";
import { actionsOf, ALL_KINDS, everyKindOf, KINDS_ON, lineOf } from "./actions.ts";
import { CRASH_POINTS } from "./orders.ts";
import { run } from "./run.ts";
import { testLine } from "./soak-options.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 1);
/** Each has a list of its own, that no soak runs. */
const again = (name: string) => testLine(SEED, "faults.test.ts", name);

describe("a list of faults", () => {
  test("is the same for the same seed, another one for another", () => {
    expect(actionsOf(7, 50)).toEqual(actionsOf(7, 50));
    expect(actionsOf(7, 50)).not.toEqual(actionsOf(8, 50));
  });

  test("that is to hold every kind holds each before chance begins, in another order for another seed", () => {
    const kindsOf = (seed: number) => everyKindOf(seed, ALL_KINDS.length, ALL_KINDS).map(({ kind }) => kind);
    expect(kindsOf(7).toSorted()).toEqual(ALL_KINDS.toSorted());
    expect(kindsOf(7)).not.toEqual(kindsOf(8));
    const frozen = everyKindOf(7, 40, ALL_KINDS).filter(({ kind }) => kind === "enricher freeze");
    expect(frozen[0]?.ms).toBeGreaterThan(6_000);
    expect(everyKindOf(7, 40, ALL_KINDS)).toEqual(everyKindOf(7, 40, ALL_KINDS));
  });

  test("holds every kind, every crash point, and can be read", () => {
    const actions = actionsOf(1, 2_000);
    expect(new Set(actions.map(({ kind }) => kind))).toEqual(new Set(ALL_KINDS));
    expect(new Set(actions.flatMap(({ at }) => at ?? []))).toEqual(new Set(CRASH_POINTS));
    expect(lineOf({ kind: "enricher crash", ms: 200, who: 3, thenMs: 0, at: "mid-produce", after: 2 })).toBe(
      "enricher crash (3) mid-produce 2 200 ms",
    );
  });
});

describe("faults, a short run", () => {
  test("as they like: nothing is wrong in the middle of them, and all arrives after", async () => {
    const kinds = KINDS_ON.embedded.filter((kind) => kind !== "half-open" && kind !== "enricher freeze");
    const actions = actionsOf(SEED, 8, kinds, 300);
    const result = await run({
      seed: SEED,
      faults: 8,
      mode: "safety",
      on: "embedded",
      actions,
      sessionMs: 1_500,
    });
    expect(result.wrong, again("as they like")).toEqual([]);
    expect(result.begun).toBe(8);
    expect(result.met, again("as they like")).toBeGreaterThanOrEqual(4);
    expect(result.verdict.raw).toBeGreaterThan(100);
  });

  test("a fault whose API nobody calls is called off, and does not count", async () => {
    const lines: string[] = [];
    const trap = { kind: "cut after" as const, ms: 0, who: 0, thenMs: 0 };
    const result = await run({
      ...{ seed: SEED, faults: 2, mode: "liveness", on: "embedded" },
      actions: [
        { ...trap, api: "LeaveGroup" },
        { ...trap, api: "Produce" },
      ],
      onFault: (line) => void lines.push(line),
    });
    expect(result.wrong, again("a fault whose API")).toEqual([]);
    expect([result.begun, result.met, result.recoveries.length]).toEqual([2, 1, 1]);
    expect(lines).toEqual([
      expect.stringMatching(/^1\/2 cut after LeaveGroup: not met, called off: through after/),
      expect.stringMatching(/^2\/2 cut after Produce: through after/),
    ]);
  }, 60_000);

  test("a death between the acknowledgement and the commit costs nothing: what was written is not written again", async () => {
    const actions = (["mid-produce", "before commit"] as const).map((at) => ({
      ...{ kind: "enricher crash" as const, ms: 0, who: 0, thenMs: 0, after: 0 },
      at,
    }));
    const result = await run({
      seed: SEED,
      faults: 2,
      mode: "liveness",
      on: "embedded",
      actions,
      sessionMs: 1_500,
    });
    expect(result.wrong, again("a death between")).toEqual([]);
    expect(result.kills).toBe(2);
    expect(result.verdict.wireDuplicates).toBe(0);
  });
});
