/** Kafka's own command-line tools, 4.1: the Java client at its newest. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { describeWith, partPath } from "../test/real/parts.fixture.ts";
import { outputOf } from "./foreign-program.fixture.ts";
import { aBroker, aFolder } from "./raw-client.fixture.ts";

const TOOLS = "org.apache.kafka.tools";

async function java(tool: string, args: string[], input = ""): Promise<string> {
  const quick = ["-Xmx256m", "-XX:TieredStopAtLevel=1"];
  const command = [partPath("java"), ...quick, "-cp", join(partPath("kafka-jars"), "*"), tool, ...args];
  return (await outputOf(command, input)).trimEnd();
}

describeWith(["java", "kafka-jars"], "Kafka's command-line tools", () => {
  test("work on topics, messages, groups, offsets, configurations and log dirs", async () => {
    const { port } = await aBroker();
    const at = ["--bootstrap-server", `127.0.0.1:${port}`];
    const topics = (...args: string[]) => java(`${TOOLS}.TopicCommand`, [...at, ...args]);
    const groups = (...args: string[]) =>
      java(`${TOOLS}.consumer.group.ConsumerGroupCommand`, [...at, ...args]);
    const offsets = (...args: string[]) => java(`${TOOLS}.GetOffsetShell`, [...at, "--topic", "t", ...args]);

    await topics("--create", "--topic", "t", "--partitions", "1", "--config", "retention.ms=3600000");
    await topics("--alter", "--topic", "t", "--partitions", "2");
    expect(await topics("--describe", "--topic", "t")).toContain("PartitionCount: 2\tReplicationFactor: 1");

    const lines = Array.from({ length: 100 }, (_, number) => `line ${number}`);
    await java(`${TOOLS}.ConsoleProducer`, [...at, "--topic", "t"], lines.join("\n"));
    const consume = ["--topic", "t", "--from-beginning", "--max-messages", "100", "--group", "g"];
    const read = await java(`${TOOLS}.consumer.ConsoleConsumer`, [
      ...at,
      ...consume,
      "--timeout-ms",
      "20000",
    ]);
    expect(read.split("\n").sort()).toEqual(lines.toSorted());

    expect(await groups("--list")).toBe("g");
    const described = (await groups("--describe", "--group", "g")).match(/^g +t +\d+ +\d+ +\d+ +0 /gm);
    expect(described).toHaveLength(2);
    const reset = ["--group", "g", "--topic", "t", "--reset-offsets", "--to-earliest", "--execute"];
    expect(await groups(...reset)).toMatch(/^g +t +0 +0/m);
    expect(await groups("--group", "g", "--delete")).toContain("successful");

    const ends = (await offsets()).split("\n").map((line) => Number(line.split(":")[2]));
    expect(ends[0] ?? 0).toBe(100 - (ends[1] ?? 0));
    const json = join(aFolder(), "delete.json");
    await Bun.write(
      json,
      JSON.stringify({ version: 1, partitions: [{ topic: "t", partition: 0, offset: -1 }] }),
    );
    await java(`${TOOLS}.DeleteRecordsCommand`, [...at, "--offset-json-file", json]);
    expect(await offsets("--time", "-2", "--partitions", "0")).toBe(`t:0:${ends[0]}`);

    const describe = ["--describe", "--entity-type", "topics", "--entity-name", "t"];
    expect(await java("kafka.admin.ConfigCommand", [...at, ...describe])).toContain("retention.ms=3600000");
    expect(await java(`${TOOLS}.LogDirsCommand`, [...at, "--describe"])).toContain('"partition":"t-1"');
    await topics("--delete", "--topic", "t");
    expect(await topics("--list")).toBe("");
  }, 180_000);

  test("produce (idempotent, as is their default) and consume 20,000 messages with each compression", async () => {
    const { port } = await aBroker();
    const at = ["--bootstrap-server", `127.0.0.1:${port}`];
    await java(`${TOOLS}.TopicCommand`, [...at, "--create", "--topic", "t", "--partitions", "3"]);
    const codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    for (const codec of codecs) {
      const props = ["--producer-props", `bootstrap.servers=127.0.0.1:${port}`, `compression.type=${codec}`];
      const load = ["--topic", "t", "--num-records", "20000", "--record-size", "200", "--throughput", "-1"];
      expect(await java(`${TOOLS}.ProducerPerformance`, [...load, ...props])).toContain("20000 records sent");
    }
    const all = String(20_000 * codecs.length);
    const read = await java(`${TOOLS}.ConsumerPerformance`, [...at, "--topic", "t", "--messages", all]);
    expect(read).not.toContain("WARNING");
    expect(read).toContain(`, ${all}, `);
  }, 180_000);
});
