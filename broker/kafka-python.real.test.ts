/** kafka-python 2.0, which asks with old versions and without ApiVersions where it can. */
import { expect, test } from "bun:test";
import { describeWith, partPath } from "../test/real/parts.fixture.ts";
import { outputOf } from "./foreign-program.fixture.ts";
import { aBroker } from "./raw-client.fixture.ts";

const PROGRAM = `
import sys
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
server = sys.argv[1]
admin = KafkaAdminClient(bootstrap_servers=server)
admin.create_topics([NewTopic("t", 2, 1)])
for codec in [None, "gzip"]:
    producer = KafkaProducer(bootstrap_servers=server, compression_type=codec, acks="all")
    for number in range(50):
        producer.send("t", key=b"k", value=b"%d" % number, partition=number % 2, headers=[("h", b"v")], timestamp_ms=1000 + number).get(10)
    producer.close()
consumer = KafkaConsumer("t", bootstrap_servers=server, group_id="g", auto_offset_reset="earliest", consumer_timeout_ms=2000)
found = sorted(int(message.value) for message in consumer)
print(found == sorted(list(range(50)) * 2))
consumer.commit()
print(sum(consumer.committed(TopicPartition("t", p)) for p in [0, 1]))
print(consumer.offsets_for_times({TopicPartition("t", 0): 1010})[TopicPartition("t", 0)].offset)
print(consumer.end_offsets([TopicPartition("t", 1)])[TopicPartition("t", 1)])
print(admin.describe_consumer_groups(["g"])[0].state)
consumer.close()
print(admin.list_consumer_groups())
admin.delete_consumer_groups(["g"])
admin.delete_topics(["t"])
print(admin.list_topics())
`;

describeWith(["python-kafka"], "kafka-python", () => {
  test("creates, produces, consumes in a group, asks for offsets and deletes", async () => {
    const { port } = await aBroker();
    const out = await outputOf([partPath("python-kafka"), "-c", PROGRAM, `127.0.0.1:${port}`]);
    const expected = ["True", "100", "5", "50", "Stable", "[('g', 'consumer')]", "[]"];
    expect(out.trimEnd().split("\n")).toEqual(expected);
  }, 60_000);
});
