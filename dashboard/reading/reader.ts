/**
 * Reads the topics into the view model, and knows whether the brokers answer.
 *
 * In: the client, topic names. Out: the view model filled from an hour back (less where that hour is too much to read),
 * then live. A group of its own, nothing committed: each start reads back again, so a restart loses no picture.
 * Errors: brokers away: said in the view model, tried again for ever. A topic that was made anew: `onCrash`, since what
 * is known belongs to another topic; a new process begins with what is there.
 */
import { backoff } from "../../kafka/backoff.ts";
import type { Kafka } from "../../kafka/client.ts";
import { type Batch, type Consumer, consume } from "../../kafka/consume.ts";
import { endOffsets, offsetsAt, withAdmin } from "../../kafka/admin.ts";
import type { KafkaLog } from "../../kafka/outages.ts";
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";
import type { TopicName } from "../../schemas/topics.ts";
import { within } from "./within.ts";
import { forgetDevices, HOUR_MS } from "../model/devices.ts";
import { fold, foldService } from "../model/fold.ts";
import { judgedUntil, partitionOf, nextOffsets, setEnds, setKafka, type ViewModel } from "../model/view.ts";

export interface ReaderOptions {
  view: ViewModel;
  kafka: Kafka;
  topics: Record<TopicName, string>;
  groupId: string;
  log: KafkaLog;
  onCrash(error: Error): void;
  now?: () => number;
}

export interface Reader {
  health(): string[];
  stop(): Promise<void>;
}

/** How far back, longest first; the first that is not too much to read. */
const READ_BACK_MS = [HOUR_MS, HOUR_MS / 4, HOUR_MS / 12, HOUR_MS / 60];
const MAX_READ_BACK = 300_000;
/** Compressed, for a partition and fetch: ten times that decoded, of three topics and all their partitions at once. */
const FETCH_BYTES = 65_536;
/**
 * How long nothing may come before the brokers are asked whether they are there: with the heartbeats of the services
 * something comes every few seconds. An outage is on the page within this and the time that an answer may take.
 */
const QUIET_MS = 3_000;
const LOOK_MS = 1_000;
/** Brokers that hang keep what was asked open: the client itself would give them up after a minute. */
const ASK_MS = 5_000;
/** Questions that may be open at once, each on its own connection. */
const MAX_UNANSWERED = 3;
/** How often the end offsets of partitions without news are asked for. */
const ENDS_MS = 30_000;
const FORGET_MS = 60_000;

