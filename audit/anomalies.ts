/**
 * What can be wrong between `iot.raw` and its two outputs, each anomaly by its name: the judgement of the oracle, pure.
 *
 * In: all messages of the three topics by partition, the committed offsets, and how to enrich a raw message afresh.
 * Out: counts, and one line for each anomaly that names topic, partition and offset.
 * Source: the anomalies of Jepsen's kafka workload (jepsen-io/jepsen, jepsen/src/jepsen/tests/kafka.clj), and
 * design.md sections 3 and 4.
 */
import { HEADERS } from "../schemas/topics.ts";
import type { Range, WireMessage } from "./read-topic.ts";

export const ANOMALIES = {
  lost: "a raw message with neither an enriched message nor a dead letter",
  invented: "an output without a raw message, or without a readable source offset",
  "duplicated on the wire":
    "an output twice, and nobody was killed: readers drop it, but something went round twice",
  "duplicated for a reader": "what is left twice after dropping by source offset",
  reordered:
    "an output whose first appearance comes after one of a later raw message: a reader would drop it",
  hole: "an offset that a topic itself does not have",
  "wrong partition": "an output in another partition than its raw message",
  "wrong timestamp": "an output whose record timestamp is not its raw message's",
  "wrong content": "key, headers or value that differ from a fresh enrichment of the raw bytes",
  "commit past the output": "a committed offset beyond what has been produced",
  accounting: "consumed is not enriched + dead letters",
} as const;
export type AnomalyName = keyof typeof ANOMALIES;

export interface Anomaly {
  name: AnomalyName;
  /** `iot.enriched[2]@17` */
  at: string;
  text: string;
}

