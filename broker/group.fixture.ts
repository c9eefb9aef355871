/** Consumer groups for tests: members that join, and one that has shared out. */
import type { JoinResult } from "./apis/membership.ts";
import { Group } from "./group.ts";
import type { Joining } from "./member.ts";

export const METADATA = Buffer.from("wants topics");

export function joining(more: Partial<Joining> = {}): Joining {
  return {
    groupId: "g",
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 60_000,
    memberId: "",
    groupInstanceId: null,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: METADATA }],
    clientId: "client",
    clientHost: "/127.0.0.1",
    isIdFirst: false,
    ...more,
  };
}

export const who = ({ memberId }: JoinResult, groupInstanceId: string | null = null) => ({
  memberId,
  groupInstanceId,
});

/** The leader gives each member its own name as assignment. */
export async function syncAll(group: Group, members: JoinResult[]): Promise<string[]> {
  const assignments = members.map(({ memberId }) => ({ memberId, assignment: Buffer.from(memberId) }));
  const synced = members.map((member) =>
    group.sync(who(member), member.generationId, member.memberId === member.leader ? assignments : []),
  );
  return (await Promise.all(synced)).map(({ assignment }) => String(assignment));
}

export async function aStableGroup(
  count: number,
  more: Partial<Joining> = {},
): Promise<[Group, JoinResult[]]> {
  const group = new Group(1);
  const members = await Promise.all(Array.from({ length: count }, () => group.join(joining(more))));
  await syncAll(group, members);
  return [group, members];
}

export function at<T>(list: T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}
