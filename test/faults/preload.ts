/**
 * Crash points from outside: `bun --preload test/faults/preload.ts enrich/main.ts` runs the real program with kafkajs's calls wrapped.
 *
 * In: FAULT_FILE, whose orders (orders.ts) are read again at every point. Out: a death by -9, a blocked event loop or a clock that
 * jumped, exactly there. The program itself has no line for it, so it costs nothing in production and cannot be set off there.
 */
import { readFileSync } from "node:fs";
import { Kafka, type ProducerRecord } from "kafkajs";
import { type CrashPoint, meet, type Orders, NO_ORDERS } from "./orders.ts";

const { FAULT_FILE = "", FAULT_SESSION_MS } = process.env;
const CLOCK_MS = 50;
let text = "";
let current = NO_ORDERS;
let passed = 0;

function orders(): Orders {
  const found = readFileSync(FAULT_FILE, "utf8");
  if (found !== text) {
    text = found;
    current = text === "" ? NO_ORDERS : JSON.parse(text);
    passed = 0;
  }
  return current;
}

/** True at the point where the process is to die; a stall happens at once. */
function isDue(point: CrashPoint): boolean {
  const { crash, stall } = orders();
  if (stall?.at === point && passed++ === 0) {
    meet(FAULT_FILE, stall);
    Bun.sleepSync(stall.ms);
  }
  return crash?.at === point && passed++ >= crash.after;
}

function die(): never {
  if (current.crash) meet(FAULT_FILE, current.crash);
  process.kill(process.pid, "SIGKILL");
  throw new Error("killed");
}

function crashPoint(point: CrashPoint): void {
  if (isDue(point)) die();
}

const { producer: makeProducer, consumer: makeConsumer } = Kafka.prototype;

Kafka.prototype.producer = function (this: Kafka, config) {
  const producer = makeProducer.call(this, config);
  const send = producer.send;
  producer.send = async (record) => {
    const kind = kindOf(record);
    if (kind === "enriched" && isDue("mid-produce")) {
      await send({ ...record, messages: record.messages.slice(0, Math.ceil(record.messages.length / 2)) });
      die();
    }
    const result = await send(record);
    if (kind === "enriched") crashPoint("after produce");
    if (kind === "dead letters") crashPoint("after dead letters");
    return result;
  };
  return producer;
};

function kindOf({ topic }: ProducerRecord): "enriched" | "dead letters" | undefined {
  if (topic.endsWith(".enriched")) return "enriched";
  return topic.endsWith(".dlq") ? "dead letters" : undefined;
}

Kafka.prototype.consumer = function (this: Kafka, config) {
  const sessionTimeout = FAULT_SESSION_MS ? Number(FAULT_SESSION_MS) : config?.sessionTimeout;
  const consumer = makeConsumer.call(this, { ...config, sessionTimeout, groupId: config?.groupId ?? "" });
  const run = consumer.run;
  consumer.run = (options) =>
    run({
      ...options,
      eachBatch: async (payload) => {
        crashPoint("after fetch");
        const commit = payload.commitOffsetsIfNecessary;
        const commitOffsetsIfNecessary: typeof commit = async (offsets) => {
          crashPoint("before commit");
          await commit(offsets);
          crashPoint("after commit");
        };
        await options?.eachBatch?.({ ...payload, commitOffsetsIfNecessary });
      },
    });
  return consumer;
};

/** The wall clock jumps, timers go on: as after a correction by NTP or by hand. */
const RealDate = Date;
let jumpMs = 0;
setInterval(() => {
  jumpMs = orders().clockMs ?? 0;
}, CLOCK_MS).unref();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parts: [], newTarget) =>
    parts.length === 0
      ? Reflect.construct(target, [RealDate.now() + jumpMs], newTarget)
      : Reflect.construct(target, parts, newTarget),
  get: (target, name, receiver) =>
    name === "now" ? () => RealDate.now() + jumpMs : Reflect.get(target, name, receiver),
});
