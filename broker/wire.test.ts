import { describe, expect, test } from "bun:test";
import type { RawClient } from "./raw-client.fixture.ts";
import { aBroker, aRawClient, collectLog, decode, rawRequest, request } from "./raw-client.fixture.ts";
import type { Api } from "./apis/api.ts";
import { apiVersions } from "./apis/api-versions.ts";
import { fetch } from "./apis/fetch.ts";
import { metadata } from "./apis/metadata.ts";
import { produce } from "./apis/produce.ts";
import { APIS } from "./apis/table.ts";
import { aBatch } from "./batch.fixture.ts";
import { fetchOf, produceOf, withTopic } from "./requests.fixture.ts";
import { int32 } from "./protocol/fields.ts";

const EVERYTHING = { topics: null, allowAutoTopicCreation: false };

async function isServed(client: RawClient): Promise<boolean> {
  const { errorCode } = await client.ask<{ errorCode: number }>(apiVersions, 0, {});
  return errorCode === 0;
}

describe("frames", () => {
  test("a request that comes byte by byte is answered like one that comes whole", async () => {
    const client = await aRawClient((await aBroker()).port);
    for (const byte of request(apiVersions, 0, {})) client.send(Uint8Array.of(byte));
    expect(decode<{ errorCode: number }>(apiVersions, 0, await client.answer()).errorCode).toBe(0);
  });

  test("requests that come in one piece are answered in their order, also behind a long poll", async () => {
    const client = await aRawClient((await aBroker()).port);
    await withTopic(client, "t");
    const poll = request(fetch, 4, fetchOf("t", 0, 100), 701);
    const others = [702, 703, 704].map((id) => request(metadata, 1, EVERYTHING, id));
    client.send(Buffer.concat([poll, ...others]));
    const ids: number[] = [];
    for (let count = 0; count < 4; count++) ids.push((await client.answer()).readInt32BE(0));
    expect(ids).toEqual([701, 702, 703, 704]);
  });

  test("a frame cut anywhere, with the next one behind it, is put together again", async () => {
    const client = await aRawClient((await aBroker()).port);
    const two = Buffer.concat([request(metadata, 1, EVERYTHING, 1), request(metadata, 1, EVERYTHING, 2)]);
    for (const cut of [1, 4, 5, 20, two.length / 2, two.length - 1]) {
      client.send(two.subarray(0, cut));
      client.send(two.subarray(cut));
      expect((await client.answer()).readInt32BE(0)).toBe(1);
      expect((await client.answer()).readInt32BE(0)).toBe(2);
    }
  });

  test("a client that does not read its answers holds up no one else", async () => {
    const { port } = await aBroker();
    const greedy = await aRawClient(port);
    await withTopic(greedy, "t");
    await greedy.ask(produce, 3, produceOf("t", aBatch(["x".repeat(900_000)])));
    const deaf = Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { open: (socket) => void socket.pause(), data() {} },
    });
    const socket = await deaf;
    socket.write(Buffer.concat(Array.from({ length: 100 }, () => request(fetch, 4, fetchOf("t", 0, 0)))));
    expect(await isServed(greedy)).toBe(true);
    socket.terminate();
  });
});

describe("what is not Kafka ends its connection and nothing else", () => {
  const length = (value: number) => {
    const bytes = Buffer.alloc(20);
    bytes.writeInt32BE(value, 0);
    return bytes;
  };
  const truncated = request(metadata, 1, EVERYTHING).subarray(0, -2);
  truncated.writeInt32BE(truncated.length - 4, 0);
  const hugeArray = rawRequest(metadata.key, 1, (writer) => int32.write(writer, 0x7fffffff, 0));
  const bytes: Record<string, [bytes: Buffer, said: string]> = {
    "a length of 2 GB": [length(0x7fffffff), "got 2147483647"],
    "a negative length": [length(-5), "got -5"],
    "a length of nothing": [length(0), "got 0"],
    "an HTTP request": [Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "got 1195725856"],
    "a TLS greeting": [Buffer.from("16030100f8010000f40303", "hex"), "got 369295616"],
    "an API that does not exist": [rawRequest(999, 0), "API 999 version 0: not supported"],
    "a version that is too new": [rawRequest(metadata.key, 12), "Metadata version 12: expected 0 to 8"],
    "a version that is too old": [rawRequest(fetch.key, 3), "Fetch version 3: expected 4 to 11"],
    "a produce request older than record batches": [
      rawRequest(produce.key, 2, (writer) => produce.request.write(writer, produceOf("t", aBatch(["a"])), 2)),
      "Produce version 2: expected 3 to 7",
    ],
    "a body that ends early": [truncated, "Metadata version 1: byte"],
    "an array of 2 billion topics": [
      hugeArray,
      "Metadata version 1: an array of 2147483647 items ends early",
    ],
  };

  for (const [name, [sent, said]] of Object.entries(bytes)) {
    test(name, async () => {
      const log = collectLog();
      const { port } = await aBroker({ log });
      const client = await aRawClient(port);
      client.send(sent);
      await client.ended;
      expect(log.lines).toEqual([expect.stringContaining(said)]);
      expect(await isServed(await aRawClient(port))).toBe(true);
    });
  }

  test("bodies of random bytes, for every API in every version", async () => {
    const { port } = await aBroker();
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed % below;
    };
    for (const api of APIS) {
      for (let version = api.versions[0]; version <= api.versions[1]; version++) {
        const client = await aRawClient(port);
        const body = Buffer.from(Array.from({ length: random(200) }, () => random(4) && random(256)));
        client.send(rawRequest(api.key, version, (writer) => void writer.claim(body.length).set(body)));
        client.end();
      }
    }
    expect(await isServed(await aRawClient(port))).toBe(true);
  });
});

