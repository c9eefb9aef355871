/**
 * The faults as data: one seed gives one list of actions, and the list is the whole run.
 *
 * In: a seed, how many, which kinds. Out: actions that can be printed and read back. What each one does stands in perform.ts.
 */
import { between, pick, type Random, seededRandom } from "../../simulator/random.ts";
import type { INVALID } from "../../broker/poison.fixture.ts";
import type { ApiName } from "./frames.ts";
import { CRASH_POINTS, type CrashPoint } from "./orders.ts";

export interface Action {
  kind: ActionKind;
  /** How long it lasts, or how far the clock jumps. */
  ms: number;
  /** Chooses among the enrichers that there are. */
  who: number;
  /** Quiet before the next action begins. */
  thenMs: number;
  at?: CrashPoint;
  /** How often the point is passed before. */
  after?: number;
  api?: ApiName;
  poison?: PoisonName;
  /** Of a transaction; else it is aborted. */
  commits?: boolean;
}

export type ActionKind = keyof typeof KINDS;
export type PoisonName = keyof typeof INVALID;

interface Kind {
  /** How often among the others. */
  weight: number;
  /** Longest and shortest, ms. */
  ms?: [number, number];
  more?: (random: Random) => Partial<Action>;
}

/**
 * Batches that nobody can read, of those whose place in the log is what they say; not those of a million offsets and more. Apache Kafka
 * stores the first three only.
 */
export const STORED_BY_KAFKA = ["offset-delta-wrong", "key-length-minus-2", "value-length-minus-2"] as const;
const POISONS = [
  ...STORED_BY_KAFKA,
  ...(["corrupt-gzip", "corrupt-snappy", "corrupt-lz4", "corrupt-zstd", "zstd-cut", "records-cut"] as const),
  ...(["records-garbage", "records-behind-the-count", "count-more", "offset-delta-negative"] as const),
  ...(["record-length-negative", "key-length-huge", "header-count-huge", "header-key-null"] as const),
  ...(["varint-without-end", "compression-5"] as const),
] as [PoisonName, ...PoisonName[]];

const APIS: [ApiName, ...ApiName[]] = [
  "Produce",
  "Produce",
  "OffsetCommit",
  "OffsetCommit",
  "Fetch",
  "Heartbeat",
  "JoinGroup",
  "SyncGroup",
  "Metadata",
  "FindCoordinator",
  "OffsetFetch",
];
const api = (random: Random) => ({ api: pick(APIS, random) });
const point = (random: Random) => ({ at: pick(CRASH_POINTS, random), after: Math.floor(random() * 4) });

export const KINDS = {
  latency: { weight: 1, ms: [500, 3_000] },
  "slow and tiny reads": { weight: 1, ms: [500, 3_000] },
  cut: { weight: 2 },
  "half-open": { weight: 1 },
  "hold requests": { weight: 1, ms: [200, 4_000] },
  "hold answers": { weight: 1, ms: [200, 4_000] },
  blackhole: { weight: 1, ms: [200, 8_000] },
  refuse: { weight: 1, ms: [200, 3_000] },
  "cut before": { weight: 2, more: api },
  "cut after": { weight: 3, more: api },
  "cut within": { weight: 2, more: api },
  "delay answer": { weight: 1, ms: [500, 3_000], more: api },
  "broker freeze": { weight: 1, ms: [200, 5_000] },
  "broker kill": { weight: 2, ms: [0, 1_500] },
  "broker restart": { weight: 1, ms: [0, 500] },
  "broker clock": { weight: 0.5, ms: [-7_200_000, 7_200_000] },
  "enricher kill": { weight: 2, ms: [0, 1_000] },
  "enricher crash": { weight: 6, ms: [0, 300], more: point },
  "enricher freeze": { weight: 2, ms: [200, 9_000] },
  "enricher stall": { weight: 1, ms: [500, 5_000], more: point },
  "enricher clock": { weight: 0.5, ms: [-7_200_000, 7_200_000] },
  "outputs refuse": { weight: 2, ms: [200, 3_000] },
  poison: { weight: 3, more: (random: Random) => ({ poison: pick(POISONS, random) }) },
  "partitions added": { weight: 0.5 },
  "topic made anew": { weight: 1 },
  transaction: { weight: 4, more: (random: Random) => ({ commits: random() < 0.5 }) },
  join: { weight: 2 },
  leave: { weight: 2 },
} as const satisfies Record<string, Kind>;

export const ALL_KINDS = Object.keys(KINDS) as ActionKind[];
/** Apache Kafka takes no orders, and the embedded broker has no transactions. */
const NOT_ON: Record<"kafka" | "embedded", ActionKind[]> = {
  kafka: ["broker clock"],
  embedded: ["transaction"],
};
export const KINDS_ON = {
  kafka: ALL_KINDS.filter((kind) => !NOT_ON.kafka.includes(kind)),
  embedded: ALL_KINDS.filter((kind) => !NOT_ON.embedded.includes(kind)),
};
/** A death, and nothing else: what it may repeat is what was not committed, one batch of each partition. */
export const CRASHES: ActionKind[] = ["enricher kill", "enricher crash"];

/** Longest quiet between two faults, unless a run says its own. */
export const QUIET_MS = 1_500;
/** More than the session of 6 s. */
const LONG_FREEZE_MS = 7_000;

/** The same seed, count, kinds and quiet: the same list. */
export function actionsOf(seed: number, count: number, kinds = ALL_KINDS, quietMs = QUIET_MS): Action[] {
  const random = seededRandom(`${seed}/actions`);
  return Array.from({ length: count }, () => actionOf(weighted(kinds, random), random, quietMs));
}

/** Begins with one of each kind, in the seed's order; chance has the rest. The first enricher that is frozen outlives its session. */
export function everyKindOf(seed: number, count: number, kinds: ActionKind[], quietMs = QUIET_MS): Action[] {
  const random = seededRandom(`${seed}/every kind`);
  const left = [...kinds];
  const first = kinds.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
  return Array.from({ length: count }, (_, index) => {
    const action = actionOf(first[index] ?? weighted(kinds, random), random, quietMs);
    const isLong = action.kind === "enricher freeze" && index < kinds.length;
    return isLong ? { ...action, ms: Math.max(action.ms, LONG_FREEZE_MS) } : action;
  });
}

function actionOf(kind: ActionKind, random: Random, quietMs: number): Action {
  const { ms = [0, 0], more }: Kind = KINDS[kind];
  return {
    kind,
    ms: Math.round(between(ms[0], ms[1], random)),
    who: Math.floor(random() * 12),
    thenMs: Math.round(between(0.2 * quietMs, quietMs, random)),
    ...more?.(random),
  };
}

function weighted(kinds: ActionKind[], random: Random): ActionKind {
  const total = kinds.reduce((sum, kind) => sum + KINDS[kind].weight, 0);
  let left = random() * total;
  for (const kind of kinds) {
    left -= KINDS[kind].weight;
    if (left < 0) return kind;
  }
  return pick(kinds as [ActionKind, ...ActionKind[]], random);
}

export function lineOf({ kind, ms, who, thenMs: _, ...rest }: Action): string {
  const details = [...Object.values(rest), ...(ms === 0 ? [] : [`${ms} ms`])].join(" ");
  const whom = kind.startsWith("enricher") || kind === "leave" ? ` (${who})` : "";
  return `${kind}${whom} ${details}`.trim();
}
