/** Minutes of faults: on the embedded broker as a process, and on Apache Kafka. A failing run prints the line that replays it. */
import { describe, expect, test } from "bun:test";
import { describeWith } from "../real/parts.fixture.ts";
import { type Action, everyKindOf, KINDS_ON } from "./actions.ts";
import { CRASH_POINTS } from "./orders.ts";
import { figures, run, type RunOptions, type RunResult } from "./run.ts";
import { testLine } from "./soak-options.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 1);
const MINUTES_5 = 300_000;
/** Some wait for what an idle moment does not have; so many must happen over all runs, or they say little. */
const MET_AT_LEAST = { embedded: 40, kafka: 10 };
const metOn = { embedded: 0, kafka: 0 };

type Settings = Omit<RunOptions, "faults"> & { actions: Action[] };

async function expectNothingWrong(name: string, settings: Settings): Promise<RunResult> {
  const { actions, mode, on } = settings;
  const result = await run({ ...settings, faults: actions.length });
  const { verdict, kills, met, begun } = result;
  metOn[on] += met;
  console.log(
    `${on}, ${mode}: ${met} faults of ${begun} begun, ${verdict.raw} messages, ${kills} kills, ${verdict.wireDuplicates} repeats, at most ${verdict.furthestBack} at once; ${figures(result)}`,
  );
  const again = testLine(SEED, "faults.real.test.ts", name);
  expect(result.wrong, again).toEqual([]);
  expect(begun, again).toBe(actions.length);
  return result;
}

/** A test of one run, whose name stands in the line that repeats it. */
function testRun(name: string, settings: Settings, more?: (result: RunResult) => void): void {
  const judge = async () => {
    const result = await expectNothingWrong(name, settings);
    more?.(result);
  };
  test(name, judge, MINUTES_5);
}

function testEnough(on: RunOptions["on"]): void {
  test(`${MET_AT_LEAST[on]} faults and more have happened`, () => {
    expect(metOn[on]).toBeGreaterThanOrEqual(MET_AT_LEAST[on]);
  });
}

describe("faults on the embedded broker", () => {
  testRun("every kind and 5 more as they like: nothing is ever wrong", {
    ...{ seed: SEED, mode: "safety", on: "embedded" },
    actions: everyKindOf(SEED, KINDS_ON.embedded.length + 5, KINDS_ON.embedded),
  });

  testRun("every kind, one after the other: after each, all comes through", {
    ...{ seed: SEED + 1, mode: "liveness", on: "embedded" },
    actions: everyKindOf(SEED + 1, KINDS_ON.embedded.length, KINDS_ON.embedded, 500),
  });

  testRun(
    "a death at each point of the loop, early and late: what was written is not written again",
    {
      ...{ seed: SEED + 2, mode: "liveness", on: "embedded" },
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
      expect(verdict.wireDuplicates).toBe(0);
    },
  );

  testEnough("embedded");
});

const KINDS_ON_KAFKA = KINDS_ON.kafka.filter((kind) => kind !== "broker kill" && kind !== "broker restart");

/** A restart of Apache Kafka takes 6 to 15 s: one in each list, in its middle, and no more by chance. */
function withOneKill(seed: number, faults: number, quietMs: number): Action[] {
  const kill: Action = { kind: "broker kill", ms: 500, who: 0, thenMs: quietMs };
  return everyKindOf(seed, faults - 1, KINDS_ON_KAFKA, quietMs).toSpliced(Math.floor(faults / 2), 0, kill);
}

describeWith(["java", "kafka-jars"], "faults on Apache Kafka", () => {
  testRun("every kind as they like, the broker killed among them: nothing is ever wrong", {
    ...{ seed: SEED + 3, mode: "safety", on: "kafka" },
    actions: withOneKill(SEED + 3, KINDS_ON_KAFKA.length + 1, 1_500),
  });

  testRun("4 one after the other, the broker killed among them: after each, all comes through", {
    ...{ seed: SEED + 4, mode: "liveness", on: "kafka" },
    actions: withOneKill(SEED + 4, 4, 500),
  });

  testEnough("kafka");
});
