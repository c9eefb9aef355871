/**
 * One consumer group: who is in it, and the two rounds (join, sync) in which it shares out its partitions.
 *
 * In: join, sync, heartbeat, leave. Out: their results, at once or when the round is complete.
 * States: Empty -join-> PreparingRebalance -all joined-> CompletingRebalance -leader syncs-> Stable.
 * Source: the classic protocol, KIP-62 (rebalance timeout), KIP-345 (static members), KIP-394 (member id required).
 * Longer than 250 lines: the rules only make sense beside each other.
 */
import { ERROR } from "./protocol/errors.ts";

export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable";

export interface Protocol {
  name: string;
  metadata: Buffer;
}

export interface JoinRequest {
  memberId: string;
  groupInstanceId: string | null;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocolType: string;
  protocols: Protocol[];
  clientId: string;
  clientHost: string;
  /** A new member first gets its id and joins again with it. */
  idFirst: boolean;
}

export interface JoinResult {
  errorCode: number;
  generationId: number;
  protocolName: string;
  leader: string;
  memberId: string;
  /** For the leader, which shares out the partitions. */
  members: { memberId: string; groupInstanceId: string | null; metadata: Buffer }[];
}

export interface SyncResult {
  errorCode: number;
  assignment: Buffer;
}

export interface Member extends JoinRequest {
  assignment: Buffer;
  synced: boolean;
  /** Answers a parked JoinGroup. */
  join?: ((result: JoinResult) => void) | undefined;
  /** Answers a parked SyncGroup. */
  sync?: ((result: SyncResult) => void) | undefined;
  session: Timer;
}

/** Who speaks: every request of a member but its first join has these. */
export interface Identity {
  memberId: string;
  groupInstanceId: string | null;
}

export const SESSION_TIMEOUT_MS = { least: 100, most: 1_800_000 };

const NOTHING = Buffer.alloc(0);

function refusal(errorCode: number, memberId: string): JoinResult {
  return { errorCode, generationId: -1, protocolName: "", leader: "", memberId, members: [] };
}

function sameProtocols(a: Protocol[], b: Protocol[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, at) => name === b[at]?.name && metadata.equals(b[at].metadata))
  );
}

export class Group {
  state: GroupState = "Empty";
  generationId = 0;
  protocolType = "";
  protocolName = "";
  private leader = "";
  readonly members = new Map<string, Member>();
  /** Member ids given out that have not joined yet. */
  private readonly promised = new Map<string, Timer>();
  private roundTimer: Timer | undefined;
  private firstRound = false;

  constructor(
    readonly id: string,
    private readonly firstRebalanceDelayMs: number,
    private readonly onUnused: () => void,
  ) {}

  join(request: JoinRequest): JoinResult | Promise<JoinResult> {
    const { memberId, groupInstanceId } = request;
    const fault = this.joinFault(request);
    if (fault !== ERROR.NONE) return this.refuse(fault, memberId);
    const holder = this.holderOf(groupInstanceId);
    if (memberId === "") {
      if (holder) return this.replaceStatic(holder, request);
      const newId = `${groupInstanceId ?? request.clientId}-${crypto.randomUUID()}`;
      if (groupInstanceId === null && request.idFirst) return this.promise(newId, request.sessionTimeoutMs);
      return this.admit({ ...request, memberId: newId });
    }
    const member = this.members.get(memberId);
    if (groupInstanceId !== null && holder && holder !== member) {
      return refusal(ERROR.FENCED_INSTANCE_ID, memberId);
    }
    if (member) return this.rejoin(member, request);
    if (!this.promised.has(memberId)) return this.refuse(ERROR.UNKNOWN_MEMBER_ID, memberId);
    this.breakPromise(memberId);
    return this.admit(request);
  }