/** What a fresh enrichment gives; headers by name. */
export interface Expected {
  to: "enriched" | "dlq";
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

/** The raw topic, and how far it was judged. */
export interface RawTopic {
  raw: WireMessage[][];
  /** Ranges that nobody can read: each has one dead letter, without key and value, that names it. */
  poisoned?: Range[];
  /** Ranges that hold nothing for a reader. */
  empty?: Range[];
  /** By partition; -1 = nothing committed. Undefined = the outputs are not a consumer group's. */
  committed?: number[];
  /** Which messages must have an output: all, or those that are committed, where the rest was in flight or deleted with its topic. */
  due?: "all" | "committed";
}

/** Of the raw topic as it is. */
export interface Evidence extends RawTopic {
  /** Full names, for the texts. */
  names: { raw: string; enriched: string; dlq: string };
  enriched: WireMessage[][];
  dlq: WireMessage[][];
  /** The raw topics that had the name before, the oldest first. Undefined: outputs of older epochs are not judged. */
  before?: RawTopic[];
  /** Where each topic was read from, by partition; undefined = from offset 0. What is older is not judged. */
  starts?: { raw: number[]; enriched: number[]; dlq: number[] };
  /** A kill, a crash or a lost acknowledgement excuses outputs that stand twice, and nothing else does. */
  repeats: "never" | "after a kill";
  /** `found` is the output whose clock time and registry version the new one shall have; undefined: it cannot be told. */
  enrichAfresh(raw: WireMessage, found: WireMessage): Expected | undefined;
}

export interface Verdict {
  raw: number;
  /** Of different raw messages. */
  enriched: number;
  deadLetters: number;
  wireDuplicates: number;
  /** Outputs whose content nothing could be held against: their registry is not known here. */
  uncompared?: number;
  /** The furthest that an output went back, in offsets of its raw partition: what one restart has repeated at most. */
  furthestBack: number;
  anomalies: Anomaly[];
}

export function findAnomalies(evidence: Evidence): Verdict {
  const verdict: Verdict = {
    raw: 0,
    enriched: 0,
    deadLetters: 0,
    wireDuplicates: 0,
    furthestBack: 0,
    anomalies: [],
  };
  const { names, before = [], enriched, dlq, starts } = evidence;
  const raws = [...before, evidence];
  for (const { raw, poisoned = [], empty = [] } of raws)
    findHoles(names.raw, raw, starts?.raw, [...poisoned, ...empty], verdict.anomalies);
  findHoles(names.enriched, enriched, starts?.enriched, [], verdict.anomalies);
  findHoles(names.dlq, dlq, starts?.dlq, [], verdict.anomalies);
  const partitions = Math.max(...[...raws.map(({ raw }) => raw), enriched, dlq].map(({ length }) => length));
  for (let partition = 0; partition < partitions; partition++) {
    const outputs = { enriched: enriched[partition] ?? [], dlq: dlq[partition] ?? [] };
    if (starts) {
      const { judged, own } = judgeable(evidence, starts, partition, outputs);
      judgePartition(judged, own, partition, verdict);
      continue;
    }
    const rawOf = raws.length === 1 ? () => evidence : matchEpochs(raws, partition, outputs);
    const repeats = [...outputs.enriched, ...outputs.dlq].filter((output) => rawOf(output) === "repeat");
    verdict.wireDuplicates += repeats.length;
    for (const topic of raws) {
      const isOfTopic = (output: WireMessage) => rawOf(output) === topic;
      const own = { enriched: outputs.enriched.filter(isOfTopic), dlq: outputs.dlq.filter(isOfTopic) };
      judgePartition({ ...evidence, ...NOTHING, ...topic }, own, partition, verdict);
    }
  }
  return verdict;
}

const NOTHING = { poisoned: undefined, empty: undefined, committed: undefined, due: undefined };

interface Outputs {
  enriched: WireMessage[];
  dlq: WireMessage[];
}

/** Of a partition that was not read from its beginning: raw messages from where all topics tell of them, and the newest epoch's outputs. */
function judgeable(
  evidence: Evidence,
  starts: NonNullable<Evidence["starts"]>,
  partition: number,
  outputs: Outputs,
): { judged: Evidence; own: Outputs } {
  const epoch = Math.max(0, ...[...outputs.enriched, ...outputs.dlq].map(epochOf));
  const ofEpoch = (some: WireMessage[]) => some.filter((output) => epochOf(output) === epoch);
  const own = { enriched: ofEpoch(outputs.enriched), dlq: ofEpoch(outputs.dlq) };
  /** Outputs before the first one that was read may be of any raw message before that one's. */
  const firstTold = (to: keyof Outputs): number => {
    if ((starts[to][partition] ?? 0) === 0 || own[to].length < outputs[to].length) return 0;
    return own[to].map(sourceOffset).find((source) => source !== undefined) ?? Number.POSITIVE_INFINITY;
  };
  const first = Math.max(starts.raw[partition] ?? 0, firstTold("enriched"), firstTold("dlq"));
  const isLater = (output: WireMessage): boolean => (sourceOffset(output) ?? first) >= first;
  const judged = { ...evidence, raw: [...evidence.raw], committed: [...(evidence.committed ?? [])] };
  const messages = (evidence.raw[partition] ?? []).filter(({ offset }) => offset >= first);
  judged.raw[partition] = messages;
  // With nothing to hold it against, a commit tells nothing.
  if (messages.length === 0) judged.committed[partition] = -1;
  judged.poisoned = evidence.poisoned?.filter(
    (range) => range.partition !== partition || range.first >= first,
  );
  return { judged, own: { enriched: own.enriched.filter(isLater), dlq: own.dlq.filter(isLater) } };
}

/**
 * The outputs of an epoch are of one raw topic: from that of the epoch before on, the one which most of them came from. What came from a
 * later one was written before that was noticed, and is written again under its own epoch: a repeat.
 */
function matchEpochs(
  raws: RawTopic[],
  partition: number,
  { enriched, dlq }: Outputs,
): (output: WireMessage) => RawTopic | "repeat" | undefined {
  const raw = new Map(raws.map((topic) => [topic, rawByOffset(topic, partition)]));
  const epochs = Map.groupBy([...enriched, ...dlq], epochOf);
  const found = new Map<number, RawTopic | undefined>();
  let from = 0;
  for (const epoch of [...epochs.keys()].sort((a, b) => a - b)) {
    const counts = raws.map((topic, index) => (index < from ? -1 : cameFromTopic(topic, epochs.get(epoch))));
    from = counts.indexOf(Math.max(...counts));
    found.set(epoch, raws[from]);
  }
  return (output) => {
    const topic = found.get(epochOf(output));
    if (topic === undefined || isFrom(topic, output)) return topic;
    const later = raws.slice(raws.indexOf(topic) + 1);
    return later.some((one) => isFrom(one, output)) ? "repeat" : topic;
  };

  function isFrom(topic: RawTopic, output: WireMessage): boolean {
    const message = raw.get(topic)?.get(sourceOffset(output) ?? -1);
    return message !== undefined && message.timestamp === output.timestamp && cameFrom(output, message);
  }

  function cameFromTopic(topic: RawTopic, outputs: WireMessage[] = []): number {
    return outputs.filter((output) => isFrom(topic, output)).length;
  }
}

const epochOf = ({ headers }: WireMessage): number =>
  Number(headers.find(([name]) => name === HEADERS.sourceEpoch)?.[1] ?? 0);

/** A short text for a failing test: counts, then the anomalies, many of one name cut short. */
export function report({ anomalies, ...counts }: Verdict): string {
  return [JSON.stringify(counts), ...anomalyLines(anomalies, 5)].join("\n");
}

/** Each kind with its meaning, and its first places. */
export function anomalyLines(anomalies: Anomaly[], mostPlaces: number): string[] {
  return [...Map.groupBy(anomalies, ({ name }) => name)].flatMap(([name, some]) => [
    `${some.length} ${name} (${ANOMALIES[name]})`,
    ...some.slice(0, mostPlaces).map(({ at, text }) => `  ${at}: ${text}`),
    ...(some.length > mostPlaces && mostPlaces > 5 ? [`  and ${some.length - mostPlaces} more`] : []),
  ]);
}

function findHoles(
  topic: string,
  partitions: WireMessage[][],
  starts: number[] = [],
  known: Range[],
  anomalies: Anomaly[],
): void {
  for (const [index, messages] of partitions.entries()) {
    let next = starts[index] ?? 0;
    for (const { partition, offset } of messages) {
      for (let range = rangeOf(known, partition, next); range; range = rangeOf(known, partition, next))
        next = range.last + 1;
      if (offset !== next)
        anomalies.push({
          name: "hole",
          at: `${topic}[${partition}]@${next}`,
          text: `the next offset is ${offset}`,
        });
      next = offset + 1;
    }
  }
}

const rangeOf = (ranges: Range[], partition: number, offset: number): Range | undefined =>
  ranges.find((range) => range.partition === partition && range.first <= offset && offset <= range.last);

const rangeAt = (ranges: Range[] = [], partition: number, first: number): Range | undefined =>
  ranges.find((range) => range.partition === partition && range.first === first);

/** What must have an output: messages, and the first offset of what nobody can read. */
function rawByOffset({ raw, poisoned = [] }: RawTopic, partition: number): Map<number, WireMessage> {
  const messages = new Map((raw[partition] ?? []).map((message) => [message.offset, message]));
  for (const range of poisoned.filter((one) => one.partition === partition))
    messages.set(range.first, {
      ...{ partition, offset: range.first, key: null, value: null, timestamp: 0, headers: [] },
    });
  return messages;
}

function judgePartition(evidence: Evidence, outputs: Outputs, partition: number, verdict: Verdict): void {
  const raw = rawByOffset(evidence, partition);
  const enriched = judgeOutputs(evidence, "enriched", outputs.enriched, partition, raw, verdict);
  const dlq = judgeOutputs(evidence, "dlq", outputs.dlq, partition, raw, verdict);
  const { anomalies } = verdict;
  verdict.raw += raw.size;
  verdict.enriched += enriched.size;
  verdict.deadLetters += dlq.size;

  for (const source of enriched)
    if (dlq.has(source))
      anomalies.push({
        name: "duplicated for a reader",
        at: `${evidence.names.raw}[${partition}]@${source}`,
        text: "both enriched and a dead letter",
      });
  const committed = evidence.committed?.[partition] ?? -1;
  const isDue = (source: number): boolean => evidence.due !== "committed" || source < committed;
  const missing = [...raw.keys()]
    .filter((source) => !enriched.has(source) && !dlq.has(source) && isDue(source))
    .sort((a, b) => a - b);
  for (const source of missing)
    anomalies.push({ name: "lost", at: `${evidence.names.raw}[${partition}]@${source}`, text: "no output" });
  if (evidence.due !== "committed" && raw.size !== enriched.size + dlq.size)
    anomalies.push({
      name: "accounting",
      at: `${evidence.names.raw}[${partition}]`,
      text: `${raw.size} raw, ${enriched.size} enriched, ${dlq.size} dead letters`,
    });
  const unread = [...(evidence.poisoned ?? []), ...(evidence.empty ?? [])].filter(
    (range) => range.partition === partition,
  );
  const end = Math.max(evidence.raw[partition]?.at(-1)?.offset ?? -1, ...unread.map(({ last }) => last));
  const produced = missing[0] ?? end + 1;
  if (committed > produced)
    anomalies.push({
      name: "commit past the output",
      at: `${evidence.names.raw}[${partition}]@${committed}`,
      text: `produced without a gap only up to ${produced}`,
    });
}

/** Judges one output topic's partition; gives the source offsets that a reader sees. */
function judgeOutputs(
  evidence: Evidence,
  to: "enriched" | "dlq",
  outputs: WireMessage[],
  partition: number,
  raw: Map<number, WireMessage>,
  verdict: Verdict,
): Set<number> {
  const seen = new Set<number>();
  let highest = -1;
  for (const output of outputs) {
    const at = `${evidence.names[to]}[${partition}]@${output.offset}`;
    const add = (name: AnomalyName, text: string) => verdict.anomalies.push({ name, at, text });
    const source = sourceOffset(output);
    const message = source === undefined ? undefined : raw.get(source);
    if (source === undefined || !message || !cameFrom(output, message)) {
      const elsewhere = source === undefined ? undefined : findSource(evidence, output, source);
      if (elsewhere)
        add("wrong partition", `its raw message is ${evidence.names.raw}[${elsewhere.partition}]@${source}`);
      else if (source === undefined) add("invented", `no header ${HEADERS.sourceOffset} with an offset`);
      else if (!message) add("invented", `${evidence.names.raw}[${partition}] has no offset ${source}`);
      // Of no known raw message, in another partition's place: nothing more can be said of it.
      if (elsewhere || source === undefined || !message) continue;
    }
    if (seen.has(source)) {
      verdict.wireDuplicates++;
      verdict.furthestBack = Math.max(verdict.furthestBack, highest - source + 1);
      if (evidence.repeats === "never")
        add("duplicated on the wire", `source offset ${source} appeared before`);
    } else if (source < highest)
      add("reordered", `source offset ${source} after ${highest}, key ${shown(output.key)}`);
    seen.add(source);
    highest = Math.max(highest, source);
    const range = rangeAt(evidence.poisoned, partition, source);
    if (range) {
      for (const difference of poisonDifferences(output, to, range))
        add("wrong content", `from ${evidence.names.raw}[${partition}]@${source}: ${difference}`);
      continue;
    }
    if (output.timestamp !== message.timestamp)
      add("wrong timestamp", `expected ${message.timestamp}, found ${output.timestamp}`);
    const expected = evidence.enrichAfresh(message, output);
    if (!expected) {
      verdict.uncompared = (verdict.uncompared ?? 0) + 1;
      continue;
    }
    for (const difference of differences(output, to, expected))
      add("wrong content", `from ${evidence.names.raw}[${partition}]@${source}: ${difference}`);
  }
  return seen;
}

function poisonDifferences(output: WireMessage, to: string, { first, last }: Range): string[] {
  const header = (name: string) => String(output.headers.find(([found]) => found === name)?.[1] ?? "");
  const found: string[] = [];
  if (to !== "dlq") found.push("expected in dlq: it cannot be read");
  if (output.key !== null || output.value?.length) found.push("expected neither key nor value");
  for (const [name, expected] of [
    [HEADERS.reason, "undecodable"],
    [HEADERS.sourceOffset, `${first}`],
    [HEADERS.sourceLastOffset, `${last}`],
  ] as const)
    if (header(name) !== expected) found.push(`expected ${name}=${expected}, found ${header(name)}`);
  return found;
}

function sourceOffset(output: WireMessage): number | undefined {
  const found = output.headers.filter(([name]) => name === HEADERS.sourceOffset);
  const text = String(found[0]?.[1] ?? "");
  return found.length === 1 && /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined;
}

/** The raw text (less its end, where an enriched message goes on) stands at the start; without a text the key is equal. */
function cameFrom(output: WireMessage, raw: WireMessage): boolean {
  if (!raw.value?.length) return same(output.key, raw.key);
  const end = raw.value.lastIndexOf("}");
  const start = raw.value.subarray(0, end === -1 ? raw.value.length : end);
  return (output.value ?? Buffer.alloc(0)).subarray(0, start.length).equals(start);
}

function findSource(evidence: Evidence, output: WireMessage, source: number): WireMessage | undefined {
  return evidence.raw
    .filter((_, partition) => partition !== output.partition)
    .map((messages) => messages[source - (messages[0]?.offset ?? 0)])
    .find((message) => message && cameFrom(output, message));
}

function differences(output: WireMessage, to: string, expected: Expected): string[] {
  if (expected.to !== to) return [`expected in ${expected.to}: ${JSON.stringify(expected.headers)}`];
  const found: string[] = [];
  if (!same(output.key, expected.key))
    found.push(`expected key ${shown(expected.key)}, found ${shown(output.key)}`);
  if (!same(output.value, expected.value)) found.push(firstDifference(output.value, expected.value));
  const headers = output.headers.map(([name, value]) => `${name}=${value}`).sort();
  const wanted = Object.entries(expected.headers)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  if (headers.join("\n") !== wanted.join("\n"))
    found.push(`expected headers ${wanted.join(", ")}; found ${headers.join(", ")}`);
  return found;
}

function firstDifference(found: Buffer | null, expected: Buffer | null): string {
  if (!found || !expected) return `expected ${shown(expected)}, found ${shown(found)}`;
  const index = found.findIndex((byte, at) => byte !== expected[at]);
  const at = index === -1 ? found.length : index;
  const around = (buffer: Buffer) =>
    JSON.stringify(buffer.subarray(Math.max(0, at - 20), at + 40).toString());
  return `byte ${at}: expected ${around(expected)}, found ${around(found)}`;
}

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function shown(value: Buffer | null): string {
  return value === null ? "null" : JSON.stringify(value.subarray(0, 80).toString());
}
