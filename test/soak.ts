/**
 * `bun run soak --faults N --seed S`: seeded faults for as long as one likes, in rounds, each with its own broker and oracle.
 *
 * Options: `--round N` faults in a round (50), `--mode safety|liveness` (in turn), `--on embedded|kafka`, `--minutes M` at most,
 * `--kinds "enricher crash,broker kill"`, `--session MS` of the enrichers.
 * Out: progress; exit 1 at the first round in which anything is wrong, with the line that replays it.
 */
import { parseArgs } from "node:util";
import { showUsage } from "../runtime/usage.ts";
import { ALL_KINDS } from "./faults/actions.ts";
import { figures, run, type RunOptions } from "./faults/run.ts";

showUsage(
  `bun run soak --faults N --seed S   seeded faults in rounds, judged by an oracle
  --faults N        50             --round N        faults in a round, 50
  --seed S          any            --mode MODE      safety or liveness; in turn
  --minutes M       at most        --on KIND        embedded or kafka
  --session MS      of the enrichers' group
  --kinds "A,B"     ${ALL_KINDS.join(", ")}`,
  "own",
);
const text = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    faults: text,
    seed: text,
    round: text,
    mode: text,
    on: text,
    minutes: text,
    quiet: text,
    kinds: text,
    session: text,
  },
});
const faults = Number(values.faults ?? 50);
const firstSeed = Number(values.seed ?? crypto.getRandomValues(new Uint16Array(1))[0]);
const perRound = Math.min(faults, Number(values.round ?? 50));
const on = values.on === "kafka" ? "kafka" : "embedded";
const kinds = values.kinds?.split(",").map((kind) => ALL_KINDS.find((one) => one === kind) ?? fail(kind));
const sessionMs = values.session === undefined ? undefined : Number(values.session);
const untilMs = performance.now() + Number(values.minutes ?? 100_000) * 60_000;

let done = 0;
let messages = 0;
let repeats = 0;
let kills = 0;
for (let seed = firstSeed; done < faults && performance.now() < untilMs; seed++) {
  const mode = modeOf(seed);
  console.log(`seed ${seed}, ${mode}, ${perRound} faults on ${on}`);
  const options: RunOptions = {
    seed,
    faults: perRound,
    mode,
    on,
    untilMs,
    kinds,
    sessionMs,
    quietMs: Number(values.quiet ?? 1_000),
  };
  const result = await run({ ...options, onFault: (line) => console.log(`  ${line}`) });
  done += result.faults;
  messages += result.verdict.raw;
  repeats += result.verdict.wireDuplicates;
  kills += result.kills;
  if (result.wrong.length > 0) {
    console.log(result.wrong.join("\n"));
    console.log(`FAILED. Again: bun run soak --seed ${seed} --faults ${perRound} --mode ${mode} --on ${on}`);
    process.exit(1);
  }
  if (mode === "liveness") console.log(`  slowest: ${figures(result)}`);
  console.log(
    `${done} faults, ${messages} messages, ${kills} enrichers killed, ${repeats} repeats on the wire, nothing wrong`,
  );
}
process.exit(0);

function fail(kind: string): never {
  console.error(`--kinds ${kind}: expected some of ${ALL_KINDS.join(", ")}`);
  process.exit(1);
}

function modeOf(seed: number): RunOptions["mode"] {
  if (values.mode === "safety" || values.mode === "liveness") return values.mode;
  return seed % 2 === 0 ? "liveness" : "safety";
}
