/**
 * The loads of bench/broker.ts: Kafka's perf tools and kcat, each against any broker; and what a broker's process has used.
 *
 * In: the address of a broker, a topic, how many messages. Out: messages a second, as the tool says or by its wall time.
 */
import { runProgram } from "../test/processes.fixture.ts";
import { kafkaTool } from "../test/real/apache-kafka.fixture.ts";
import { partPath } from "../test/real/parts.fixture.ts";

export interface Load {
  name: string;
  kind: "produce" | "consume";
  /** The share of the other broker's rate that ours must reach. */
  atLeast: number;
  run(brokers: string, topic: string): Promise<number>;
}

const PRODUCE_LIMIT = 0.5;
const CONSUME_LIMIT = 0.8;

/** A load that produces fills the topic for the one that consumes behind it. `lines`: a file of `messages` lines. */
export function loads(messages: number, lines: string, codec: string): Load[][] {
  const lineBytes = Math.round(Bun.file(lines).size / messages) - 1;
  const java = [
    { name: `kafka-producer-perf-test, ${codec}`, kind: "produce", atLeast: PRODUCE_LIMIT, run: javaProduce },
    { name: "kafka-consumer-perf-test", kind: "consume", atLeast: CONSUME_LIMIT, run: javaConsume },
  ] as const;
  const kcat = [
    { name: `kcat -P, ${codec}`, kind: "produce", atLeast: PRODUCE_LIMIT, run: kcatProduce },
    { name: "kcat -C", kind: "consume", atLeast: CONSUME_LIMIT, run: kcatConsume },
  ] as const;
  return [[...java], [...kcat]];

  async function javaProduce(brokers: string, topic: string): Promise<number> {
    const args = ["--topic", topic, "--num-records", `${messages}`, "--throughput", "-1"];
    const payload = ["--payload-file", lines];
    const props = [`bootstrap.servers=${brokers}`, "acks=all", `compression.type=${codec}`];
    const tool = kafkaTool("org.apache.kafka.tools.ProducerPerformance", ...args, ...payload);
    const said = await runProgram([...tool, "--producer-props", ...props]);
    return numberIn(said, new RegExp(`^${messages} records sent, ([\\d.]+) records/sec`, "m"));
  }

  /** Its tenth column: messages a second without the time of joining. */
  async function javaConsume(brokers: string, topic: string): Promise<number> {
    const args = ["--bootstrap-server", brokers, "--topic", topic, "--messages", `${messages}`];
    const tool = kafkaTool("org.apache.kafka.tools.ConsumerPerformance", ...args, "--timeout", "20000");
    const columns = (await runProgram(tool)).trim().split("\n").at(-1)?.split(", ") ?? [];
    if (Number(columns[4]) < messages) throw new Error(`${topic}: ${columns[4]} of ${messages} messages`);
    return Number(columns[9]);
  }

  async function kcatProduce(brokers: string, topic: string): Promise<number> {
    const args = ["-b", brokers, "-P", "-t", topic, "-z", codec, "-X", "acks=all", "-l", lines];
    const partitions = ["-X", "linger.ms=5", "-X", "queue.buffering.max.messages=1000000"];
    return timed(() => runProgram([partPath("kcat"), ...args, ...partitions]));
  }

  async function kcatConsume(brokers: string, topic: string): Promise<number> {
    const args = ["-b", brokers, "-C", "-t", topic, "-e", "-q", "-o", "beginning"];
    let bytes = 0;
    const rate = await timed(async () => {
      const child = Bun.spawn([partPath("kcat"), ...args], { stdin: "ignore", stderr: "inherit" });
      for await (const chunk of child.stdout) bytes += chunk.length;
      if ((await child.exited) !== 0) throw new Error(`kcat ended with ${child.exitCode}`);
    });
    const expected = messages * (lineBytes + 1);
    if (bytes !== expected) throw new Error(`${topic}: ${bytes} of ${expected} bytes`);
    return rate;
  }

  async function timed(run: () => Promise<unknown>): Promise<number> {
    const began = performance.now();
    await run();
    return messages / ((performance.now() - began) / 1000);
  }
}

function numberIn(said: string, pattern: RegExp): number {
  const found = said.match(pattern)?.[1];
  if (found === undefined) throw new Error(`expected ${pattern} in: ${said.slice(-500)}`);
  return Number(found);
}
