/** What benches of the loop share: topics of the original's sample message on a started Kafka, and kafkajs as npm has it. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { ensureTopics } from "../kafka/admin.ts";
import type { Kafka } from "../kafka/client.ts";
import { createProducer } from "../kafka/producer.ts";
import { ROOT } from "../test/processes.fixture.ts";
import { SAMPLE_TIME, sampleKey, sampleText } from "./sample.part.ts";

const PATCH = join(ROOT, "patches/kafkajs@2.2.4.patch");
const AT_ONCE = 10_000;

export async function createTopics(kafka: Kafka, names: string[], partitions: number): Promise<void> {
  const configs = { "max.message.bytes": "2097152", "retention.ms": "-1" };
  await ensureTopics(
    kafka,
    names.map((name) => ({ name, partitions, configs })),
  );
}

/** Sends messages by key, as devices do, or each to the partition that `partitionOf` gives it. */
export async function fill(
  kafka: Kafka,
  topic: string,
  messages: number,
  partitionOf: (index: number) => number | undefined = () => undefined,
): Promise<void> {
  const producer = await createProducer(kafka);
  for (let from = 0; from < messages; from += AT_ONCE)
    await producer.send(
      topic,
      Array.from({ length: Math.min(AT_ONCE, messages - from) }, (_, i) => ({
        key: sampleKey(from + i),
        value: sampleText(from + i),
        partition: partitionOf(from + i),
        timestamp: SAMPLE_TIME,
      })),
    );
  await producer.stop();
}

/** A copy of kafkajs in `folder` with the patch taken back; returns its path. */
export async function unpatched(folder: string): Promise<string> {
  const copy = join(folder, "kafkajs-bare");
  await cp(join(ROOT, "node_modules/kafkajs"), copy, { recursive: true, dereference: true });
  const git = Bun.spawn(["git", "apply", "--reverse", PATCH], { cwd: copy, stderr: "pipe" });
  if ((await git.exited) !== 0)
    throw new Error(`the patch cannot be taken back: ${await new Response(git.stderr).text()}`);
  return copy;
}
