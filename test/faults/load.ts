/**
 * Messages for `iot.raw` while faults happen, and the proof that none that was acknowledged is missing there.
 *
 * In: the brokers, a seed, a rate. Out: what was acknowledged; judged against the topic: lost, or out of order in a partition.
 * The messages are the simulator's, some broken on purpose; each carries its number in a header (nothing is forwarded from there).
 */
import { backoff, sleep } from "../../kafka/backoff.ts";
import { createKafka } from "../../kafka/client.ts";
import { isOutage } from "../../kafka/errors.ts";
import { createProducer } from "../../kafka/producer.ts";
import { topicName } from "../../schemas/topics.ts";
import { createFleet, numbered, type Sent } from "../../simulator/fleet.ts";
import type { WireMessage } from "../../audit/read-topic.ts";

const NUMBER = "load.n";
const SILENT = { info() {}, warn() {}, error() {} };
const BROKEN = 0.05;
const TAKE_MS = 20;
/** Only the messages' own times come from it. */
const BURST_PER_S = 1_000;

export interface Load {
  /** How many have been begun to send. */
  begun(): number;
  /** The numbers from 0 up to here are acknowledged. */
  acknowledged(): number;
  /** As many more at once; resolves when they are acknowledged. */
  burst(count: number): Promise<void>;
  /** Sends nothing from when this resolves until what it gives is called; nothing is in doubt then. */
  pause(): Promise<() => void>;
  /** Ends with the send in hand. */
  stop(): Promise<void>;
}

export async function startLoad(brokers: string, seed: number, ratePerS: number): Promise<Load> {
  const kafka = createKafka({ brokers: [brokers], clientId: "iot-load" }, SILENT);
  const producer = await createProducer(kafka, { deadlineMs: 5_000 });
  const devices = numbered({ breakers: 12, meters: 4, sensors: 8 });
  const fleet = createFleet({ devices, seed, ratePerS, faults: BROKEN }, Date.now());
  const stopping = new AbortController();
  let next = 0;
  let acknowledged = 0;
  const bursts: (() => Promise<void>)[] = [];

  /** In their order: one send at a time. */
  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const now = Date.now();
      await deliver(numberedAt(now, fleet.take(now)));
      await bursts.shift()?.();
      await sleep(TAKE_MS, stopping.signal);
    }
  }

  async function deliverBurst(count: number): Promise<void> {
    const crowd = createFleet(
      { devices, seed: seed + next, ratePerS: BURST_PER_S, faults: BROKEN },
      Date.now(),
    );
    const sent: Sent[] = [];
    while (sent.length < count) sent.push(...crowd.take(crowd.nextMs()));
    await deliver(numberedAt(Date.now(), sent));
  }

  function numberedAt(timestamp: number, sent: Sent[]) {
    return sent.map(({ message }) => ({ ...message, timestamp, headers: { [NUMBER]: `${next++}` } }));
  }

  /** Until it is acknowledged: what is in doubt is sent again, in its place. */
  async function deliver(messages: Parameters<typeof producer.send>[1]): Promise<void> {
    if (messages.length === 0) return;
    for (let attempt = 0; ; attempt++) {
      try {
        await producer.send(topicName("raw"), messages);
        acknowledged = next;
        return;
      } catch (error) {
        if (!isOutage(error)) throw error;
        if (stopping.signal.aborted) return;
        await backoff(attempt, stopping.signal);
      }
    }
  }

  const running = run();
  return {
    begun: () => next,
    acknowledged: () => acknowledged,
    burst: (count) =>
      new Promise((resolve, reject) => {
        bursts.push(() => deliverBurst(count).then(resolve, reject));
      }),
    pause: () =>
      new Promise((paused) => {
        bursts.push(() => new Promise<void>((goOn) => paused(goOn)));
      }),
    async stop() {
      stopping.abort();
      await running;
      await producer.stop();
    },
  };
}

/**
 * What is wrong with the raw topics themselves, the oldest first; [] = nothing. Repetitions of what was in doubt are allowed. Where
 * partitions were added to those that it began with, a key is another partition's from then on, and what was in doubt is sent again to
 * that one: out of order.
 */
export function judgeLoad(raws: WireMessage[][][], acknowledged: number, partitions: number): string[] {
  const seen = new Set<number>();
  const wrong: string[] = [];
  const most = Math.max(...raws.map(({ length }) => length));
  for (let index = 0; index < most; index++) {
    let highest = -1;
    for (const { partition, offset, headers } of raws.flatMap((raw) => raw[index] ?? [])) {
      const text = headers.find(([name]) => name === NUMBER)?.[1];
      if (!text) continue; // of a transaction
      const number = Number(text);
      if (!seen.has(number) && number < highest && most === partitions)
        wrong.push(`iot.raw[${partition}]@${offset}: number ${number} after ${highest}`);
      seen.add(number);
      highest = Math.max(highest, number);
    }
  }
  for (let number = 0; number < acknowledged; number++)
    if (!seen.has(number)) wrong.push(`number ${number} was acknowledged and is not in iot.raw`);
  return wrong;
}