  sync(
    who: Identity,
    generationId: number,
    assignments: { memberId: string; assignment: Buffer }[],
  ): SyncResult | Promise<SyncResult> {
    const errorCode = this.memberFault(who, generationId);
    const member = this.members.get(who.memberId);
    if (errorCode !== ERROR.NONE || !member) return { errorCode, assignment: NOTHING };
    member.session.refresh();
    member.synced = true;
    if (this.state === "Stable") return { errorCode: ERROR.NONE, assignment: member.assignment };
    if (this.state !== "CompletingRebalance") {
      return { errorCode: ERROR.REBALANCE_IN_PROGRESS, assignment: NOTHING };
    }
    const result = new Promise<SyncResult>((resolve) => {
      member.sync = resolve;
    });
    if (member.memberId === this.leader) this.becomeStable(assignments);
    return result;
  }

  heartbeat(who: Identity, generationId: number): number {
    const fault = this.memberFault(who, generationId);
    if (fault !== ERROR.NONE) return fault;
    this.members.get(who.memberId)?.session.refresh();
    return this.state === "PreparingRebalance" ? ERROR.REBALANCE_IN_PROGRESS : ERROR.NONE;
  }

  leave(who: Identity): number {
    const holder = this.holderOf(who.groupInstanceId);
    const member = who.memberId === "" ? holder : this.members.get(who.memberId);
    if (who.groupInstanceId !== null && holder && holder !== member) return ERROR.FENCED_INSTANCE_ID;
    if (member) {
      this.remove(member);
      return ERROR.NONE;
    }
    if (!this.promised.has(who.memberId)) return ERROR.UNKNOWN_MEMBER_ID;
    this.breakPromise(who.memberId);
    this.completeWhenAllJoined();
    return ERROR.NONE;
  }

  /** Whether offsets may be committed: by a member of this generation, or by anyone while the group is empty. */
  commitFault(who: Identity, generationId: number): number {
    if (generationId < 0 && this.members.size === 0) return ERROR.NONE;
    const fault = this.memberFault(who, generationId);
    if (fault !== ERROR.NONE) return fault;
    this.members.get(who.memberId)?.session.refresh();
    return this.state === "CompletingRebalance" ? ERROR.REBALANCE_IN_PROGRESS : ERROR.NONE;
  }

  stop(): void {
    clearTimeout(this.roundTimer);
    for (const timer of this.promised.values()) clearTimeout(timer);
    for (const member of this.members.values()) clearTimeout(member.session);
  }

  private holderOf(groupInstanceId: string | null): Member | undefined {
    if (groupInstanceId === null) return undefined;
    return [...this.members.values()].find((member) => member.groupInstanceId === groupInstanceId);
  }

  private memberFault({ memberId, groupInstanceId }: Identity, generationId: number): number {
    const holder = this.holderOf(groupInstanceId);
    if (holder && holder.memberId !== memberId) return ERROR.FENCED_INSTANCE_ID;
    if (!this.members.has(memberId)) return ERROR.UNKNOWN_MEMBER_ID;
    return generationId === this.generationId ? ERROR.NONE : ERROR.ILLEGAL_GENERATION;
  }

  private joinFault(request: JoinRequest): number {
    const { least, most } = SESSION_TIMEOUT_MS;
    if (request.sessionTimeoutMs < least || request.sessionTimeoutMs > most) {
      return ERROR.INVALID_SESSION_TIMEOUT;
    }
    if (request.protocols.length === 0 || request.protocolType === "")
      return ERROR.INCONSISTENT_GROUP_PROTOCOL;
    const others = [...this.members.values()].filter((member) => member.memberId !== request.memberId);
    const fits = others.every((member) => member.protocolType === request.protocolType);
    return fits && commonProtocols([request, ...others]).length > 0
      ? ERROR.NONE
      : ERROR.INCONSISTENT_GROUP_PROTOCOL;
  }

  private refuse(errorCode: number, memberId: string): JoinResult {
    this.reportUnused();
    return refusal(errorCode, memberId);
  }

