import { describe, expect, test } from "bun:test";
import { HOSTILE, INVALID, POISON, snappyClaim, wrongSum } from "./poison.fixture.ts";
import { ERROR } from "./protocol/errors.ts";
import { aBroker, aRawClient, collectLog } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";

/** That fits every kind here. */
const LARGE = { "max.message.bytes": "10000000" };
const OTHER_ANSWERS: Record<string, number> = {
  "compression-5": ERROR.UNSUPPORTED_COMPRESSION,
  "compression-7": ERROR.UNSUPPORTED_COMPRESSION,
  "header-cut": ERROR.CORRUPT_MESSAGE,
  "magic-3": ERROR.CORRUPT_MESSAGE,
  transactional: ERROR.INVALID_TXN_STATE,
};

describe("a batch is looked into before it is stored", () => {
  for (const [name, make] of Object.entries(INVALID)) {
    test(`${name} is refused, said with its place, and nothing of it is stored`, async () => {
      const log = collectLog();
      const client = await aRawClient((await aBroker({ log })).port);
      await withTopic(client, "t");
      const answer = { errorCode: OTHER_ANSWERS[name] ?? ERROR.INVALID_RECORD, baseOffset: -1 };
      expect(await send(client, "t", make("value"))).toMatchObject(answer);
      expect((await read(client, "t", 0)).highWatermark).toBe(0);
      expect(log.lines).toEqual([expect.stringMatching(/^warn t\[0\]: a batch is refused: /)]);
    });
  }

  test("what is odd but whole is stored, and what unpacks to more than 32 MiB is too large", async () => {
    const client = await aRawClient((await aBroker()).port);
    for (const [name, make] of Object.entries(HOSTILE)) {
      await withTopic(client, name, LARGE);
      const errorCode = name.includes("bomb") ? ERROR.MESSAGE_TOO_LARGE : ERROR.NONE;
      expect({ name, ...(await send(client, name, make("value"))) }).toMatchObject({ name, errorCode });
    }
  });

  test("a wrong sum, and a size that snappy only claims, are refused", async () => {
    const client = await aRawClient((await aBroker()).port);
    await withTopic(client, "t");
    expect((await send(client, "t", wrongSum("value"))).errorCode).toBe(ERROR.CORRUPT_MESSAGE);
    expect((await send(client, "t", snappyClaim(4_000_000_000))).errorCode).toBe(ERROR.INVALID_RECORD);
  });

  test("a refusal names the record, its byte, what was expected and what was found", async () => {
    const log = collectLog();
    const client = await aRawClient((await aBroker({ log })).port);
    await withTopic(client, "t");
    await send(client, "t", INVALID["offset-delta-wrong-zstd"]("value"));
    await send(client, "t", INVALID["corrupt-zstd"]());
    const [first, second] = log.lines;
    expect(first).toBe(
      "warn t[0]: a batch is refused: record 0, byte 4: expected an offset delta from 0 to 1, got 7",
    );
    expect(second).toStartWith("warn t[0]: a batch is refused: zstd: it cannot be unpacked: ");
  });
});

describe("a topic with limits on times", () => {
  test("refuses a batch with one record beyond them, and takes one without a time", async () => {
    const client = await aRawClient((await aBroker()).port);
    const hour = "3600000";
    const limits = { "message.timestamp.after.max.ms": hour, "message.timestamp.before.max.ms": hour };
    await withTopic(client, "t", limits);
    const answers: Record<string, number> = {};
    for (const [name, make] of Object.entries(HOSTILE))
      if (name.startsWith("time-")) answers[name] = (await send(client, "t", make("value"))).errorCode;
    expect(answers).toEqual({
      "time-int64-max": ERROR.INVALID_TIMESTAMP,
      "time-int64-min": ERROR.INVALID_TIMESTAMP,
      "time-minus-1": ERROR.NONE,
      "time-delta-of-2-to-62": ERROR.INVALID_TIMESTAMP,
    });
  });
});

describe("a broker that is told not to look into batches", () => {
  test("hands every kind of poison to a reader as it came", async () => {
    const client = await aRawClient((await aBroker({ validate: false })).port);
    const withoutPlace = ["count-zero", "header-cut", "magic-1", "magic-3"];
    for (const [name, make] of Object.entries(POISON)) {
      if (withoutPlace.includes(name)) continue;
      const batch = make("value");
      await withTopic(client, name, LARGE);
      expect(await send(client, name, batch)).toMatchObject({ errorCode: 0, baseOffset: 0 });
      const { records } = await read(client, name, 0);
      expect(records.subarray(16).equals(batch.subarray(16))).toBe(true);
    }
  });
});
