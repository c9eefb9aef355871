/** What an archive asks the brokers, by kafka/. Errors: the brokers' own. */
import { endOffsets, offsetsAt } from "../../kafka/admin.ts";
import type { Kafka } from "../../kafka/client.ts";
import { fetchFrom } from "../../kafka/fetch-one.ts";
import type { ApiTopic } from "../../schemas/api.ts";
import type { ArchiveBrokers } from "./archive.ts";

/** Some fifty messages. */
const FETCH_BYTES = 131_072;

export function archiveBrokers(
  kafka: Kafka,
  topics: Record<ApiTopic, string>,
  fetchBytes = FETCH_BYTES,
): ArchiveBrokers {
  return {
    from: async (topic, partition, offset) =>
      (await fetchFrom(kafka, topics[topic], partition, offset, fetchBytes)).messages,

    async span(topic, partition, timestamp) {
      const [ends, starts] = await Promise.all([
        endOffsets(kafka, topics[topic]),
        offsetsAt(kafka, topics[topic], timestamp),
      ]);
      const end = ends.find((one) => one.partition === partition);
      const near = starts.find((one) => one.partition === partition)?.offset;
      return end && { low: end.low, high: end.high, near: near ?? end.high };
    },
  };
}
