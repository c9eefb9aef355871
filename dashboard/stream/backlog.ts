/**
 * What one client has been sent and has not taken: how much more it may be given, and when it is given up.
 *
 * In: bytes given to its socket, and from time to time what the kernel holds of them. Out: room for more; stuck or not.
 * Where the kernel does not tell, there is room always, and the caller goes by what the socket takes.
 */

/** A piece; and the most that waits for one client, in the kernel and here. */
export const PIECE = 65_536;
/** One that takes all it is given may be given more at once: each look at the kernel has its price. */
const MOST_TRUSTED = 4 * PIECE;
/** Less is not worth a piece; of a client that is behind it is also the most, so that each shows that it moves. */
const SMALL_PIECE = PIECE / 4;
/** It has taken nothing for so long, while something waited. */
const STUCK_MS = 8_000;
/** Between two readings no more is counted: a machine that slept was not waiting. */
const MAX_STEP_MS = 2_000;
/** A reading may overlook a connection once: the list changes while it is read. */
const MAX_UNLISTED = 2;

export interface Backlog {
  /** Bytes so far. */
  given: number;
  /** Of them the last piece, of which the socket may still hold some here. */
  last: number;
  /** The kernel's list tells of it, or is expected to. */
  isListed: boolean;
  /** Readings in a row that did not. */
  unlisted: number;
  /** What may wait for it. */
  most: number;
  /** What the kernel held when it was last read, and what had been given by then. */
  queued: number;
  givenThen: number;
  /** That it has taken so much is certain. */
  taken: number;
  readAt?: number;
  /** Without a byte taken while something waited. */
  stuckMs: number;
}

export const createBacklog = (isListed: boolean): Backlog => ({
  isListed,
  given: 0,
  last: 0,
  unlisted: 0,
  most: PIECE,
  queued: 0,
  givenThen: 0,
  taken: 0,
  stuckMs: 0,
});

/** How large its next piece may be; 0 = it has to take something first, or to be looked at again. */
export function room(of: Backlog): number {
  if (!of.isListed) return PIECE;
  const left = Math.min(of.most - waiting(of), of.queued === 0 ? PIECE : SMALL_PIECE);
  return left < SMALL_PIECE ? 0 : left;
}

/** Bytes, at the worst: nothing was taken since the kernel was last read. */
const waiting = (of: Backlog): number => of.queued + of.given - of.givenThen;

/** It is time to look again what it took. */
export const isDue = (of: Backlog): boolean => of.isListed && (of.queued > 0 || waiting(of) > of.most / 2);

export function give(to: Backlog, bytes: number): void {
  to.given += bytes;
  to.last = bytes;
}

/** What stood when a reading began: it may take a while, and what is given meanwhile may be in it or not. */
export interface Before {
  given: number;
  /** The last piece, if the socket may still hold some of it here. */
  held: number;
}

export const before = (of: Backlog, isHeld: boolean): Before => ({
  given: of.given,
  held: isHeld ? of.last : 0,
});

/** `queued`: what the kernel was found to hold; undefined if it does not tell of this client. */
export function learn(of: Backlog, queued: number | undefined, { given, held }: Before, now: number): void {
  const step = Math.min(Math.max(0, now - (of.readAt ?? now)), MAX_STEP_MS);
  of.readAt = now;
  if (queued === undefined) {
    if (++of.unlisted >= MAX_UNLISTED) of.isListed = false;
    return;
  }
  of.isListed = true;
  of.unlisted = 0;
  of.queued = queued;
  of.givenThen = given;
  if (queued > SMALL_PIECE) of.most = PIECE;
  else if (queued === 0 && given >= of.most) of.most = Math.min(2 * of.most, MOST_TRUSTED);
  const taken = given - queued - held;
  const moves = queued === 0 || taken > of.taken;
  of.taken = Math.max(of.taken, taken);
  of.stuckMs = moves ? 0 : of.stuckMs + step;
}

export const isStuck = (of: Backlog): boolean => of.isListed && of.stuckMs >= STUCK_MS;
