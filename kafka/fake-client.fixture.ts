/** A client of which a test says when it joins, crashes and brings a batch, and how a commit is answered. */
import { aBatch } from "../broker/batch.fixture.ts";
import type { aClient } from "./broker.fixture.ts";

/** kafkajs's own errors, as far as we look at them: a connection that was closed, and an answer of the brokers. */
export const closed = () => Object.assign(new Error("closed"), { name: "KafkaJSConnectionClosedError" });
export const refusal = (type: string, retriable: boolean) =>
  Object.assign(new Error(type), { name: "KafkaJSProtocolError", type, retriable });

/** A client with as much of kafkajs as the loop touches: joins, crashes and batches come when the test says so. */
export function aFakeClient() {
  const events = { CRASH: "crash", GROUP_JOIN: "join", REBALANCING: "rebalancing", END_BATCH_PROCESS: "end" };
  const listeners = new Map<string, (event: object) => void>();
  let eachBatch: ((payload: object) => Promise<void>) | undefined;
  const consumer = {
    events,
    on: (name: string, listener: (event: object) => void) => listeners.set(name, listener),
    connect: async () => {},
    subscribe: async () => {},
    disconnect: async () => {},
    run: async (options: { eachBatch: (payload: object) => Promise<void> }) => {
      eachBatch = options.eachBatch;
    },
  };
  const join = (): boolean => {
    if (eachBatch) listeners.get(events.GROUP_JOIN)?.({ payload: { memberAssignment: { t: [0] } } });
    return eachBatch !== undefined;
  };
  /** What the loop did with one message at offset 0; `onCommit` is the brokers' answer to a commit. */
  const deliver = async (
    onCommit = async (): Promise<void> => {},
    calls: string[] = [],
  ): Promise<string[]> => {
    await eachBatch?.({
      batch: {
        topic: "t",
        partition: 0,
        highWatermark: "1",
        lastStableOffset: "1",
        fetchedOffset: "0",
        abortedTransactions: [],
        bytes: aBatch(["x"]),
      },
      isRunning: () => true,
      isStale: () => false,
      heartbeat: async () => {},
      resolveOffset: (offset: string) => calls.push(`resolve ${offset}`),
      commitOffsetsIfNecessary: async ({
        topics,
      }: {
        topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
      }) => {
        for (const { topic, partitions } of topics)
          for (const { partition, offset } of partitions)
            calls.push(`commit ${topic}[${partition}] ${offset}`);
        await onCommit();
      },
    });
    return calls;
  };
  let made = 0;
  const makeConsumer = () => {
    made++;
    return consumer;
  };
  return {
    kafka: { consumer: makeConsumer } as unknown as ReturnType<typeof aClient>,
    join,
    deliver,
    made: () => made,
    crash: (payload: object) => listeners.get(events.CRASH)?.({ payload }),
  };
}
