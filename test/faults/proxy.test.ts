import { afterEach, describe, expect, test } from "bun:test";
import net from "node:net";
import { type RunningBroker, startBroker } from "../../broker/broker.ts";
import { createKafka, type Kafka } from "../../kafka/client.ts";
import { ensureTopics, endOffsets } from "../../kafka/admin.ts";
import { createProducer, type Producer } from "../../kafka/producer.ts";
import { until } from "../processes.fixture.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

const TOPIC = "t";
const SILENT = { info() {}, warn() {}, error() {} };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A broker that clients reach through the proxy alone, and one that asks it directly. */
async function scene(): Promise<{
  proxy: FaultProxy;
  broker: RunningBroker;
  kafka: Kafka;
  producer: Producer;
}> {
  const proxy = await startProxy();
  const broker = await startBroker({ advertisedPort: proxy.port, firstRebalanceDelayMs: 0 });
  proxy.aim(broker.port);
  const kafka = createKafka({ brokers: [`127.0.0.1:${proxy.port}`], clientId: "test" }, SILENT);
  await ensureTopics(kafka, [{ name: TOPIC, partitions: 1, configs: {} }]);
  const producer = await createProducer(kafka);
  cleanups.push(
    () => broker.stop(),
    () => proxy.stop(),
    () => producer.stop(),
  );
  return { proxy, broker, kafka, producer };
}

const one = (value: string) => [{ key: "k", value, partition: 0 }];
/** A Produce request, version 3, correlation id 7, filled up to `length` bytes. */
const frameOf = (length: number) => {
  const frame = Buffer.alloc(length, 0x55);
  frame.writeInt32BE(length - 4, 0);
  Buffer.from("0000000300000007", "hex").copy(frame, 4);
  return frame;
};
const FRAME = frameOf(16);
const stored = async (kafka: Kafka) => (await endOffsets(kafka, TOPIC))[0]?.high;

/** What has come through: sizes as the socket gave them, and how long after the sending. */
interface Arrived {
  bytes: Buffer;
  chunks: number[];
  ms: number;
}

