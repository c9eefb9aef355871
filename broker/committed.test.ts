import { describe, expect, test } from "bun:test";
import { offsetCommit, offsetFetch } from "./apis/committed-offsets.ts";
import { listGroups } from "./apis/group-admin.ts";
import { heartbeat, joinGroup, leaveGroup, syncGroup, type JoinResult } from "./apis/membership.ts";
import { ERROR } from "./protocol/errors.ts";
import * as t from "./protocol/fields.ts";
import { aBroker, aRawClient, type RawClient, rawRequest } from "./raw-client.fixture.ts";
import { withTopic } from "./requests.fixture.ts";

async function onATopic(): Promise<RawClient> {
  const client = await aRawClient((await aBroker()).port);
  await withTopic(client, "t", {}, 2);
  return client;
}

test("a group whose name is no UTF-8, and as long as a name can be, keeps nobody from the list of groups", async () => {
  const client = await onATopic();
  const name = Buffer.alloc(12_000, 0xff);
  const none = rawRequest(offsetCommit.key, 2, (writer) => {
    writer.claim(2).writeInt16BE(name.length);
    writer.append(name);
    t.int32.write(writer, -1, 0);
    t.string.write(writer, "", 0);
    t.int64.write(writer, -1, 0);
    t.topicsOf({ index: t.int32, offset: t.int64, metadata: t.nullableString }).write(
      writer,
      [{ name: "t", partitions: [{ index: 0, offset: 0, metadata: null }] }],
      0,
    );
  });
  client.send(none);
  await client.answer();
  const { groups } = await client.ask<{ groups: unknown[] }>(listGroups, 2, {});
  expect(groups).toHaveLength(1);
});

interface Who {
  memberId: string;
  generationId: number;
}

const NO_ONE: Who = { memberId: "", generationId: -1 };

async function commit(client: RawClient, who: Who, offset: number, metadata = "", name = "t", index = 0) {
  const partitions = [{ index, offset, leaderEpoch: 3, metadata }];
  const asked = { groupId: "g", ...who, groupInstanceId: null, topics: [{ name, partitions }] };
  type Answer = { topics: { partitions: { errorCode: number }[] }[] };
  return (await client.ask<Answer>(offsetCommit, 7, asked)).topics[0]?.partitions[0]?.errorCode;
}

async function committed(client: RawClient, topics: { name: string; indexes: number[] }[] | null) {
  return (await client.ask<{ topics: unknown }>(offsetFetch, 5, { groupId: "g", topics })).topics;
}

async function join(client: RawClient): Promise<JoinResult> {
  const joining = {
    groupId: "g",
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    groupInstanceId: null,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: Buffer.from("t") }],
  };
  const promised = await client.ask<JoinResult>(joinGroup, 5, { ...joining, memberId: "" });
  expect(promised.errorCode).toBe(ERROR.MEMBER_ID_REQUIRED);
  return client.ask<JoinResult>(joinGroup, 5, { ...joining, memberId: promised.memberId });
}

describe("committed offsets", () => {
  test("are given back for what was asked for, with -1 where there is nothing, or all for a null list", async () => {
    const client = await onATopic();
    expect(await commit(client, NO_ONE, 5, "note")).toBe(0);
    const found = { index: 0, offset: 5, leaderEpoch: 3, metadata: "note", errorCode: undefined };
    const nothing = { index: 1, offset: -1, leaderEpoch: -1, metadata: "", errorCode: undefined };
    expect(await committed(client, [{ name: "t", indexes: [0, 1] }])).toEqual([
      { name: "t", partitions: [found, nothing] },
    ]);
    expect(await committed(client, null)).toEqual([{ name: "t", partitions: [found] }]);
    expect(await committed(client, [])).toEqual([]);
  });

  test("are refused for a partition that is not there, and with a note beyond 4,096 characters", async () => {
    const client = await onATopic();
    expect(await commit(client, NO_ONE, 5, "", "missing")).toBe(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await commit(client, NO_ONE, 5, "", "t", 2)).toBe(ERROR.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await commit(client, NO_ONE, 5, "x".repeat(4_097))).toBe(ERROR.OFFSET_METADATA_TOO_LARGE);
    expect(await committed(client, null)).toEqual([]);
  });

  test("come from a member of the current generation; from no one else while there is one", async () => {
    const client = await onATopic();
    const { memberId, generationId } = await join(client);
    const identity = { groupId: "g", generationId, memberId, groupInstanceId: null };
    const assignments = [{ memberId, assignment: Buffer.from("all") }];
    const synced = await client.ask<{ assignment: Buffer }>(syncGroup, 3, { ...identity, assignments });
    expect(String(synced.assignment)).toBe("all");
    expect(await client.ask<object>(heartbeat, 3, identity)).toMatchObject({ errorCode: 0 });

    expect(await commit(client, { memberId, generationId: generationId - 1 }, 1)).toBe(
      ERROR.ILLEGAL_GENERATION,
    );
    expect(await commit(client, { memberId: "zombie", generationId }, 2)).toBe(ERROR.UNKNOWN_MEMBER_ID);
    expect(await commit(client, NO_ONE, 3)).toBe(ERROR.UNKNOWN_MEMBER_ID);
    expect(await committed(client, null)).toEqual([]);
    expect(await commit(client, { memberId, generationId }, 4)).toBe(0);

    const members = [{ memberId, groupInstanceId: null }];
    const left = await client.ask<object>(leaveGroup, 3, { groupId: "g", memberId: "", members });
    expect(left).toMatchObject({ errorCode: 0, members: [{ memberId, errorCode: 0 }] });
    expect(await commit(client, { memberId, generationId }, 5)).toBe(ERROR.UNKNOWN_MEMBER_ID);
    expect(await commit(client, NO_ONE, 6)).toBe(0);
  });

  test("a group that does not exist has neither members nor a generation", async () => {
    const client = await onATopic();
    const who = { memberId: "someone", generationId: 1 };
    expect(await commit(client, who, 1)).toBe(ERROR.UNKNOWN_MEMBER_ID);
    const identity = { groupId: "g", ...who, groupInstanceId: null };
    expect(await client.ask<object>(heartbeat, 0, identity)).toMatchObject({
      errorCode: ERROR.UNKNOWN_MEMBER_ID,
    });
    expect(await client.ask<object>(leaveGroup, 0, { groupId: "g", memberId: "someone" })).toMatchObject({
      errorCode: ERROR.UNKNOWN_MEMBER_ID,
    });
    const unnamed = {
      groupId: "",
      sessionTimeoutMs: 10_000,
      memberId: "",
      protocolType: "consumer",
      protocols: [],
    };
    expect(await client.ask<object>(joinGroup, 0, unnamed)).toMatchObject({
      errorCode: ERROR.INVALID_GROUP_ID,
    });
  });
});

test("however long a new group may wait for more members, it is a moment", async () => {
  const { port } = await aBroker({ firstRebalanceDelayMs: 600_000 }); // no test has that long
  expect(await join(await aRawClient(port))).toMatchObject({ errorCode: ERROR.NONE, generationId: 1 });
});
