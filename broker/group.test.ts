import { describe, expect, test } from "bun:test";
import type { JoinResult } from "./apis/membership.ts";
import { Group } from "./group.ts";
import { aStableGroup, at, joining, METADATA, syncAll, who } from "./group.fixture.ts";
import type { Joining } from "./member.ts";
import { ERROR } from "./protocol/errors.ts";

describe("joining", () => {
  test("members that start together share the first generation, and one of them leads", async () => {
    const group = new Group(20);
    const members = await Promise.all([1, 2, 3].map(() => group.join(joining())));
    expect(members.map(({ generationId }) => generationId)).toEqual([1, 1, 1]);
    expect(new Set(members.map(({ leader }) => leader)).size).toBe(1);
    expect(members.map((member) => member.members.length).sort()).toEqual([0, 0, 3]);
    expect(await syncAll(group, members)).toEqual(members.map(({ memberId }) => memberId));
    expect(group.state).toBe("Stable");
  });

  test("a new member first gets its id, joins with it, and an id that was not given out is refused", async () => {
    const group = new Group(1);
    const first = await group.join(joining({ isIdFirst: true }));
    expect(first.errorCode).toBe(ERROR.MEMBER_ID_REQUIRED);
    const second = await group.join(joining({ isIdFirst: true, memberId: first.memberId }));
    expect(second).toMatchObject({ errorCode: 0, memberId: first.memberId, generationId: 1 });
    const stranger = await group.join(joining({ memberId: "stranger" }));
    expect(stranger.errorCode).toBe(ERROR.UNKNOWN_MEMBER_ID);
  });

  test("a second member makes the first join again, and both are in the next generation", async () => {
    const [group, [first]] = (await aStableGroup(1)) as [Group, [JoinResult]];
    const second = group.join(joining());
    expect(group.heartbeat(who(first), 1)).toBe(ERROR.REBALANCE_IN_PROGRESS);
    const members = await Promise.all([group.join(joining({ memberId: first.memberId })), second]);
    expect(members.map(({ generationId }) => generationId)).toEqual([2, 2]);
    expect(group.heartbeat(who(first), 1)).toBe(ERROR.ILLEGAL_GENERATION);
    await syncAll(group, members);
    expect(group.heartbeat(who(first), 2)).toBe(0);
  });

  test("a follower that joins again and wants the same disturbs no one; the leader starts a round", async () => {
    const [group, members] = await aStableGroup(2);
    const leader = at(members, 0).leader;
    const follower = members.find(({ memberId }) => memberId !== leader)?.memberId ?? "";
    expect(await group.join(joining({ memberId: follower }))).toMatchObject({
      generationId: 1,
      errorCode: 0,
    });
    expect(group.state).toBe("Stable");
    void group.join(joining({ memberId: leader }));
    expect(group.state).toBe("PreparingRebalance");
  });

  test("the protocol that all have and most prefer is taken, and one that none shares is refused", async () => {
    const group = new Group(10);
    const of = (...names: string[]) =>
      joining({ protocols: names.map((name) => ({ name, metadata: METADATA })) });
    const wanted = [of("a", "b", "c"), of("b", "a"), of("b", "a", "d")];
    const members = await Promise.all(wanted.map((it) => group.join(it)));
    expect(members.map(({ protocolName }) => protocolName)).toEqual(["b", "b", "b"]);
    expect((await group.join(of("d"))).errorCode).toBe(ERROR.INCONSISTENT_GROUP_PROTOCOL);
    const connect = joining({ protocolType: "connect" });
    expect((await group.join(connect)).errorCode).toBe(ERROR.INCONSISTENT_GROUP_PROTOCOL);
  });

  test("a session time-out out of bounds is refused", async () => {
    for (const sessionTimeoutMs of [99, 1_800_001]) {
      const { errorCode } = await new Group(1).join(joining({ sessionTimeoutMs }));
      expect(errorCode).toBe(ERROR.INVALID_SESSION_TIMEOUT);
    }
  });
});

