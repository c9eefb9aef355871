/**
 * One consumer group: who is in it, and the two rounds (join, sync) in which it shares out its partitions.
 *
 * In: join, sync, heartbeat, leave. Out: their results, at once or when the round is complete.
 * States: Empty -join-> PreparingRebalance -all joined-> CompletingRebalance -leader syncs-> Stable.
 * Source: the classic protocol (KIP-62), static members (KIP-345), member id required (KIP-394).
 */
import type { JoinResult } from "./apis/membership.ts";
import { type Identity, type Joining, type Member, NO_BYTES, type SyncResult } from "./member.ts";
import { joinFault, mostVoted, refusedJoin, refusedSync } from "./member.ts";
import { ERROR } from "./protocol/errors.ts";

type State = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable";
type Assignments = { memberId: string; assignment: Buffer }[];

export class Group {
  state: State = "Empty";
  protocolType = "";
  protocolName = "";
  readonly members = new Map<string, Member>();
  private generationId = 0;
  private leader = "";
  /** Member ids given out that have not joined yet. */
  private readonly promised = new Map<string, Timer>();
  private roundTimer: Timer | undefined;
  private isFirstRound = false;

  constructor(private readonly firstRebalanceDelayMs: number) {}

  join(request: Joining): JoinResult | Promise<JoinResult> {
    const { memberId, groupInstanceId } = request;
    const fault = joinFault(request, this.all());
    if (fault !== ERROR.NONE) return refusedJoin(fault, memberId);
    const holder = this.holderOf(groupInstanceId);
    if (memberId === "") {
      const newId = `${groupInstanceId ?? request.clientId}-${crypto.randomUUID()}`;
      if (holder) return this.replaceStatic(holder, { ...request, memberId: newId });
      if (groupInstanceId === null && request.isIdFirst) return this.promise(newId, request.sessionTimeoutMs);
      return this.admit({ ...request, memberId: newId });
    }
    if (holder && holder.memberId !== memberId) return refusedJoin(ERROR.FENCED_INSTANCE_ID, memberId);
    const member = this.members.get(memberId);
    if (member) return this.rejoin(member, request);
    return this.breakPromise(memberId) ? this.admit(request) : refusedJoin(ERROR.UNKNOWN_MEMBER_ID, memberId);
  }

  sync(who: Identity, generationId: number, assignments: Assignments): SyncResult | Promise<SyncResult> {
    const errorCode = this.heard(who, generationId);
    const member = this.members.get(who.memberId);
    if (errorCode !== ERROR.NONE || !member) return refusedSync(errorCode);
    member.synced = true;
    if (this.state === "Stable") return { errorCode, assignment: member.assignment };
    if (this.state === "PreparingRebalance") return refusedSync(ERROR.REBALANCE_IN_PROGRESS);
    const { promise, resolve } = Promise.withResolvers<SyncResult>();
    member.sync = resolve;
    if (member.memberId === this.leader) this.becomeStable(assignments);
    return promise;
  }

  heartbeat(who: Identity, generationId: number): number {
    return this.heard(who, generationId, "PreparingRebalance");
  }

  /** Whether offsets may be committed: by a member of this generation, or by anyone while there is no member. */
  commitFault(who: Identity, generationId: number): number {
    if (generationId < 0 && this.members.size === 0) return ERROR.NONE;
    return this.heard(who, generationId, "CompletingRebalance");
  }

  leave({ memberId, groupInstanceId }: Identity): number {
    const holder = this.holderOf(groupInstanceId);
    const member = memberId === "" ? holder : this.members.get(memberId);
    if (holder && holder !== member) return ERROR.FENCED_INSTANCE_ID;
    if (member) this.remove(member);
    else if (this.breakPromise(memberId)) this.completeWhenAllJoined();
    else return ERROR.UNKNOWN_MEMBER_ID;
    return ERROR.NONE;
  }

  /** The members, with what each said to the protocol that was chosen. */
  withMetadata() {
    const chosen = ({ protocols }: Member) => protocols.find(({ name }) => name === this.protocolName);
    return this.all().map((it) => ({ ...it, metadata: chosen(it)?.metadata ?? NO_BYTES }));
  }

  private all(): Member[] {
    return [...this.members.values()];
  }

  private holderOf(groupInstanceId: string | null): Member | undefined {
    return this.all().find((it) => groupInstanceId !== null && it.groupInstanceId === groupInstanceId);
  }

  /** Notes that a member of this generation lives; else what is wrong with it, or that the group is `busy`. */
  private heard({ memberId, groupInstanceId }: Identity, generationId: number, busy?: State): number {
    const holder = this.holderOf(groupInstanceId);
    const member = this.members.get(memberId);
    if (holder && holder !== member) return ERROR.FENCED_INSTANCE_ID;
    if (!member) return ERROR.UNKNOWN_MEMBER_ID;
    if (generationId !== this.generationId) return ERROR.ILLEGAL_GENERATION;
    member.session.refresh();
    return this.state === busy ? ERROR.REBALANCE_IN_PROGRESS : ERROR.NONE;
  }

  private promise(memberId: string, sessionTimeoutMs: number): JoinResult {
    const expire = () => {
      this.promised.delete(memberId);
      this.completeWhenAllJoined();
    };
    this.promised.set(memberId, setTimeout(expire, sessionTimeoutMs).unref());
    return refusedJoin(ERROR.MEMBER_ID_REQUIRED, memberId);
  }

  private breakPromise(memberId: string): boolean {
    clearTimeout(this.promised.get(memberId));
    return this.promised.delete(memberId);
  }

