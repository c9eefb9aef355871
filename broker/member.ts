/** What a consumer group knows of each member, and what its members have in common. */
import type { JoinRequest, JoinResult } from "./apis/membership.ts";
import { ERROR } from "./protocol/errors.ts";

/** A static member (KIP-345) keeps its instance id over restarts. */
export type Identity = Pick<JoinRequest, "memberId" | "groupInstanceId">;

export interface Joining extends JoinRequest {
  clientId: string;
  clientHost: string;
  /** A new member first gets its id and joins again with it (KIP-394). */
  isIdFirst: boolean;
}

export type SyncResult = { errorCode: number; assignment: Buffer };

export interface Member extends Joining {
  assignment: Buffer;
  /** Whether it has asked for its assignment in this generation. */
  synced: boolean;
  /** Ends when nothing is heard of the member. */
  session: Timer;
  /** Answers a parked JoinGroup. */
  join?: ((result: JoinResult) => void) | undefined;
  /** Answers a parked SyncGroup. */
  sync?: ((result: SyncResult) => void) | undefined;
}

export const NO_BYTES = Buffer.alloc(0);
const SESSION_MS = { least: 100, most: 1_800_000 };

export function refusedJoin(errorCode: number, memberId: string): JoinResult {
  return { errorCode, generationId: -1, protocolName: "", leader: "", memberId, members: [] };
}

export const refusedSync = (errorCode: number): SyncResult => ({ errorCode, assignment: NO_BYTES });

/** Whether a member may join these, of which it may be one. */
export function joinFault(request: Joining, members: Member[]): number {
  const others = members.filter(({ memberId }) => memberId !== request.memberId);
  const { sessionTimeoutMs } = request;
  const isInRange = sessionTimeoutMs >= SESSION_MS.least && sessionTimeoutMs <= SESSION_MS.most;
  if (!isInRange) return ERROR.INVALID_SESSION_TIMEOUT;
  const fits = others.every(({ protocolType }) => protocolType === request.protocolType);
  const agrees = request.protocolType !== "" && commonProtocols([request, ...others]).length > 0;
  return fits && agrees ? ERROR.NONE : ERROR.INCONSISTENT_GROUP_PROTOCOL;
}

function commonProtocols([first, ...others]: JoinRequest[]): string[] {
  const names = first?.protocols.map(({ name }) => name) ?? [];
  const known = others.map(({ protocols }) => new Set(protocols.map(({ name }) => name)));
  return names.filter((name) => known.every((its) => its.has(name)));
}

/** Each member votes for the first of its protocols that all have. */
export function mostVoted(members: Member[]): string {
  const votes = new Map(commonProtocols(members).map((name) => [name, 0]));
  for (const { protocols } of members) {
    const chosen = protocols.find(({ name }) => votes.has(name))?.name ?? "";
    votes.set(chosen, (votes.get(chosen) ?? 0) + 1);
  }
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}