  private promise(memberId: string, sessionTimeoutMs: number): JoinResult {
    const expire = () => {
      this.promised.delete(memberId);
      this.completeWhenAllJoined();
      this.reportUnused();
    };
    this.promised.set(memberId, setTimeout(expire, sessionTimeoutMs).unref());
    return refusal(ERROR.MEMBER_ID_REQUIRED, memberId);
  }

  private breakPromise(memberId: string): void {
    clearTimeout(this.promised.get(memberId));
    this.promised.delete(memberId);
  }

  private admit(request: JoinRequest): Promise<JoinResult> {
    const member: Member = { ...request, assignment: NOTHING, synced: false, session: this.watch(request) };
    this.members.set(member.memberId, member);
    this.protocolType = request.protocolType;
    return this.awaitRound(member);
  }

  private rejoin(member: Member, request: JoinRequest): JoinResult | Promise<JoinResult> {
    const unchanged = sameProtocols(member.protocols, request.protocols);
    const settled =
      this.state === "CompletingRebalance" || (this.state === "Stable" && member.memberId !== this.leader);
    clearTimeout(member.session);
    Object.assign(member, request, { session: this.watch(request) });
    if (unchanged && settled) return this.joined(member);
    return this.awaitRound(member);
  }

  /** A static member that came back under its old name takes its place, without a rebalance when nothing changed. */
  private replaceStatic(old: Member, request: JoinRequest): JoinResult | Promise<JoinResult> {
    const memberId = `${request.groupInstanceId}-${crypto.randomUUID()}`;
    this.forget(old, ERROR.FENCED_INSTANCE_ID);
    const member: Member = {
      ...request,
      memberId,
      assignment: old.assignment,
      synced: old.synced,
      session: this.watch({ ...request, memberId }),
    };
    this.members.set(memberId, member);
    const leaderBefore = this.leader;
    if (this.leader === old.memberId) this.leader = memberId;
    if (this.state !== "Stable" || !sameProtocols(old.protocols, request.protocols))
      return this.awaitRound(member);
    // Under the old leader's name it does not take itself for the leader, which would have to share out again.
    return { ...this.joined(member), leader: leaderBefore, members: [] };
  }

  /** Removes the member unless it is heard of within its session timeout. Parked requests keep it alive. */
  private watch({ memberId, sessionTimeoutMs }: JoinRequest): Timer {
    const expire = () => {
      const member = this.members.get(memberId);
      if (member?.join || member?.sync) member.session.refresh();
      else if (member) this.remove(member);
    };
    return setTimeout(expire, sessionTimeoutMs).unref();
  }

  private awaitRound(member: Member): Promise<JoinResult> {
    member.join?.(refusal(ERROR.REBALANCE_IN_PROGRESS, member.memberId));
    const result = new Promise<JoinResult>((resolve) => {
      member.join = resolve;
    });
    this.startRound();
    this.completeWhenAllJoined();
    return result;
  }

  private startRound(): void {
    if (this.state === "PreparingRebalance") return;
    this.firstRound = this.state === "Empty";
    this.state = "PreparingRebalance";
    for (const member of this.members.values()) {
      member.sync?.({ errorCode: ERROR.REBALANCE_IN_PROGRESS, assignment: NOTHING });
      member.sync = undefined;
    }
    this.setRoundTimer(
      () => this.completeRound(),
      this.firstRound ? this.firstRebalanceDelayMs : this.longestRebalance(),
    );
  }

  private setRoundTimer(then: () => void, afterMs: number): void {
    clearTimeout(this.roundTimer);
    this.roundTimer = setTimeout(then, afterMs).unref();
  }

  private longestRebalance(): number {
    return Math.max(0, ...[...this.members.values()].map((member) => member.rebalanceTimeoutMs));
  }

  /** The first round waits its full delay, so that members which start together share it. */
  private completeWhenAllJoined(): void {
    if (this.state !== "PreparingRebalance" || this.firstRound || this.promised.size > 0) return;
    if ([...this.members.values()].every((member) => member.join)) this.completeRound();
  }