  private hold(request: Joining, known: { assignment: Buffer; synced: boolean }): Member {
    const member: Member = { ...known, ...request, session: this.watch(request) };
    this.members.set(member.memberId, member);
    this.protocolType = request.protocolType;
    return member;
  }

  private admit(request: Joining): Promise<JoinResult> {
    return this.awaitRound(this.hold(request, { assignment: NO_BYTES, synced: false }));
  }

  private rejoin(before: Member, request: Joining): JoinResult | Promise<JoinResult> {
    const isFollower = this.state === "Stable" && before.memberId !== this.leader;
    const isSettled = isFollower || this.state === "CompletingRebalance";
    const isSame = Bun.deepEquals(before.protocols, request.protocols);
    clearTimeout(before.session);
    const member = this.hold(request, before);
    return isSettled && isSame ? this.joined(member) : this.awaitRound(member);
  }

  /** A static member that came back takes its place, without a rebalance when it wants the same. */
  private replaceStatic(before: Member, request: Joining): JoinResult | Promise<JoinResult> {
    this.forget(before, ERROR.FENCED_INSTANCE_ID);
    const { assignment, synced } = before;
    const member = this.hold(request, { assignment, synced });
    const leaderBefore = this.leader;
    if (leaderBefore === before.memberId) this.leader = member.memberId;
    const isSame = Bun.deepEquals(before.protocols, request.protocols);
    if (this.state !== "Stable" || !isSame) return this.awaitRound(member);
    // Under the old leader's name it does not take itself for the leader, which would have to share out again.
    return { ...this.joined(member), leader: leaderBefore, members: [] };
  }

  /** A member that waits for an answer from us is alive. */
  private watch({ memberId, sessionTimeoutMs }: Joining): Timer {
    const expire = () => {
      const member = this.members.get(memberId);
      if (member?.join || member?.sync) member.session.refresh();
      else if (member) this.remove(member);
    };
    return setTimeout(expire, sessionTimeoutMs).unref();
  }

  private awaitRound(member: Member): Promise<JoinResult> {
    const { promise, resolve } = Promise.withResolvers<JoinResult>();
    member.join?.(refusedJoin(ERROR.REBALANCE_IN_PROGRESS, member.memberId));
    member.join = resolve;
    this.startRound();
    this.completeWhenAllJoined();
    return promise;
  }

  private startRound(): void {
    if (this.state === "PreparingRebalance") return;
    this.isFirstRound = this.state === "Empty";
    this.state = "PreparingRebalance";
    for (const member of this.members.values()) {
      member.sync?.(refusedSync(ERROR.REBALANCE_IN_PROGRESS));
      member.sync = undefined;
    }
    this.inTime(() => this.completeRound(), this.isFirstRound ? this.firstRebalanceDelayMs : undefined);
  }

  /** The round's next step, when the members that it waits for have had their time. */
  private inTime(then: () => void, afterMs?: number): void {
    const longest = Math.max(0, ...this.all().map((member) => member.rebalanceTimeoutMs));
    clearTimeout(this.roundTimer);
    this.roundTimer = setTimeout(then, afterMs ?? longest).unref();
  }

  /** The first round waits its full delay, so that members which start together share it. */
  private completeWhenAllJoined(): void {
    if (this.state !== "PreparingRebalance" || this.isFirstRound || this.promised.size > 0) return;
    if (this.all().every((member) => member.join)) this.completeRound();
  }

  private completeRound(): void {
    clearTimeout(this.roundTimer);
    this.isFirstRound = false;
    for (const member of this.all())
      if (!member.join && member.groupInstanceId === null) this.forget(member, ERROR.UNKNOWN_MEMBER_ID);
    this.generationId++;
    const first = this.all().find((member) => member.join);
    if (this.members.size === 0) this.state = "Empty";
    // Only static members are left, all silent: they have until their sessions end.
    else if (!first) this.inTime(() => this.completeRound());
    else this.shareOut(first);
  }

  private shareOut(first: Member): void {
    if (!this.members.get(this.leader)?.join) this.leader = first.memberId;
    this.protocolName = mostVoted(this.all());
    this.state = "CompletingRebalance";
    for (const member of this.members.values()) {
      Object.assign(member, { assignment: NO_BYTES, synced: false });
      member.session.refresh();
      member.join?.(this.joined(member));
      member.join = undefined;
    }
    this.inTime(() => {
      for (const member of this.all()) if (!member.synced) this.remove(member);
    });
  }

  private becomeStable(assignments: Assignments): void {
    clearTimeout(this.roundTimer);
    this.state = "Stable";
    const byMember = new Map(assignments.map((it) => [it.memberId, it.assignment]));
    for (const member of this.members.values()) {
      member.assignment = byMember.get(member.memberId) ?? NO_BYTES;
      member.session.refresh();
      member.sync?.({ errorCode: ERROR.NONE, assignment: member.assignment });
      member.sync = undefined;
    }
  }

  private joined({ memberId }: Member): JoinResult {
    const { generationId, protocolName, leader } = this;
    const members = memberId === leader ? this.withMetadata() : [];
    return { errorCode: ERROR.NONE, generationId, protocolName, leader, memberId, members };
  }

  private forget(member: Member, errorCode: number): void {
    clearTimeout(member.session);
    this.members.delete(member.memberId);
    member.join?.(refusedJoin(errorCode, member.memberId));
    member.sync?.(refusedSync(errorCode));
  }

  private remove(member: Member): void {
    this.forget(member, ERROR.UNKNOWN_MEMBER_ID);
    this.startRound();
    this.completeWhenAllJoined();
  }
}
