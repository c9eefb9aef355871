/**
 * Where a partition of iot.raw goes on, as its outputs themselves tell: whoever had it before us may have written more than it
 * committed, or committed more than it wrote, and iot.raw may have been deleted and made anew since.
 *
 * In: a partition, the offset that the group gives us, and what stands beside its commit. Out: what must come next, what is written
 *   already, the epoch; or StartOver, where the offset is of an iot.raw that is gone. A group that was
 *   set back by more than MOST_MESSAGES has it judged again, and readers drop what they have seen.
 * Errors: of the infrastructure, for which the partition waits; a missing right to read the outputs waits, too, named.
 */
import { endOffsets } from "../../kafka/admin.ts";
import type { Kafka } from "../../kafka/client.ts";
import type { InMessage } from "../../kafka/consume.ts";
import { isOutage, OutputRefused, reasonOf, StartOver } from "../../kafka/errors.ts";
import { fetchFrom } from "../../kafka/fetch-one.ts";
import { commitsOf } from "../../kafka/lag.ts";
import { GROUPS, HEADERS } from "../../schemas/topics.ts";
import { findMark, isOther, type Mark, readMark } from "./raw.ts";

export interface Resumed {
  /** The offset that must come next; undefined where the outputs do not tell. */
  next: number | undefined;
  /** Offsets of raw messages, from the given one on, whose output stands already. */
  written: Set<number>;
  /** Undefined while the partition holds no message. */
  mark?: Mark;
  /** Which iot.raw this is, of those that had the name one after the other: ms since 1970 of when it was noticed, 0 for the first. */
  epoch: number;
}

export type Resume = (partition: number, given: number) => Promise<Resumed>;

/** An output, as far as it tells where it came from. */
interface Output {
  /** The offset of its raw message, or the first and last offset of a batch that cannot be read. */
  source: number;
  last: number;
  epoch: number;
  /** Only of the newest one: thousands of values are not held. */
  message?: InMessage;
}

/** The end of an output's partition: its newest outputs in order, and whether there ever was one. */
interface Tail {
  outputs: Output[];
  hasEnded: boolean;
  /** False: more outputs stand behind the given offset than were read. */
  isWhole: boolean;
}

/** How many messages of an output are read at first: about what a batch writes. A late repetition may stand last, with lower offsets. */
const TAIL_MESSAGES = 500;
/** More than a second of Connect writes, and more than any batch: whoever goes back further means to have it judged again. */
const MOST_MESSAGES = 30_000;
const FETCH_BYTES = 1_048_576;

export function createResume(
  kafka: Kafka,
  topics: { raw: string; enriched: string; dlq: string },
  now: () => number,
  mostMessages = MOST_MESSAGES,
  groupId: string = GROUPS.enrich,
): Resume {
  async function resume(partition: number, given: number): Promise<Resumed> {
    const [allEnds, commits] = await Promise.all([
      endOffsets(kafka, topics.raw),
      commitsOf(kafka, groupId, topics.raw),
    ]);
    const ends = allEnds.find((one) => one.partition === partition);
    const low = ends?.low ?? 0;
    const mark = await findMark(kafka, topics.raw, partition, low);
    const committed = readMark(commits.find((one) => one.partition === partition)?.metadata ?? "");
    const isMarked = committed !== undefined && mark !== undefined;
    const isMarkedOther = isMarked && isOther(committed, mark);
    const another = (): Resumed => {
      // A mark of this topic tells that the offset is its own, and the outputs alone are of the one before.
      if (given > low && (isMarkedOther || !isMarked))
        throw new StartOver(`the offset belongs to an earlier ${topics.raw}, which is gone`, low);
      return { next: undefined, written: new Set(), mark, epoch: now() };
    };
    if (isMarkedOther) return another();
    const tails = await Promise.all(
      [topics.enriched, topics.dlq].map((topic) => readTail(kafka, topic, partition, given, mostMessages)),
    );
    const all = tails.flatMap(({ outputs }) => outputs);
    const epoch = Math.max(0, ...all.map((output) => output.epoch));
    const ours = all.filter((output) => output.epoch === epoch);
    const newest = ours.reduce<Output | undefined>(
      (found, output) => (found === undefined || isNewer(output, found) ? output : found),
      undefined,
    );
    if (newest === undefined) {
      // Nothing tells any more to which iot.raw the outputs belonged, unless there never was one.
      const isFirst = tails.every(({ hasEnded }) => !hasEnded);
      return { next: isFirst ? 0 : undefined, written: new Set(), mark, epoch: isFirst ? 0 : now() };
    }
    if (await isMadeAnew(kafka, topics.raw, partition, newest, ends)) return another();
    // Set back on purpose: all of it would have to be held here.
    if (!tails.every(({ isWhole }) => isWhole))
      return { next: newest.last + 1, written: new Set(), mark, epoch };
    const written = new Set(ours.map(({ source }) => source).filter((source) => source >= given));
    return { next: newest.last + 1, written, mark, epoch };
  }

  return async (partition, given) => {
    try {
      return await resume(partition, given);
    } catch (error) {
      if (isOutage(error) || error instanceof StartOver) throw error;
      throw new OutputRefused(
        `${topics.raw}[${partition}]: the ends of ${topics.enriched} and ${topics.dlq} cannot be read: ${reasonOf(error)}; check the right to Read them`,
      );
    }
  };
}

