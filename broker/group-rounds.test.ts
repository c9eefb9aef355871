/** What a round waits for, and whom it answers: ids that were given out, silent static members, those who ask twice or go. */
import { describe, expect, test } from "bun:test";
import type { JoinResult } from "./apis/membership.ts";
import { aStableGroup, joining, syncAll, who } from "./group.fixture.ts";
import type { Group } from "./group.ts";
import { ERROR } from "./protocol/errors.ts";
import { until } from "../test/processes.fixture.ts";

const SHORT_MS = 100;

/** True while a promise has no outcome after so many ms. */
const waits = (promise: unknown, ms = SHORT_MS / 4) =>
  Promise.race([Promise.resolve(promise).then(() => false), Bun.sleep(ms).then(() => true)]);

describe("an id that was given out and has not joined yet", () => {
  async function withPromise(sessionTimeoutMs: number) {
    const [group, [member]] = (await aStableGroup(1)) as [Group, [JoinResult]];
    const { memberId } = await group.join(joining({ isIdFirst: true, sessionTimeoutMs }));
    const again = group.join(joining({ memberId: member.memberId }));
    return { group, memberId, again };
  }

  test("is waited for, so that its round is that of the others", async () => {
    const { group, memberId, again } = await withPromise(30_000);
    expect(await waits(again)).toBe(true);
    const members = await Promise.all([again, group.join(joining({ memberId }))]);
    expect(members.map(({ generationId }) => generationId)).toEqual([2, 2]);
    expect(await syncAll(group, members)).toEqual(members.map((member) => member.memberId));
  });

  test("is forgotten after its session time-out: the round goes on without it, and it is unknown", async () => {
    const { group, memberId, again } = await withPromise(SHORT_MS);
    expect(await again).toMatchObject({ errorCode: 0, generationId: 2 });
    expect((await group.join(joining({ memberId }))).errorCode).toBe(ERROR.UNKNOWN_MEMBER_ID);
  });

  test("is good for one member: who left cannot come back by it", async () => {
    const { group, memberId, again } = await withPromise(30_000);
    await Promise.all([again, group.join(joining({ memberId }))]);
    group.leave({ memberId, groupInstanceId: null });
    expect((await group.join(joining({ memberId }))).errorCode).toBe(ERROR.UNKNOWN_MEMBER_ID);
  });
});

describe("a static member that is silent when a round ends", () => {
  const rebalanceTimeoutMs = SHORT_MS / 2;
  const silent = (sessionTimeoutMs = 30_000) =>
    aStableGroup(1, { groupInstanceId: "one", rebalanceTimeoutMs, sessionTimeoutMs }) as Promise<
      [Group, [JoinResult]]
    >;

  test("keeps its place: the one that did join shares out for both", async () => {
    const [group, [one]] = await silent();
    const other = await group.join(joining({ rebalanceTimeoutMs }));
    expect(other).toMatchObject({ errorCode: 0, generationId: 2, leader: other.memberId });
    const ids = other.members.map(({ memberId, groupInstanceId }) => [memberId, groupInstanceId]);
    expect(ids.sort()).toEqual(
      [
        [one.memberId, "one"],
        [other.memberId, null],
      ].sort(),
    );
  });

  test("is waited for when it is alone, and shares out as soon as it joins", async () => {
    const [group, [one]] = await silent();
    const other = group.join(joining({ rebalanceTimeoutMs }));
    for (const { memberId } of [...group.members.values()])
      if (memberId !== one.memberId) group.leave({ memberId, groupInstanceId: null });
    expect((await other).errorCode).toBe(ERROR.UNKNOWN_MEMBER_ID);
    await Bun.sleep(rebalanceTimeoutMs * 3);
    expect(group.state).toBe("PreparingRebalance");
    expect([...group.members.keys()]).toEqual([one.memberId]);
    const back = await group.join(
      joining({ groupInstanceId: "one", memberId: one.memberId, rebalanceTimeoutMs }),
    );
    expect(back).toMatchObject({ errorCode: 0, leader: one.memberId, memberId: one.memberId });
    expect(back.generationId).toBeGreaterThan(1);
    expect(await syncAll(group, [back])).toEqual([one.memberId]);
  });

  test("does not hold up another static one beyond a round, though its session goes on", async () => {
    const [group, [one]] = await silent();
    const two = { groupInstanceId: "two", rebalanceTimeoutMs };
    const joined = await group.join(joining(two));
    // Both are silent now, and someone else comes and goes: a round without anyone in it.
    const guest = group.join(joining({ rebalanceTimeoutMs }));
    for (const { memberId, groupInstanceId } of [...group.members.values()])
      if (groupInstanceId === null) group.leave({ memberId, groupInstanceId });
    await guest;
    await Bun.sleep(rebalanceTimeoutMs * 2);
    expect(group.state).toBe("PreparingRebalance");
    const back = await group.join(joining({ ...two, memberId: joined.memberId }));
    expect(back).toMatchObject({ errorCode: 0, memberId: joined.memberId });
    expect([...group.members.keys()].sort()).toEqual([one.memberId, joined.memberId].sort());
  });

  test("leaves the group empty when its session ends", async () => {
    const [group] = await silent(SHORT_MS * 2);
    const other = group.join(joining({ rebalanceTimeoutMs }));
    for (const { memberId, groupInstanceId } of [...group.members.values()])
      if (groupInstanceId === null) group.leave({ memberId, groupInstanceId });
    await other;
    await until("it comes true", () => group.state === "Empty");
    expect(group.members.size).toBe(0);
  });

  test("is removed when it joins and never syncs, and the others are told to join again", async () => {
    const [group, [one]] = await silent();
    const other = group.join(joining({ rebalanceTimeoutMs }));
    const back = group.join(joining({ groupInstanceId: "one", memberId: one.memberId, rebalanceTimeoutMs }));
    const [second] = await Promise.all([other, back]);
    expect(second.leader).toBe(one.memberId);
    const { errorCode } = await group.sync(who(second), second.generationId, []);
    expect(errorCode).toBe(ERROR.REBALANCE_IN_PROGRESS);
    expect([...group.members.keys()]).toEqual([second.memberId]);
  });
});