/** Raw sockets on both sides of the proxy: a client that sends, and a broker that gives the same back once it has it all. */
async function echo() {
  const proxy = await startProxy();
  let began = 0;
  let length = 0;
  const arrival = () => {
    const chunks: Buffer[] = [];
    const { promise, resolve } = Promise.withResolvers<Arrived>();
    return {
      promise,
      add(chunk: Buffer) {
        chunks.push(chunk);
        const bytes = Buffer.concat(chunks);
        if (bytes.length < length) return undefined;
        resolve({ bytes, chunks: chunks.map((one) => one.length), ms: performance.now() - began });
        return bytes;
      },
    };
  };
  const atBroker = arrival();
  const atClient = arrival();
  const server = net.createServer((socket) => {
    socket.on("data", (chunk) => {
      const all = atBroker.add(chunk as Buffer);
      if (all) socket.write(all);
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  proxy.aim((server.address() as net.AddressInfo).port);
  const client = net.connect({ host: "127.0.0.1", port: proxy.port });
  client.on("data", (chunk) => void atClient.add(chunk as Buffer));
  cleanups.push(
    () => server.close(),
    () => proxy.stop(),
    () => client.destroy(),
  );
  return {
    proxy,
    there(frame: Buffer): Promise<Arrived> {
      length = frame.length;
      began = performance.now();
      client.write(frame);
      return atBroker.promise;
    },
    back: (): Promise<Arrived> => atClient.promise,
  };
}

describe("the proxy", () => {
  test("passes everything on in fair weather", async () => {
    const { kafka, producer } = await scene();
    await producer.send(TOPIC, one("x".repeat(500_000)));
    expect(await stored(kafka)).toBe(1);
  });

  test("cuts before the broker has the request: the repetition is the only one", async () => {
    const { proxy, kafka, producer } = await scene();
    await producer.send(TOPIC, one("first"));
    const trap = { api: "Produce", effect: "cut before" } as const;
    proxy.trap(trap);
    await producer.send(TOPIC, one("second"));
    expect([proxy.armed(trap), await stored(kafka)]).toEqual([false, 2]);
  });

  test("cuts after the broker has acted: the repetition stands twice", async () => {
    const { proxy, kafka, producer } = await scene();
    await producer.send(TOPIC, one("first"));
    const trap = { api: "Produce", effect: "cut after" } as const;
    proxy.trap(trap);
    await producer.send(TOPIC, one("second"));
    expect([proxy.armed(trap), await stored(kafka)]).toEqual([false, 3]);
  });

  test("holds the answers, which come when it ends", async () => {
    const { proxy, kafka, producer } = await scene();
    await producer.send(TOPIC, one("first"));
    proxy.weather.held = "answers";
    let acknowledged = false;
    const sending = producer.send(TOPIC, one("second")).then(() => {
      acknowledged = true;
    });
    await Bun.sleep(300);
    expect(acknowledged).toBe(false);
    proxy.clear();
    await sending;
    expect(await stored(kafka)).toBe(2);
  });

  test("delivers what was held although the client has gone", async () => {
    const { proxy } = await scene();
    const received: Buffer[] = [];
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (_, chunk) => void received.push(Buffer.from(chunk)) },
    });
    cleanups.push(() => listener.stop(true));
    proxy.aim(listener.port);
    proxy.weather.held = "requests";
    const client = await Bun.connect({ hostname: "127.0.0.1", port: proxy.port, socket: { data() {} } });
    client.write(FRAME);
    await Bun.sleep(50);
    client.end();
    await Bun.sleep(50);
    expect(received).toEqual([]);
    proxy.clear();
    await until("it is there", () => Buffer.concat(received).equals(FRAME));
  });

  test("delays each frame, there and back again", async () => {
    const { proxy, there, back } = await echo();
    proxy.weather.latencyMs = 120;
    const { ms } = await there(FRAME);
    expect([ms >= 110, ms]).toEqual([true, ms]);
    const again = await back();
    expect([again.ms >= 220, again.ms]).toEqual([true, again.ms]);
  });

  test("gives tiny pieces, and no more of them than asked in a second", async () => {
    const { proxy, there, back } = await echo();
    // 64 bytes one by one, then 10 pieces of 4,096 at most: 40,000 bytes take 400 ms, each way.
    proxy.weather.bytesPerS = 100_000;
    const large = frameOf(40_064);
    for (const [way, longest] of [
      [await there(large), 350],
      [await back(), 700],
    ] as const) {
      expect(way.bytes.equals(large)).toBe(true);
      expect([way.ms >= longest, way.ms]).toEqual([true, way.ms]);
      expect(way.chunks.length).toBeGreaterThan(20);
      expect(Math.min(...way.chunks)).toBeLessThan(10);
    }
  });

  test("real clients live with both", async () => {
    const { proxy, kafka, producer } = await scene();
    Object.assign(proxy.weather, { bytesPerS: 200_000, latencyMs: 5 });
    await producer.send(TOPIC, one("x"));
    expect(await stored(kafka)).toBe(1);
  });

  test("leaves clients in half-open connections", async () => {
    const { proxy, producer } = await scene();
    await producer.send(TOPIC, one("first"));
    expect(proxy.halfOpen()).toBeGreaterThan(0);
    const sending = producer.send(TOPIC, one("second")).then(() => "acknowledged");
    expect(await Promise.race([sending, Bun.sleep(300).then(() => "silence")])).toBe("silence");
    proxy.cut();
    expect(await sending).toBe("acknowledged");
  });

  test("refuses new connections as a machine without a broker does", async () => {
    const { proxy, producer } = await scene();
    proxy.weather.refuses = true;
    proxy.cut();
    const sending = producer.send(TOPIC, one("first")).then(() => "acknowledged");
    expect(await Promise.race([sending, Bun.sleep(200).then(() => "silence")])).toBe("silence");
    proxy.clear();
    expect(await sending).toBe("acknowledged");
  });
});
