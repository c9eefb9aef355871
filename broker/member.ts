/** What a consumer group knows of each member, and what its members have in common. */
import type { JoinRequest, JoinResult } from "./apis/membership.ts";
import { ERROR } from "./protocol/errors.ts";

/** Who speaks: a static member (KIP-345) keeps its instance id over restarts. */
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
export const SESSION_TIMEOUT_MS = { least: 100, most: 1_800_000 };

export function refusedJoin(errorCode: number, memberId: string): JoinResult {
  return { errorCode, generationId: -1, protocolName: "", leader: "", memberId, members: [] };
}

export const refusedSync = (errorCode: number): SyncResult => ({ errorCode, assignment: NO_BYTES });

/** Whether a member may join these others. */
export function joinFault(request: Joining, others: Member[]): number {
  const { least, most } = SESSION_TIMEOUT_MS;
  if (request.sessionTimeoutMs < least || request.sessionTimeoutMs > most)
    return ERROR.INVALID_SESSION_TIMEOUT;
  const fits = others.every(({ protocolType }) => protocolType === request.protocolType);
  const agrees = request.protocolType !== "" && commonProtocols([request, ...others]).length > 0;
  return fits && agrees ? ERROR.NONE : ERROR.INCONSISTENT_GROUP_PROTOCOL;
}

export function sameProtocols({ protocols: a }: JoinRequest, { protocols: b }: JoinRequest): boolean {
  return (
    a.length === b.length &&
    a.every((it, at) => it.name === b[at]?.name && it.metadata.equals(b[at].metadata))
  );
}

export function metadataOf({ protocols }: Member, protocolName: string): Buffer {
  return protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES;
}

function commonProtocols([first, ...others]: JoinRequest[]): string[] {
  const names = first?.protocols.map(({ name }) => name) ?? [];
  return names.filter((name) => others.every(({ protocols }) => protocols.some((it) => it.name === name)));
}

/** Each member votes for the first of its protocols that all have. */
export function mostVoted(members: Member[]): string {
  const common = commonProtocols(members);
  const votes = members.map(({ protocols }) => protocols.find(({ name }) => common.includes(name))?.name);
  const count = (name: string) => votes.filter((vote) => vote === name).length;
  return common.sort((a, b) => count(b) - count(a))[0] ?? "";
}
