/**
 * Apache Kafka from Maven's jars: one node in KRaft mode on free ports, its data in a folder that `stop` removes.
 *
 * In: optional port and server properties. Out: the address of the broker. Errors: what Kafka printed.
 * Source: kafka.apache.org/41/operations/kraft.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePorts, type Process, plainEnv, start, until } from "../processes.fixture.ts";
import { partPath } from "./parts.fixture.ts";

export interface ApacheKafka {
  /** host:port, for KAFKA_BROKERS. */
  brokers: string;
  /** The one that runs now. */
  readonly process: Process;
  /** Ends it, `hard` by -9, and after a while starts it again on the same data and port; resolves when it is up. */
  restart(hard: boolean, downMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ApacheKafkaOptions {
  port?: number;
  /** Server properties beside and before ours. */
  config?: Record<string, string | number | boolean>;
  jvm?: string[];
}

/** Up with half the CPU, at a lower speed later: for tests, which wait for the start and send little. */
export function startQuickKafka(options: ApacheKafkaOptions = {}): Promise<ApacheKafka> {
  return startApacheKafka({ jvm: QUICK_JVM, ...options });
}

const QUICK_JVM = ["-Xms512m", "-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
/** Its own orderly end takes some seconds. */
const STOP_MS = 20_000;

export async function startApacheKafka(options: ApacheKafkaOptions = {}): Promise<ApacheKafka> {
  const folder = await mkdtemp(join(tmpdir(), "apache-kafka-"));
  const [free, controllerPort] = freePorts(2);
  const port = options.port ?? free;
  const properties = { ...serverProperties(folder, `${port}`, `${controllerPort}`), ...options.config };
  const config = join(folder, "server.properties");
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
  await Bun.write(config, lines.join(""));
  await Bun.write(join(folder, "log4j2.properties"), LOG4J);
  const jvm = options.jvm ?? ["-Xms512m", "-Xmx1g"];
  let server: Process | undefined;
  const run = async (): Promise<Process> => {
    const log = start("kafka", java(folder, jvm, "kafka.Kafka", config));
    server = log;
    await until("Apache Kafka is up", () => log.output().includes("Kafka Server started"), {
      withinMs: 60_000,
      alive: [log],
    });
    return log;
  };
  const kill = async () => {
    server?.kill("SIGKILL");
    await server?.exited;
  };
  const stop = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await format(config);
    let running = await run();
    return {
      brokers: `127.0.0.1:${port}`,
      get process() {
        return running;
      },
      async restart(hard, downMs) {
        if (hard) await kill();
        else await running.stop(STOP_MS);
        await Bun.sleep(downMs);
        running = await run();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One of Kafka's own command-line tools by its class, such as `org.apache.kafka.tools.TopicCommand`. */
export function kafkaTool(className: string, ...args: string[]): string[] {
  return [...javaWithJars("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"), className, ...args];
}

/** One id in 64 begins with "-": it must not pass for an option. */
async function format(config: string): Promise<void> {
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
  const command = kafkaTool("kafka.tools.StorageTool", "format", `--cluster-id=${id}`, "--config", config);
  const child = Bun.spawn(command, { env: plainEnv(), stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [code, out, err] = await Promise.all([child.exited, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`Kafka's StorageTool ended with ${code}: ${out}${err}`);
}

function java(folder: string, jvm: string[], ...main: string[]): string[] {
  const settings = [
    `-Dlog4j2.configurationFile=${join(folder, "log4j2.properties")}`,
    "-Djava.awt.headless=true",
  ];
  return [...javaWithJars(...jvm, ...settings), ...main];
}

function javaWithJars(...flags: string[]): string[] {
  return [partPath("java"), ...flags, "-cp", join(partPath("kafka-jars"), "*")];
}

/** One replica of everything, few internal partitions (a quick start), no wait before the first rebalance. */
function serverProperties(folder: string, port: string, controllerPort: string) {
  return {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs": join(folder, "data"),
    "auto.create.topics.enable": false,
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
  };
}

/** Warnings, and the one line that says that the server is up. */
const LOG4J = `
appenders = stdout
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRefs = stdout
rootLogger.appenderRef.stdout.ref = stdout
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
`;
