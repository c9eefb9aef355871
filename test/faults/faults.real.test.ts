/** Minutes of faults: on the embedded broker as a process, and on Apache Kafka. A failing run prints the line that replays it. */
import { describe, expect, test } from "bun:test";
import { describeWith } from "../real/parts.ts";
import { type Action, actionsOf, ALL_KINDS, ONLY_EMBEDDED } from "./actions.ts";
import { CRASH_POINTS } from "./orders.ts";
import { figures, run, type RunOptions, type RunResult } from "./run.ts";
import { soakLine, testLine } from "./soak-options.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 1);
const MINUTES_5 = 300_000;
/** The largest batch that kafka/consume.ts hands over. */
const BATCH = 1_000;

async function expectNothingWrong(name: string, settings: Omit<RunOptions, "seed">): Promise<RunResult> {
  const options: RunOptions = { ...settings, seed: SEED };
  const { faults, mode, on } = options;
  const result = await run(options);
  const { verdict, kills, met, begun } = result;
  console.log(
    `${on}, ${mode}: ${met} faults of ${begun} begun, ${verdict.raw} messages, ${kills} kills, ${verdict.wireDuplicates} repeats, at most ${verdict.furthestBack} at once; ${figures(result)}`,
  );
  const again = options.actions ? testLine(SEED, "faults.real.test.ts", name) : soakLine(options);
  expect(result.wrong, again).toEqual([]);
  expect(begun, again).toBe(faults);
  // Some wait for what an idle moment does not have; most must happen, or the run says little.
  expect(met, again).toBeGreaterThanOrEqual(Math.ceil(faults / 2));
  return result;
}

/** A test of one run, whose name stands in the line that repeats it. */
function testRun(name: string, settings: Omit<RunOptions, "seed">, more?: (result: RunResult) => void): void {
  const judge = async () => {
    const result = await expectNothingWrong(name, settings);
    more?.(result);
  };
  test(name, judge, MINUTES_5);
}

describe("faults on the embedded broker", () => {
  testRun("28 as they like: nothing is ever wrong", { faults: 28, mode: "safety", on: "embedded" });

  testRun("16 one after the other: after each, all comes through", {
    ...{ faults: 16, mode: "liveness", on: "embedded" },
    quietMs: 500,
  });

  testRun(
    "a death at each point of the loop, early and late: repeats at most what one batch holds",
    {
      ...{ faults: 12, mode: "liveness", on: "embedded" },
      actions: CRASH_POINTS.flatMap((at) =>
        [0, 3].map((after) => ({ kind: "enricher crash", ms: 0, who: after, thenMs: 0, at, after })),
      ),
      sessionMs: 2_000,
      enrichers: 1,
      // Two full batches in each partition: what is committed too rarely goes back further than one.
      waiting: 6_000,
    },
    ({ kills, met, verdict }) => {
      // On a busy machine one or two may come too late to their point.
      expect(met).toBeGreaterThanOrEqual(10);
      expect(kills).toBeGreaterThanOrEqual(met);
      expect(verdict.furthestBack).toBeLessThanOrEqual(BATCH);
      // Whole batches have died; a full one, unless the machine is so busy that the enricher makes them smaller.
      expect(verdict.furthestBack).toBeGreaterThan(100);
    },
  );
});

/** A restart of Apache Kafka takes 6 to 15 s: one in each list, in its middle, and no more by chance. */
function withOneKill(faults: number, quietMs: number): Action[] {
  const kinds = ALL_KINDS.filter(
    (kind) => !ONLY_EMBEDDED.includes(kind) && kind !== "broker kill" && kind !== "broker restart",
  );
  const kill: Action = { kind: "broker kill", ms: 500, who: 0, thenMs: quietMs };
  return actionsOf(SEED, faults - 1, kinds, quietMs).toSpliced(Math.floor(faults / 2), 0, kill);
}

describeWith(["java", "kafka-jars"], "faults on Apache Kafka", () => {
  testRun("10 as they like, the broker killed among them: nothing is ever wrong", {
    ...{ faults: 10, mode: "safety", on: "kafka" },
    actions: withOneKill(10, 1_500),
  });

  testRun("4 one after the other, the broker killed among them: after each, all comes through", {
    ...{ faults: 4, mode: "liveness", on: "kafka" },
    actions: withOneKill(4, 500),
  });
});
