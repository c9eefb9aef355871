/** What a test tells a running program, through a file that preload.ts reads there. */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** The places of the loop where a death is worth trying, in their order. */
export const CRASH_POINTS = [
  "after fetch",
  "mid-produce",
  "after produce",
  "after dead letters",
  "before commit",
  "after commit",
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Names one order, so that it can be told whether that one was met. */
interface Marked {
  mark: string;
}

export interface Orders {
  /** Dies by -9 when it has passed the point this often. */
  crash?: { at: CrashPoint; after: number } & Marked;
  /** Blocks the event loop once, at the point: no heartbeat goes out. */
  stall?: { at: CrashPoint; ms: number } & Marked;
  /** How far the wall clock is off. */
  clockMs?: number;
}

export const NO_ORDERS: Orders = {};

/** Whole at once: the program may read at any moment. */
export function give(path: string, orders: Orders): void {
  writeFileSync(`${path}.new`, JSON.stringify(orders));
  renameSync(`${path}.new`, path);
}

/** The program has come to the point, and does now what it was ordered to. */
export function meet(path: string, { mark }: Marked): void {
  appendFileSync(`${path}.met`, `${mark}\n`);
}

export function wasMet(path: string, mark: string): boolean {
  return existsSync(`${path}.met`) && readFileSync(`${path}.met`, "utf8").split("\n").includes(mark);
}