describe("a round", () => {
  test("gives the leader what each member wants under the protocol that was chosen", async () => {
    const [group] = await aStableGroup(0);
    const of = (text: string) =>
      joining({
        protocols: [
          { name: "other", metadata: Buffer.from("not this") },
          { name: "range", metadata: Buffer.from(text) },
        ],
      });
    const one = group.join(of("one"));
    const members = await Promise.all([
      one,
      group.join({ ...of("two"), protocols: of("two").protocols.slice(1) }),
    ]);
    const told = members.flatMap((member) => member.members.map(({ metadata }) => String(metadata)));
    expect(told.sort()).toEqual(["one", "two"]);
  });

  test("answers a member that asks again before its first answer, and counts it once", async () => {
    const [group, [member]] = (await aStableGroup(2)) as [Group, [JoinResult]];
    const first = group.join(joining({ memberId: member.leader }));
    void group.join(joining({ memberId: member.leader }));
    expect((await first).errorCode).toBe(ERROR.REBALANCE_IN_PROGRESS);
    expect(group.members.size).toBe(2);
  });

  test("answers who waits for its assignment and leaves", async () => {
    const [group] = await aStableGroup(0);
    const members = await Promise.all([group.join(joining()), group.join(joining())]);
    const follower = members.find(({ memberId, leader }) => memberId !== leader) as JoinResult;
    const waiting = group.sync(who(follower), 1, []);
    group.leave(who(follower));
    expect((await waiting).errorCode).toBe(ERROR.UNKNOWN_MEMBER_ID);
  });

  test("keeps a static leader that came back under a new id", async () => {
    const [group] = await aStableGroup(0);
    const one = group.join(joining({ groupInstanceId: "one" }));
    const members = await Promise.all([one, group.join(joining())]);
    await syncAll(group, members);
    const [before, other] = members;
    expect(before.leader).toBe(before.memberId);
    const back = await group.join(joining({ groupInstanceId: "one" }));
    const again = group.join(joining({ groupInstanceId: "one", memberId: back.memberId }));
    const next = await Promise.all([again, group.join(joining({ memberId: other.memberId }))]);
    expect(next.map(({ leader }) => leader)).toEqual([back.memberId, back.memberId]);
  });

  test("does not end a member that joined again by the session of before", async () => {
    const [group, [member]] = (await aStableGroup(1, { sessionTimeoutMs: SHORT_MS })) as [
      Group,
      [JoinResult],
    ];
    const { memberId } = await group.join(joining({ memberId: member.memberId, sessionTimeoutMs: 30_000 }));
    await Bun.sleep(SHORT_MS * 2);
    expect([...group.members.keys()]).toEqual([memberId]);
  });
});