describe("members that go", () => {
  test("who leaves starts a round at once, and the last one leaves the group empty", async () => {
    const [group, [first, second]] = (await aStableGroup(2)) as [Group, [JoinResult, JoinResult]];
    expect(group.leave(who(first))).toBe(0);
    expect(group.heartbeat(who(first), 1)).toBe(ERROR.UNKNOWN_MEMBER_ID);
    const alone = await group.join(joining({ memberId: second.memberId }));
    expect(alone).toMatchObject({ generationId: 2, leader: second.memberId });
    expect(group.leave(who(second))).toBe(0);
    expect(group.state).toBe("Empty");
    expect(group.leave(who(second))).toBe(ERROR.UNKNOWN_MEMBER_ID);
  });

  test("who is not heard of within its session time-out is removed", async () => {
    const [group] = await aStableGroup(1, { sessionTimeoutMs: 100 });
    for (const deadline = performance.now() + 4_000; group.members.size > 0; await Bun.sleep(10)) {
      expect(performance.now()).toBeLessThan(deadline);
    }
    expect(group.state).toBe("Empty");
  });

  test("heartbeats keep a member beyond its session time-out", async () => {
    const [group, [member]] = (await aStableGroup(1, { sessionTimeoutMs: 100 })) as [Group, [JoinResult]];
    for (const end = performance.now() + 300; performance.now() < end; await Bun.sleep(10)) {
      expect(group.heartbeat(who(member), 1)).toBe(0);
    }
  });

  test("who waits in a round is alive, however long the round takes", async () => {
    const [group, [silent]] = (await aStableGroup(1, { sessionTimeoutMs: 250 })) as [Group, [JoinResult]];
    const waiting = group.join(joining({ sessionTimeoutMs: 100 }));
    expect(await waiting).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(group.members.has(silent.memberId)).toBe(false);
  });

  test("a zombie that does not join again within the rebalance time-out is left behind", async () => {
    const [group, [zombie]] = (await aStableGroup(1, { rebalanceTimeoutMs: 50 })) as [Group, [JoinResult]];
    const next = await group.join(joining({ rebalanceTimeoutMs: 50 }));
    expect(next).toMatchObject({ generationId: 2, leader: next.memberId });
    expect((await group.join(joining({ memberId: zombie.memberId }))).errorCode).toBe(
      ERROR.UNKNOWN_MEMBER_ID,
    );
    expect(group.commitFault(who(zombie), 1)).toBe(ERROR.UNKNOWN_MEMBER_ID);
  });

  test("a leader that joins and never syncs is removed, and the others are told to join again", async () => {
    const group = new Group(1);
    const members = await Promise.all([1, 2].map(() => group.join(joining({ rebalanceTimeoutMs: 50 }))));
    const follower = members.find(({ memberId, leader }) => memberId !== leader) ?? at(members, 0);
    const result = await group.sync(who(follower), 1, []);
    expect(result.errorCode).toBe(ERROR.REBALANCE_IN_PROGRESS);
    const again = await group.join(joining({ memberId: follower.memberId, rebalanceTimeoutMs: 50 }));
    expect(again).toMatchObject({ generationId: 2, leader: follower.memberId });
  });
});

describe("static members", () => {
  const asStatic = (more: Partial<Joining> = {}) =>
    joining({ groupInstanceId: "one", isIdFirst: true, ...more });

  test("one that comes back takes its place and its assignment without a rebalance", async () => {
    const [group, [before]] = (await aStableGroup(1, { groupInstanceId: "one" })) as [Group, [JoinResult]];
    const after = await group.join(asStatic());
    expect(after).toMatchObject({ errorCode: 0, generationId: 1, leader: before.memberId, members: [] });
    expect(after.memberId).not.toBe(before.memberId);
    const { errorCode, assignment } = await group.sync(who(after, "one"), 1, []);
    expect([errorCode, String(assignment)]).toEqual([0, before.memberId]);
  });

  test("the one it replaced is fenced", async () => {
    const [group, [before]] = (await aStableGroup(1, { groupInstanceId: "one" })) as [Group, [JoinResult]];
    await group.join(asStatic());
    expect(group.heartbeat(who(before, "one"), 1)).toBe(ERROR.FENCED_INSTANCE_ID);
    expect(group.commitFault(who(before, "one"), 1)).toBe(ERROR.FENCED_INSTANCE_ID);
    expect((await group.join(asStatic({ memberId: before.memberId }))).errorCode).toBe(
      ERROR.FENCED_INSTANCE_ID,
    );
  });

  test("one that comes back and wants something else starts a round", async () => {
    const [group] = await aStableGroup(1, { groupInstanceId: "one" });
    const other = { name: "range", metadata: Buffer.from("other topics") };
    expect(await group.join(asStatic({ protocols: [other] }))).toMatchObject({ generationId: 2 });
  });

  test("one can be removed by its instance id alone", async () => {
    const [group] = await aStableGroup(1, { groupInstanceId: "one" });
    expect(group.leave({ memberId: "", groupInstanceId: "one" })).toBe(0);
    expect(group.state).toBe("Empty");
  });
});

describe("committing offsets", () => {
  test("is for members of the current generation, and for anyone while the group is empty", async () => {
    const [group, [member]] = (await aStableGroup(1)) as [Group, [JoinResult]];
    const anyone = { memberId: "", groupInstanceId: null };
    expect(group.commitFault(who(member), 1)).toBe(0);
    expect(group.commitFault(who(member), 0)).toBe(ERROR.ILLEGAL_GENERATION);
    expect(group.commitFault(anyone, -1)).toBe(ERROR.UNKNOWN_MEMBER_ID);
    group.leave(who(member));
    expect(group.commitFault(anyone, -1)).toBe(0);
  });

  test("still works for those who are about to join again, and not before the leader has shared out", async () => {
    const [group, [member]] = (await aStableGroup(1)) as [Group, [JoinResult]];
    const second = group.join(joining());
    expect(group.commitFault(who(member), 1)).toBe(0);
    await Promise.all([group.join(joining({ memberId: member.memberId })), second]);
    expect(group.commitFault(who(member), 2)).toBe(ERROR.REBALANCE_IN_PROGRESS);
  });
});
