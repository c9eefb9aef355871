/** Our loop: what `bun run enrich` runs, without its metrics; with the original's work the same consumer and producer around that. */
import { createAccounting } from "../../enrich/host/accounting.ts";
import { CHUNK_MESSAGES, createHandler } from "../../enrich/host/host.ts";
import { planOf } from "../../registry/pinned.fixture.ts";
import { createKafka } from "../../kafka/client.ts";
import { type Batch, consume } from "../../kafka/consume.ts";
import { createProducer } from "../../kafka/producer.ts";
import { readArguments, runPasses, workOf } from "./work.ts";

const settings = readArguments();
const quiet = { info() {}, warn: console.error, error: console.error };
const work = workOf(settings);
const registry = await Bun.file(settings.registry).text();

await runPasses(async (output) => {
  const kafka = createKafka({ brokers: [settings.broker], clientId: "peers" }, quiet);
  const producer = await createProducer(kafka);
  const finished = Promise.withResolvers<void>();
  let done = 0;
  const plan = planOf(registry);
  const enriching = createHandler({
    topics: { enriched: output, dlq: output },
    producer,
    plan: () => plan,
    now: Date.now,
    accounting: createAccounting(),
    observe({ outputs }) {
      const dead = outputs.find(({ result }) => result.to === "dlq");
      if (dead) finished.reject(new Error(`offset ${dead.raw.offset} is a dead letter`));
    },
    log: quiet,
  });
  const consumer = await consume(kafka, {
    groupId: output,
    topics: [settings.raw],
    from: "earliest",
    commit: true,
    log: quiet,
    async handle(batch) {
      await (settings.isOurs ? enriching(batch) : originals(batch));
      done += batch.messages.length;
      if (done >= settings.messages) finished.resolve();
    },
  });
  await finished.promise;
  await consumer.stop();
  await producer.stop();

  async function originals({ partition, messages }: Batch): Promise<void> {
    for (let at = 0; at < messages.length; at += CHUNK_MESSAGES) {
      const outputs = messages.slice(at, at + CHUNK_MESSAGES).map((message) => {
        return { ...work(message), partition, timestamp: message.timestamp };
      });
      await producer.send(output, outputs);
    }
  }
});