describe("ApiVersions", () => {
  test("a version that is not known is answered in form 0, with error 35 and the list", async () => {
    const client = await aRawClient((await aBroker()).port);
    client.send(rawRequest(apiVersions.key, 99, () => {}, 7));
    const frame = await client.answer();
    const { errorCode, apiKeys } = decode<{ errorCode: number; apiKeys: unknown[] }>(apiVersions, 0, frame);
    expect(errorCode).toBe(35);
    expect(apiKeys).toHaveLength(APIS.length);
    expect(frame).toHaveLength(4 + 2 + 4 + 6 * APIS.length);
    expect(await isServed(client)).toBe(true);
  });

  test("version 3 has a header without tags, a compact list and tags behind each entry", async () => {
    const client = await aRawClient((await aBroker()).port);
    client.send(rawRequest(apiVersions.key, 3, () => {}, 7));
    const frame = await client.answer();
    expect(frame.subarray(0, 7)).toEqual(Buffer.from([0, 0, 0, 7, 0, 0, APIS.length + 1]));
    expect(frame.subarray(7, 14)).toEqual(Buffer.from([0, 0, 0, 0, 0, 7, 0]));
    expect(frame).toHaveLength(4 + 2 + 1 + 7 * APIS.length + 4 + 1);
  });

  test("the versions are those of design.md section 8", () => {
    const versionsOf = ({ name, versions }: Api) => [name, versions.join("-")];
    expect(Object.fromEntries(APIS.map(versionsOf))).toEqual({
      Produce: "0-7",
      Fetch: "4-11",
      ListOffsets: "1-4",
      Metadata: "0-8",
      OffsetCommit: "1-7",
      OffsetFetch: "1-5",
      FindCoordinator: "0-2",
      JoinGroup: "0-5",
      Heartbeat: "0-3",
      LeaveGroup: "0-3",
      SyncGroup: "0-3",
      DescribeGroups: "0-4",
      ListGroups: "0-2",
      ApiVersions: "0-3",
      CreateTopics: "0-4",
      DeleteTopics: "0-3",
      DeleteRecords: "0-1",
      InitProducerId: "0-1",
      DescribeConfigs: "0-3",
      DescribeLogDirs: "0-1",
      CreatePartitions: "0-1",
      DeleteGroups: "0-1",
    });
  });

  test("Metadata lists the one broker in every version", async () => {
    const { port } = await aBroker();
    const client = await aRawClient(port);
    for (let version = 0; version <= 8; version++) {
      const { brokers } = await client.ask<{ brokers: unknown }>(metadata, version, {
        ...EVERYTHING,
        topics: version === 0 ? [] : null,
      });
      expect(brokers).toEqual([{ nodeId: 1, host: "127.0.0.1", port, rack: undefined }]);
    }
  });
});

describe("acks=0", () => {
  test("a produce request without acks is stored and not answered", async () => {
    const client = await aRawClient((await aBroker()).port);
    await withTopic(client, "t");
    client.send(request(produce, 3, produceOf("t", aBatch(["a"]), 0)));
    const { topics } = await client.ask<{ topics: { partitions: { highWatermark: number }[] }[] }>(
      fetch,
      4,
      fetchOf("t", 0, 0),
    );
    expect(topics[0]?.partitions[0]?.highWatermark).toBe(1);
  });

  test("a refused one ends the connection: the client would not learn of it otherwise", async () => {
    const client = await aRawClient((await aBroker()).port);
    client.send(request(produce, 3, produceOf("missing", aBatch(["a"]), 0)));
    await client.ended;
  });
});
