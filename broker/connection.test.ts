/** What a connection does when its client goes away in the middle, or sends more than it reads. */
import { expect, spyOn, test } from "bun:test";
import type { Broker } from "./apis/api.ts";
import { apiVersions } from "./apis/api-versions.ts";
import { fetch } from "./apis/fetch.ts";
import { heartbeat, joinGroup, syncGroup } from "./apis/membership.ts";
import { produce } from "./apis/produce.ts";
import { aBatch } from "./batch.fixture.ts";
import { Connection } from "./connection.ts";
import { ERROR } from "./protocol/errors.ts";
import { aBroker, afterwards, aRawClient, decode, request } from "./raw-client.fixture.ts";
import { fetchOf, partitionOf, produceOf, read, send, withTopic } from "./requests.fixture.ts";
import { until } from "../test/processes.fixture.ts";

const MINUTE = 60_000;

test("a fetch that waits is dropped when its client goes away, long before its time is over", async () => {
  const handled = spyOn(fetch, "handle");
  afterwards(() => handled.mockRestore());
  const { port } = await aBroker();
  const client = await aRawClient(port);
  await withTopic(client, "t");
  client.send(request(fetch, 4, fetchOf("t", 0, MINUTE)));
  await until("it comes true", () => handled.mock.calls.length === 1);
  const [broker] = handled.mock.calls[0] as [Broker, ...unknown[]];
  const waiting = () => broker.topics.partition("t", 0)?.waiters.size;
  expect(waiting()).toBe(1);
  client.end();
  await until("it comes true", () => waiting() === 0);
});

test("a client that sends and does not read is no longer read from, until it reads; then all is answered", async () => {
  const receive = spyOn(Connection.prototype, "receive");
  afterwards(() => receive.mockRestore());
  const { port } = await aBroker();
  const other = await aRawClient(port);
  await withTopic(other, "t");
  await other.ask(produce, 3, produceOf("t", aBatch(["x".repeat(900_000)])));
  const poll = (id: number) => request(fetch, 4, fetchOf("t", 0, 0), id);
  // More than the buffers of the network hold.
  const padding = Buffer.alloc(40_000, poll(0));
  const requests = Array.from({ length: 1_000 }, (_, id) => {
    const frame = Buffer.concat([request(apiVersions, 0, {}, id), padding]);
    frame.writeInt32BE(frame.length - 4, 0);
    return frame;
  });
  const heavy = Buffer.concat(Array.from({ length: 20 }, (_, id) => poll(10_000 + id)));
  const answered: number[] = [];
  let left = Buffer.alloc(0);
  const deaf = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, chunk) {
        left = Buffer.concat([left, chunk]);
        while (left.length >= 8 && left.length >= 4 + left.readInt32BE(0)) {
          answered.push(left.readInt32BE(4));
          left = left.subarray(4 + left.readInt32BE(0));
        }
      },
      drain: write,
    },
  });
  afterwards(() => deaf.terminate());
  deaf.pause();
  const all = Buffer.concat([heavy, ...requests]);
  let sent = 0;
  function write(): void {
    while (sent < all.length) {
      const taken = deaf.write(all.subarray(sent, sent + 1_000_000));
      if (taken <= 0) return;
      sent += taken;
    }
  }
  write();
  /** The other client's requests are of 18 bytes. */
  const fromDeaf = () => receive.mock.calls.filter(([chunk]) => chunk.length > 18);
  const received = () => fromDeaf().reduce((sum, [chunk]) => sum + chunk.length, 0);
  // Round trips of another client are the clock: the broker looks at every socket in each.
  for (let last = -1, still = 0; still < 20;) {
    await other.ask(apiVersions, 0, {});
    still = received() === last ? still + 1 : 0;
    last = received();
  }
  expect(received()).toBeLessThan(all.length / 2);
  deaf.resume();
  await until("it comes true", () => answered.length === 1_020);
  expect(answered).toEqual([
    ...Array.from({ length: 20 }, (_, id) => 10_000 + id),
    ...Array.from({ length: 1_000 }, (_, id) => id),
  ]);
});

test("an answer that its client takes late stays what it was, whatever others get meanwhile", async () => {
  const { port } = await aBroker();
  const other = await aRawClient(port);
  for (const name of ["late", "other"]) {
    await withTopic(other, name);
    for (let batch = 0; batch < 3; batch++) await send(other, name, aBatch([name.repeat(200_000)]));
  }
  const all = [0, 0, 1, 4_000_000] as const;
  const { records: late } = await read(other, "late", ...all);
  const { records: others } = await read(other, "other", ...all);
  const poll = request(fetch, 11, fetchOf("late", ...all));
  const slow = await Promise.all([aRawClient(port), aRawClient(port)]);
  for (const client of slow) client.pause();
  const gone = await aRawClient(port);
  gone.pause();
  // More than the buffers of the network hold.
  for (const client of [...slow, gone]) client.send(Buffer.concat(Array.from({ length: 8 }, () => poll)));
  for (let round = 0; round < 10; round++) {
    expect((await read(other, "other", ...all)).records.equals(others)).toBe(true);
    if (round === 5) gone.end();
  }
  for (const client of slow) {
    client.resume();
    for (let answer = 0; answer < 8; answer++)
      expect(partitionOf(decode(fetch, 11, await client.answer())).records.equals(late)).toBe(true);
  }
});

test("a member whose connection is gone without a word leaves its group when its session is over", async () => {
  const { port } = await aBroker();
  const [gone, stays] = [await aRawClient(port), await aRawClient(port)];
  const joining = (memberId: string, sessionTimeoutMs: number) => ({
    groupId: "g",
    sessionTimeoutMs,
    rebalanceTimeoutMs: MINUTE,
    memberId,
    groupInstanceId: null,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: Buffer.alloc(0) }],
  });
  type Joined = { memberId: string; generationId: number; members: unknown[] };
  const first = await gone.ask<Joined>(joinGroup, 3, joining("", 500));
  const { memberId, generationId } = first;
  await gone.ask(syncGroup, 2, { groupId: "g", generationId, memberId, assignments: [] });
  const second = stays.ask<Joined>(joinGroup, 3, joining("", MINUTE));
  gone.end();
  const { members, ...alone } = await second;
  expect(members).toHaveLength(1);
  expect(
    await stays.ask<object>(heartbeat, 2, { groupId: "g", ...alone, groupInstanceId: null }),
  ).toMatchObject({ errorCode: ERROR.NONE });
});