/** From the end back to what stands before `given`, which a batch and its repeats bound. */
async function readTail(
  kafka: Kafka,
  topic: string,
  partition: number,
  given: number,
  mostMessages: number,
): Promise<Tail> {
  const { low = 0, high = 0 } =
    (await endOffsets(kafka, topic)).find((one) => one.partition === partition) ?? {};
  for (let count = TAIL_MESSAGES; ; count *= 4) {
    const from = Math.max(low, high - count);
    const outputs = await readOutputs(kafka, topic, partition, from, high);
    const reachesBack = outputs[0] !== undefined && outputs[0].source < given;
    const isWhole = from === low || reachesBack;
    if (isWhole || count >= mostMessages) return { outputs, hasEnded: high > 0, isWhole };
  }
}

async function readOutputs(
  kafka: Kafka,
  topic: string,
  partition: number,
  from: number,
  to: number,
): Promise<Output[]> {
  const outputs: Output[] = [];
  let newest: Output | undefined;
  for (let at = from; at < to;) {
    const { messages, next } = await fetchFrom(kafka, topic, partition, at, FETCH_BYTES);
    if (next === at) break;
    for (const message of messages) {
      const source = headerNumber(message, HEADERS.sourceOffset);
      if (source === undefined) continue; // of somebody else
      const last = headerNumber(message, HEADERS.sourceLastOffset) ?? source;
      const output: Output = { source, last, epoch: headerNumber(message, HEADERS.sourceEpoch) ?? 0 };
      outputs.push(output);
      if (newest && !isNewer(output, newest)) continue;
      delete newest?.message;
      newest = output;
      newest.message = message;
    }
    at = next;
  }
  return outputs;
}

const isNewer = (one: Output, other: Output): boolean =>
  one.epoch > other.epoch || (one.epoch === other.epoch && one.last > other.last);

function headerNumber({ headers }: InMessage, name: string): number | undefined {
  const value = Number(headers[name] ?? Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/**
 * Whether iot.raw holds another message where the newest output's own should be, or ends before it. What retention or compaction
 * has taken, and times, tell nothing: a topic may stamp its own.
 */
async function isMadeAnew(
  kafka: Kafka,
  raw: string,
  partition: number,
  newest: Output,
  ends: { low: number; high: number } | undefined,
): Promise<boolean> {
  if (ends === undefined || newest.last < ends.low) return false;
  if (newest.last >= ends.high) return true;
  const { messages } = await fetchFrom(kafka, raw, partition, newest.source, 1);
  const found = messages.find(({ offset }) => offset === newest.source);
  const isOne = newest.message !== undefined && newest.last === newest.source;
  return isOne && found !== undefined && !isOutputOf(newest.message as InMessage, found);
}

/** A dead letter is its raw message; an enriched one begins with it, up to its last brace. */
function isOutputOf(output: InMessage, raw: InMessage): boolean {
  if (output.headers[HEADERS.reason] !== undefined)
    return equal(output.value, raw.value) && equal(output.key, raw.key);
  if (output.value === null || raw.value === null) return false;
  const kept = raw.value.lastIndexOf("}");
  return kept >= 0 && output.value.subarray(0, kept).equals(raw.value.subarray(0, kept));
}

function equal(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}
