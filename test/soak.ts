/**
 * `bun run soak --faults N --seed S`: seeded faults for as long as one likes, in rounds, each with its own broker and oracle.
 *
 * Options: faults/soak-options.ts. N counts the faults that happened; one whose point or API nobody came to is called off.
 * Where all kinds are deaths of enrichers, going back by more than a batch is wrong too.
 * Out: progress; exit 1 at the first round in which anything is wrong, with the line that replays it.
 */
import { exitWithFaults, showUsage } from "../runtime/usage.ts";
import { ALL_KINDS, CRASHES } from "./faults/actions.ts";
import { figures, LARGEST_BATCH, run, type RunOptions } from "./faults/run.ts";
import { readSoakOptions, type SoakOptions, soakLine } from "./faults/soak-options.ts";

showUsage(
  `bun run soak --faults N --seed S   seeded faults in rounds, judged by an oracle
  --faults N        50             --round N        faults in a round, 50
  --seed S          any            --mode MODE      safety or liveness; in turn
  --minutes M       at most        --on KIND        embedded or kafka
  --session MS      of the enrichers' group
  --quiet MS        longest quiet between two faults, 1000
  --waiting N       as many messages wait when a fault begins (liveness)
  --kinds "A,B"     ${ALL_KINDS.join(", ")}`,
  "own",
);
const { faults, round, mode, minutes, seed: firstSeed, ...same } = options();
const untilMs = performance.now() + minutes * 60_000;

let met = 0;
let begun = 0;
let messages = 0;
let repeats = 0;
let kills = 0;
let furthestBack = 0;
for (let seed = firstSeed ?? anySeed(); met < faults && performance.now() < untilMs; seed++) {
  const options: RunOptions = { ...same, seed, faults: round, mode: mode ?? inTurn(seed), untilMs };
  console.log(`seed ${seed}, ${options.mode}, ${round} faults on ${options.on}`);
  const result = await run({ ...options, onFault: (line) => console.log(`  ${line}`) });
  met += result.met;
  begun += result.begun;
  messages += result.verdict.raw;
  repeats += result.verdict.wireDuplicates;
  kills += result.kills;
  furthestBack = Math.max(furthestBack, result.verdict.furthestBack);
  if (result.met === 0 && performance.now() < untilMs)
    result.wrong.push("not one fault of the round was met");
  if (options.kinds?.every((kind) => CRASHES.includes(kind)) && result.verdict.furthestBack > LARGEST_BATCH)
    result.wrong.push(`${result.verdict.furthestBack} repeats at once; a death may repeat ${LARGEST_BATCH}`);
  if (result.wrong.length > 0) {
    console.log(result.wrong.join("\n"));
    console.log(`FAILED. Again: ${soakLine(options)}`);
    process.exit(1);
  }
  if (options.mode === "liveness") console.log(`  slowest: ${figures(result)}`);
  console.log(
    `${met} faults of ${begun} begun, ${messages} messages, ${kills} enrichers killed, ${repeats} repeats on the wire, at most ${furthestBack} at once, nothing wrong`,
  );
}
process.exit(0);

function options(): SoakOptions {
  try {
    return readSoakOptions(process.argv.slice(2));
  } catch (error) {
    return exitWithFaults(error);
  }
}

function anySeed(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0] ?? 1;
}

function inTurn(seed: number): RunOptions["mode"] {
  return seed % 2 === 0 ? "liveness" : "safety";
}
