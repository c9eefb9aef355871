/** What a consumer group knows of each member, and what its members have in common. */
import { ERROR } from "./protocol/errors.ts";

export interface Protocol {
  name: string;
  metadata: Buffer;
}

/** Who speaks: a static member (KIP-345) keeps its instance id over restarts. */
export interface Identity {
  memberId: string;
  groupInstanceId: string | null;
}

export interface JoinRequest extends Identity {
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocolType: string;
  protocols: Protocol[];
  clientId: string;
  clientHost: string;
  /** A new member first gets its id and joins again with it (KIP-394). */
  idFirst: boolean;
}

export interface JoinResult {
  errorCode: number;
  generationId: number;
  protocolName: string;
  leader: string;
  memberId: string;
  /** For the leader only, which shares out the partitions. */
  members: (Identity & { metadata: Buffer })[];
}

export interface SyncResult {
  errorCode: number;
  assignment: Buffer;
}

export interface Member extends JoinRequest {
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
export function joinFault(request: JoinRequest, others: Member[]): number {
  const { least, most } = SESSION_TIMEOUT_MS;
  if (request.sessionTimeoutMs < least || request.sessionTimeoutMs > most)
    return ERROR.INVALID_SESSION_TIMEOUT;
  const fits = others.every(({ protocolType }) => protocolType === request.protocolType);
  const agrees = request.protocolType !== "" && commonProtocols([request, ...others]).length > 0;
  return fits && agrees ? ERROR.NONE : ERROR.INCONSISTENT_GROUP_PROTOCOL;
}

export function sameProtocols(a: Protocol[], b: Protocol[]): boolean {
  const same = ({ name, metadata }: Protocol, at: number) =>
    name === b[at]?.name && metadata.equals(b[at].metadata);
  return a.length === b.length && a.every(same);
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
