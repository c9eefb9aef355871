import { describe, expect, test } from "bun:test";
import { HOSTILE, INVALID } from "./poison.fixture.ts";
import { aBroker, aRawClient } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";

describe("a broker that is told not to look into batches", () => {
  test("hands every kind of poison to a reader as it came", async () => {
    const client = await aRawClient((await aBroker({ validate: false })).port);
    const withoutPlace = ["count-zero", "magic-1", "magic-3"];
    for (const [name, make] of Object.entries({ ...INVALID, ...HOSTILE })) {
      if (withoutPlace.includes(name)) continue;
      const batch = make("value");
      await withTopic(client, name, { "max.message.bytes": "10000000" });
      expect(await send(client, name, batch)).toMatchObject({ errorCode: 0, baseOffset: 0 });
      const { records } = await read(client, name, 0);
      expect(records.subarray(16).equals(batch.subarray(16))).toBe(true);
    }
  });
});
