/** Minutes of faults: on the embedded broker as a process, and on Apache Kafka. A failing run prints the line that replays it. */
import { describe, expect, test } from "bun:test";
import { describeWith } from "../real/parts.ts";
import { type Action, actionsOf, ALL_KINDS, ONLY_EMBEDDED } from "./actions.ts";
import { CRASH_POINTS } from "./orders.ts";
import { figures, run, type RunOptions, type RunResult } from "./run.ts";

const SEED = Number(Bun.env.FAULT_SEED ?? 1);
const MINUTES_5 = 300_000;
/** The largest batch that kafka/consume.ts hands over. */
const BATCH = 1_000;

async function expectNothingWrong(options: Omit<RunOptions, "seed"> & { seed?: number }): Promise<RunResult> {
  const { seed = SEED, faults, mode, on } = options;
  const result = await run({ ...options, seed });
  const { verdict, kills } = result;
  console.log(
    `${on}, ${mode}: ${result.faults} faults, ${verdict.raw} messages, ${kills} kills, ${verdict.wireDuplicates} repeats; ${figures(result)}`,
  );
  expect(result.wrong, `bun run soak --seed ${seed} --faults ${faults} --mode ${mode} --on ${on}`).toEqual(
    [],
  );
  expect(result.faults).toBe(faults);
  return result;
}

describe("faults on the embedded broker", () => {
  test(
    "28 as they like: nothing is ever wrong",
    () => expectNothingWrong({ faults: 28, mode: "safety", on: "embedded" }),
    MINUTES_5,
  );

  test(
    "16 one after the other: after each, all comes through",
    () => expectNothingWrong({ faults: 16, mode: "liveness", on: "embedded", quietMs: 500 }),
    MINUTES_5,
  );

  test(
    "a death at each point of the loop, early and late: repeats at most what one batch holds",
    async () => {
      const actions: Action[] = CRASH_POINTS.flatMap((at) =>
        [0, 3].map((after) => ({ kind: "enricher crash", ms: 0, who: after, thenMs: 0, at, after })),
      );
      const { kills, verdict } = await expectNothingWrong({
        ...{ faults: 12, mode: "liveness", on: "embedded" },
        actions,
        sessionMs: 2_000,
      });
      expect(kills).toBe(12);
      expect(verdict.wireDuplicates).toBeLessThanOrEqual(kills * BATCH);
    },
    MINUTES_5,
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
  test(
    "10 as they like, the broker killed among them: nothing is ever wrong",
    () =>
      expectNothingWrong({
        ...{ faults: 10, mode: "safety", on: "kafka" },
        actions: withOneKill(10, 1_500),
      }),
    MINUTES_5,
  );

  test(
    "4 one after the other, the broker killed among them: after each, all comes through",
    () =>
      expectNothingWrong({
        ...{ faults: 4, mode: "liveness", on: "kafka" },
        actions: withOneKill(4, 500),
      }),
    MINUTES_5,
  );
});
