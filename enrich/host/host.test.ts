/** A batch and its outputs, with a list for a producer. Over 250 lines: whole messages stand here. */
import type { RawTopic } from "./raw.ts";
import { describe, expect, test } from "bun:test";
import { KafkaUnavailable, MessageTooLarge, OutputRefused, StartOver } from "../../kafka/errors.ts";
import { CASE_TIME, changed } from "../enrich.case.ts";
import { asSent, batchOf, host, NOW, plan, raw, type Sent, topics } from "./host.fixture.ts";

/** Tells nothing. */
const RAW: RawTopic = {
  start: async () => 0,
  count: async () => 0,
  mark: async () => undefined,
  holds: async () => undefined,
};

describe("a batch", () => {
  test("an enriched message keeps partition and record timestamp, its key is the device id, its headers are ours", async () => {
    const { handle, sent } = host();
    await handle(batchOf([raw(42, changed({}), { key: null })]));
    expect(sent).toEqual([
      {
        topic: "iot.enriched",
        message: {
          key: "breaker-001",
          value: expect.stringContaining('"device_metadata"'),
          headers: { "iot.source.offset": "42", "iot.registry": plan.version },
          partition: 3,
          timestamp: CASE_TIME + 42,
        },
      },
    ]);
  });

  test("a dead letter keeps the raw bytes and the raw key, and says why in headers", async () => {
    const { handle, sent } = host();
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
    const key = Buffer.from([0xfe, 0x01]);
    await handle(batchOf([raw(7, bytes, { key }), raw(8, null, { key: null })]));
    expect(sent.map(({ topic }) => topic)).toEqual(["iot.raw.dlq", "iot.raw.dlq"]);
    expect(sent[0]?.message).toEqual({
      key,
      value: bytes,
      headers: {
        "iot.source.offset": "7",
        "iot.registry": plan.version,
        "iot.reason": "not_utf8",
        "iot.path": "",
        "iot.message": "the bytes are not UTF-8: byte 2 does not fit",
      },
      partition: 3,
      timestamp: CASE_TIME + 7,
    });
    expect(sent[1]?.message).toMatchObject({ key: null, value: null, headers: { "iot.reason": "not_json" } });
  });

  test("headers from outside never reach an output, whatever they are called", async () => {
    const { handle, sent } = host();
    const spoofed = {
      "iot.source.offset": Buffer.from("9"),
      "iot.reason": Buffer.from("x"),
      "iot.registry": Buffer.from("x"),
      other: Buffer.from("x"),
    };
    await handle(batchOf([raw(1, changed({}), { headers: spoofed }), raw(2, "x", { headers: spoofed })]));
    expect(sent.map(({ message }) => message.headers?.["iot.source.offset"])).toEqual(["1", "2"]);
    expect(Object.keys(sent[0]?.message.headers ?? {})).toEqual(["iot.source.offset", "iot.registry"]);
    expect(JSON.stringify(sent)).not.toContain('"other"');
  });

  test("dead letters leave their neighbours as they would be alone, in their order", async () => {
    const good = (offset: number) => raw(offset, changed({}));
    const alone = host();
    await alone.handle(batchOf([good(0), good(2), good(4)]));
    const among = host();
    await among.handle(batchOf([good(0), raw(1, "{"), good(2), raw(3, null), good(4)]));
    expect(among.sent.filter(({ topic }) => topic === topics.enriched)).toEqual(alone.sent);
    expect(
      among.sent
        .filter(({ topic }) => topic === topics.dlq)
        .map(({ message }) => message.headers?.["iot.source.offset"]),
    ).toEqual(["1", "3"]);
  });

  test("is settled only when both topics have acknowledged", async () => {
    const acks: (() => void)[] = [];
    const { handle, chunks } = host({
      producer: {
        send: (_, messages) => new Promise((resolve) => acks.push(() => resolve(messages.length))),
        stop: async () => {},
      },
    });
    let settled = false;
    const handled = handle(batchOf([raw(0, changed({})), raw(1, "{")])).then(() => {
      settled = true;
    });
    for (const sends of [1, 2]) {
      while (acks.length < sends) await Promise.resolve();
      expect({ settled, observed: chunks.length }).toEqual({ settled: false, observed: 0 });
      acks[sends - 1]?.();
    }
    await handled;
    expect({ settled, observed: chunks.length }).toEqual({ settled: true, observed: 1 });
  });

  test("an outage goes up to the consume loop and nothing is counted", async () => {
    const { handle, chunks } = host({
      producer: {
        send: async () => {
          throw new KafkaUnavailable("away");
        },
        stop: async () => {},
      },
    });
    await expect(handle(batchOf([raw(0, changed({}))]))).rejects.toThrow("away");
    expect(chunks).toEqual([]);
  });

  test("one registry judges a whole batch; a swap counts from the next one on", async () => {
    let version = "1.0.0+a";
    const { handle, sent } = host({
      plan: () => {
        const now = { ...plan, version };
        version = "2.0.0+b";
        return now;
      },
    });
    const many = Array.from({ length: 1_200 }, (_, offset) => raw(offset, changed({})));
    await handle(batchOf(many));
    await handle(batchOf([raw(1_200, changed({}))]));
    const versions = sent.map(({ message }) => message.headers?.["iot.registry"]);
    expect(new Set(versions.slice(0, -1))).toEqual(new Set(["1.0.0+a"]));
    expect(versions.at(-1)).toBe("2.0.0+b");
    expect(sent.map(({ message }) => Number(message.headers?.["iot.source.offset"]))).toEqual([
      ...Array(1_201).keys(),
    ]);
  });

  test("what the brokers refuse for its size becomes output_too_large, in the order of the offsets, the others go through", async () => {
    const sent: Sent[] = [];
    const { handle, chunks, accounting } = host({
      producer: {
        async send(topic, messages) {
          if (topic === topics.enriched && messages.some(({ value }) => String(value).includes("huge")))
            throw new MessageTooLarge("refused");
          sent.push(...messages.map((message) => ({ topic, message })));
          return messages.length;
        },
        stop: async () => {},
      },
    });
    const huge = changed({ "/note": "huge" });
    const values = [changed({}), huge, changed({}), "{", huge, changed({})];
    await handle(batchOf(values.map((value, offset) => raw(offset, value))));
    const places = (topic: string) =>
      sent
        .filter((one) => one.topic === topic)
        .map(
          ({ message: { headers } }) => `${headers?.["iot.source.offset"]} ${headers?.["iot.reason"] ?? ""}`,
        );
    expect(places(topics.enriched)).toEqual(["0 ", "2 ", "5 "]);
    expect(places(topics.dlq)).toEqual(["1 output_too_large", "3 not_json", "4 output_too_large"]);
    expect(chunks[0]?.outputs.map(({ raw: { offset }, result }) => `${offset} ${result.to}`)).toEqual([
      "0 enriched",
      "1 dlq",
      "2 enriched",
      "3 dlq",
      "4 dlq",
      "5 enriched",
    ]);
    expect(accounting.difference()).toBe(0);
  });

  test("that waits for an outage sends nothing of what is behind, and is judged by the registry of its first try", async () => {
    const sends: string[] = [];
    let version = 0;
    let isAway = true;
    const { handle } = host({
      plan: () => ({ ...plan, version: `${++version}.0.0+a` }),
      producer: {
        send: async (_, messages) => {
          if (messages[0]) sends.push(messages.map(({ headers }) => headers?.["iot.registry"]).join());
          if (isAway) throw new KafkaUnavailable("away");
          return messages.length;
        },
        stop: async () => {},
      },
    });
    const batch = batchOf(Array.from({ length: 1_000 }, (_, offset) => raw(offset, changed({}))));
    await expect(handle(batch)).rejects.toThrow("away");
    expect(sends).toHaveLength(1);
    isAway = false;
    await handle(batch);
    expect(new Set(sends.join().split(","))).toEqual(new Set(["1.0.0+a"]));
  });

  test("what the producer has no acknowledgement for is a difference in the accounting", async () => {
    const { handle, accounting, errors } = host({
      producer: { send: async (_, messages) => Math.max(0, messages.length - 1), stop: async () => {} },
    });
    await handle(batchOf([raw(0, changed({})), raw(1, changed({}))]));
    expect(accounting.difference()).toBe(1);
    expect(errors).toEqual(["iot.raw[3]@0..1: expected 2 outputs, found 1"]);
  });

  for (const [what, values] of Object.entries({
    "a dead letter": [changed({}), "{", changed({})],
    "a dead letter in place of a refused enriched message": [
      changed({}),
      changed({ "/note": "huge" }),
      changed({}),
    ],
  }))
    test(`${what} that the brokers refuse lets the partition wait, with its place; what is written by then is not sent again`, async () => {
      const sent: Sent[] = [];
      let isSmall = true;
      const { handle, chunks, accounting } = host({
        producer: {
          send: async (topic, messages) => {
            const isHuge = messages.some((message) => String(asSent(message).value).includes("huge"));
            const isRefused = topic === topics.dlq ? isSmall : isHuge;
            if (messages.length > 0 && isRefused) throw new MessageTooLarge("refused");
            sent.push(...messages.map((message) => ({ topic, message })));
            return messages.length;
          },
          stop: async () => {},
        },
      });
      const batch = batchOf(values.map((value, at) => raw(6 + at, value)));
      for (const attempt of [1, 2]) {
        const error = await handle(batch).catch((it) => it);
        expect(error).toBeInstanceOf(OutputRefused);
        expect(`${attempt}: ${error.message}`).toBe(
          `${attempt}: iot.raw[3]@7: its dead letter does not fit anywhere: refused`,
        );
      }
      expect(chunks).toEqual([]);
      isSmall = false;
      await handle(batch);
      expect(sent.map(({ message }) => message.headers?.["iot.source.offset"])).toEqual(["6", "8", "7"]);
      expect(accounting.difference()).toBe(0);
    });

  test("of more messages than are sent at once, those that are acknowledged are not sent again", async () => {
    const sent: string[] = [];
    let sends = 0;
    const { handle, accounting } = host({
      producer: {
        send: async (_, messages) => {
          if (++sends === 3) throw new KafkaUnavailable("away");
          sent.push(...messages.map(({ headers }) => `${headers?.["iot.source.offset"]}`));
          return messages.length;
        },
        stop: async () => {},
      },
    });
    const batch = batchOf(Array.from({ length: 1_000 }, (_, offset) => raw(offset, changed({}))));
    await expect(handle(batch)).rejects.toThrow("away");
    await handle(batch);
    expect(sent).toEqual(Array.from({ length: 1_000 }, (_, offset) => `${offset}`));
    expect(accounting.difference()).toBe(0);
  });

  test("a bug of ours is logged with topic, partition and offset; the message is a dead letter", async () => {
    const { handle, sent, errors } = host({
      plan: () => ({ ...plan, shapes: null as unknown as typeof plan.shapes }),
    });
    await handle(batchOf([raw(5, changed({}))]));
    expect(sent[0]?.message.headers?.["iot.reason"]).toBe("internal");
    expect(errors).toEqual(["iot.raw[3]@5: a bug in enrich(); the message becomes a dead letter"]);
  });

  test("messages that are missing before a batch are logged and counted, offsets that held none are not", async () => {
    for (const [held, difference] of [
      [2, 2],
      [0, 0],
      [undefined, 2],
    ] as const) {
      const { handle, errors, accounting } = host({
        raw: { ...RAW, count: async () => held },
      });
      await handle(batchOf([raw(5, changed({}))]));
      await handle(batchOf([raw(8, changed({}))]));
      expect(accounting.difference()).toBe(difference);
      const hole = "iot.raw[3]@6..7: expected 2 outputs, found 0";
      expect(errors).toEqual(difference === 0 ? [] : [hole]);
    }
  });

  test("an iot.raw that is another one than before is begun anew, whatever offset it gives; the mark goes with the commit", async () => {
    let mark = { offset: 0, sum: 1 };
    const asked: number[] = [];
    const { handle, sent } = host({
      lookEveryMs: 0,
      raw: { ...RAW, mark: async () => mark },
      async resume(_, given) {
        asked.push(given);
        return { next: given, written: new Set(), mark, epoch: asked.length - 1 };
      },
    });
    expect(await handle(batchOf([raw(5, changed({}))]))).toBe("first 0 1");
    mark = { offset: 2, sum: 7 };
    expect(await handle(batchOf([raw(6, changed({}))]))).toBe("first 2 7");
    mark = { offset: 0, sum: 3 };
    const late = handle(batchOf([raw(7, changed({}))]));
    await expect(late).rejects.toEqual(new StartOver("iot.raw was deleted and created again", 0));
    expect(await handle(batchOf([raw(0, changed({}))]))).toBe("first 0 3");
    expect(asked).toEqual([5, 0]);
    expect(sent.map(({ message: { headers } }) => headers?.["iot.source.epoch"])).toEqual([
      undefined,
      undefined,
      "1",
    ]);
  });

  test("a batch of the iot.raw that is gone gets no outputs in the name of the new one", async () => {
    const { handle, sent } = host({
      raw: { ...RAW, start: async () => 2, holds: async (_, { offset }) => offset === 2 },
      resume: async () => ({ next: undefined, written: new Set(), epoch: 9 }),
    });
    const late = handle(batchOf([raw(1, changed({}))]));
    await expect(late).rejects.toEqual(new StartOver("iot.raw was deleted and created again", 2));
    expect(sent).toEqual([]);
    await handle(batchOf([raw(2, changed({}))]));
    expect(sent).toHaveLength(1);
  });

  test("a batch may settle offsets that hold no message, before, between and behind those that do, and no message at all", async () => {
    const { handle, sent, errors, accounting } = host();
    await handle({ ...batchOf([raw(5, changed({})), raw(8, changed({}))]), first: 3, next: 12, empty: 7 });
    await handle({ ...batchOf([]), first: 12, next: 14, empty: 2 });
    await handle(batchOf([raw(14, changed({}))]));
    expect({ sent: sent.length, errors, difference: accounting.difference() }).toEqual({
      sent: 3,
      errors: [],
      difference: 0,
    });
  });

  test("records that nobody can read are one dead letter, with the range of their offsets and the cause", async () => {
    const { handle, sent, errors, accounting, chunks } = host();
    const undecodable = { first: 5, last: 9, cause: "a batch of 90 bytes: expected CRC 1, got 2" };
    await handle({ ...batchOf([]), first: 5, next: 10, empty: 4, undecodable: [undecodable] });
    await handle(batchOf([raw(10, changed({}))]));
    expect(sent[0]).toEqual({
      topic: topics.dlq,
      message: {
        key: null,
        value: Buffer.alloc(0),
        headers: {
          "iot.source.offset": "5",
          "iot.source.last_offset": "9",
          "iot.registry": plan.version,
          "iot.reason": "undecodable",
          "iot.path": "",
          "iot.message": "offsets 5 to 9 cannot be read: a batch of 90 bytes: expected CRC 1, got 2",
        },
        partition: 3,
        timestamp: NOW,
      },
    });
    expect(errors).toEqual([
      "iot.raw[3]@5..9 cannot be read and becomes a dead letter: a batch of 90 bytes: expected CRC 1, got 2",
    ]);
    expect([accounting.difference(), chunks.length]).toEqual([0, 2]);
  });

  test("what the outputs hold already is not judged again, and its epoch goes on", async () => {
    const { handle, sent, accounting } = host({
      resume: async () => ({ next: 8, written: new Set([5, 7]), epoch: 1_780_000_000_000 }),
    });
    await handle(batchOf([raw(5, changed({})), raw(6, changed({})), raw(7, "{"), raw(8, changed({}))]));
    expect(sent.map(({ message }) => message.headers)).toEqual(
      ["6", "8"].map((offset) => ({
        "iot.source.offset": offset,
        "iot.source.epoch": "1780000000000",
        "iot.registry": plan.version,
      })),
    );
    expect(accounting.difference()).toBe(0);
  });
});