export function startReader(options: ReaderOptions): Reader {
  const { view, kafka, topics, log, now = Date.now } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const shortName = new Map(API_TOPICS.map((name) => [topics[name], name]));
  /** Partitions that the read-back has not finished, the heartbeats' too: place -> offset to reach. */
  const toReach = new Map<string, number>();
  let consumer: Consumer | undefined;
  let asking: string | undefined = "the brokers have not been asked yet";
  let asked = Number.NEGATIVE_INFINITY;
  let unanswered = 0;
  view.caughtUp = false;

  async function run(): Promise<void> {
    const from = await firstTime();
    if (from === undefined || signal.aborted) return;
    view.coveredFrom = from;
    view.past++;
    view.caughtUp = toReach.size === 0;
    consumer = await consume(kafka, {
      groupId: options.groupId,
      topics: [...shortName.keys(), topics.services],
      from: { timestampMs: from },
      commit: false,
      handle: async (batch) => handle(batch),
      log,
      onCrash: options.onCrash,
      maxBytesPerPartition: FETCH_BYTES,
    });
    if (signal.aborted) await consumer.stop();
  }

  /** Waits until the brokers answer: without them there is nothing to do. */
  async function firstTime(): Promise<number | undefined> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const at = now();
        for (const spanMs of READ_BACK_MS) {
          const { messages, isFirst } = await planReadBack(at - spanMs);
          view.emptyBefore = isFirst;
          if (messages <= MAX_READ_BACK || spanMs === READ_BACK_MS.at(-1)) return at - spanMs;
        }
      } catch {
        // `ask` tells why on the page.
        await backoff(attempt, signal);
      }
    }
    return undefined;
  }

  /**
   * How many messages there are since a time, and whether none was there before; notes how far each partition has to be read. The raw topic comes last: where
   * it ends tells which outputs are of one that was deleted.
   */
  async function planReadBack(from: number): Promise<{ messages: number; isFirst: boolean }> {
    let messages = 0;
    let isFirst = true;
    toReach.clear();
    for (const topic of [topics.services, ...[...shortName.keys()].reverse()]) {
      const told = await endOffsets(kafka, topic);
      const name = shortName.get(topic);
      if (name !== undefined) setEnds(view, name, told);
      const ends = new Map(told.map(({ partition, high }) => [partition, high]));
      for (const { partition, offset } of await offsetsAt(kafka, topic, from)) {
        const end = ends.get(partition) ?? offset;
        messages += end - offset;
        if (name !== undefined && offset > 0) isFirst = false;
        if (offset < end) toReach.set(`${topic}[${partition}]`, end);
      }
    }
    return { messages, isFirst };
  }

  function handle(batch: Batch): void {
    const at = now();
    const topic = shortName.get(batch.topic);
    heard(at);
    if (topic === undefined) {
      for (const message of batch.messages) foldService(view, message, view.caughtUp ? at : undefined);
      reach(batch, batch.next);
      return;
    }
    // Read again from its start and shorter than what was read: had it grown meanwhile, all up to there would be left out.
    if (batch.highWatermark < partitionOf(view.topics[topic], batch.partition).next) {
      madeAnew(topic);
      return;
    }
    fold(view, { ...batch, topic }, at);
    reach(batch, partitionOf(view.topics[topic], batch.partition).next);
  }

  function reach({ topic, partition }: Batch, next: number): void {
    if (view.caughtUp) return;
    const place = `${topic}[${partition}]`;
    if (next < (toReach.get(place) ?? 0) || !toReach.delete(place) || toReach.size > 0) return;
    view.caughtUp = true;
    view.version++;
  }

  function heard(at: number): void {
    asking = undefined;
    setKafka(view, true, at);
  }

  /** The only thing that tells quiet topics from brokers that are away; it also brings the totals. */
  async function ask(): Promise<void> {
    const begun = now();
    asked = begun;
    const answer = askEnds();
    unanswered++;
    void answer.catch(() => {}).finally(() => unanswered--);
    try {
      await within(answer, ASK_MS);
    } catch (error) {
      // Something came meanwhile: they are slow with this, not away.
      if (view.kafka.answered > begun || signal.aborted) return;
      asking = `Kafka does not answer: ${error instanceof Error ? error.message : error}`;
      setKafka(view, false, now(), asking);
    }
  }

  /** An answer that comes after all counts too. */
  async function askEnds(): Promise<void> {
    const before = new Map(API_TOPICS.map((topic) => [topic, nextOffsets(view, topic)]));
    const ends = await withAdmin(kafka, (admin) =>
      Promise.all(API_TOPICS.map((topic) => admin.fetchTopicOffsets(topics[topic]))),
    );
    if (signal.aborted) return;
    for (const [i, topic] of API_TOPICS.entries()) takeEnds(topic, ends[i] ?? [], before.get(topic));
    heard(now());
  }

  function takeEnds(
    topic: ApiTopic,
    offsets: { partition: number; high: string }[],
    before: ReturnType<typeof nextOffsets> | undefined,
  ): void {
    const ends = offsets.map(({ partition, high }) => ({ partition, high: Number(high) }));
    if (!setEnds(view, topic, ends, before)) madeAnew(topic);
  }

  function madeAnew(topic: ApiTopic): void {
    options.onCrash(
      new Error(
        `${topics[topic]} ends before what has been read from it: it was deleted and created again, or this is another cluster; after a restart the dashboard shows what is there now`,
      ),
    );
  }

  let busy = false;
  const tick = () => {
    const quiet = now() - view.kafka.answered > QUIET_MS || !view.kafka.connected;
    if (busy || unanswered >= MAX_UNANSWERED || signal.aborted || (!quiet && now() - asked < ENDS_MS)) return;
    busy = true;
    void ask().finally(() => {
      busy = false;
    });
  };
  const asks = setInterval(tick, LOOK_MS);
  const forgets = setInterval(() => {
    if (forgetDevices(view.devices, judgedUntil(view, now()), view.rhythms)) view.version++;
  }, FORGET_MS);
  tick();
  const running = run().catch((error: unknown) =>
    options.onCrash(error instanceof Error ? error : new Error(String(error))),
  );

  return {
    health: () => [...(asking === undefined ? [] : [asking]), ...(consumer?.health() ?? ["not reading yet"])],
    async stop() {
      stopping.abort();
      clearInterval(asks);
      clearInterval(forgets);
      await running;
      await consumer?.stop();
    },
  };
}