  private completeRound(): void {
    clearTimeout(this.roundTimer);
    this.firstRound = false;
    for (const member of [...this.members.values()]) {
      if (!member.join && member.groupInstanceId === null) this.forget(member, ERROR.UNKNOWN_MEMBER_ID);
    }
    this.generationId++;
    const joined = [...this.members.values()].filter((member) => member.join);
    if (joined.length === 0) {
      // Members that are left are static and silent: they have until their sessions end.
      if (this.members.size === 0) this.becomeEmpty();
      else this.setRoundTimer(() => this.completeRound(), this.longestRebalance());
      return;
    }
    if (!this.members.get(this.leader)?.join) this.leader = joined[0]?.memberId ?? "";
    this.protocolName = mostVoted([...this.members.values()]);
    this.state = "CompletingRebalance";
    for (const member of this.members.values()) {
      member.assignment = NOTHING;
      member.synced = false;
      member.session.refresh();
      member.join?.(this.joined(member));
      member.join = undefined;
    }
    this.setRoundTimer(() => this.removeUnsynced(), this.longestRebalance());
  }

  private removeUnsynced(): void {
    for (const member of [...this.members.values()]) if (!member.synced) this.remove(member);
  }

  private becomeStable(assignments: { memberId: string; assignment: Buffer }[]): void {
    clearTimeout(this.roundTimer);
    this.state = "Stable";
    for (const { memberId, assignment } of assignments) {
      const member = this.members.get(memberId);
      if (member) member.assignment = assignment;
    }
    for (const member of this.members.values()) {
      member.session.refresh();
      member.sync?.({ errorCode: ERROR.NONE, assignment: member.assignment });
      member.sync = undefined;
    }
  }

  private becomeEmpty(): void {
    clearTimeout(this.roundTimer);
    this.state = "Empty";
    this.protocolName = "";
    this.leader = "";
    this.reportUnused();
  }

  private reportUnused(): void {
    if (this.members.size === 0 && this.promised.size === 0) this.onUnused();
  }

  private joined(member: Member): JoinResult {
    const isLeader = member.memberId === this.leader;
    const members = [...this.members.values()].map(({ memberId, groupInstanceId, protocols }) => ({
      memberId,
      groupInstanceId,
      metadata: metadataOf(protocols, this.protocolName),
    }));
    return {
      errorCode: ERROR.NONE,
      generationId: this.generationId,
      protocolName: this.protocolName,
      leader: this.leader,
      memberId: member.memberId,
      members: isLeader ? members : [],
    };
  }

  private forget(member: Member, errorCode: number): void {
    clearTimeout(member.session);
    this.members.delete(member.memberId);
    member.join?.(refusal(errorCode, member.memberId));
    member.sync?.({ errorCode, assignment: NOTHING });
  }

  private remove(member: Member): void {
    this.forget(member, ERROR.UNKNOWN_MEMBER_ID);
    this.startRound();
    this.completeWhenAllJoined();
  }
}

export function metadataOf(protocols: Protocol[], name: string): Buffer {
  return protocols.find((protocol) => protocol.name === name)?.metadata ?? NOTHING;
}

function commonProtocols(members: JoinRequest[]): string[] {
  const [first, ...others] = members;
  const names = first?.protocols.map((protocol) => protocol.name) ?? [];
  return names.filter((name) => others.every((other) => other.protocols.some((it) => it.name === name)));
}

/** Each member votes for the first of its protocols that all have. */
function mostVoted(members: Member[]): string {
  const common = commonProtocols(members);
  const votes = members.map((member) => member.protocols.find((it) => common.includes(it.name))?.name);
  const count = (name: string) => votes.filter((vote) => vote === name).length;
  return common.sort((a, b) => count(b) - count(a))[0] ?? "";
}
