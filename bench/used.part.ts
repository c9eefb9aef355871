/** What a process has used so far, by its id. Linux only. */
import { readFileSync } from "node:fs";

/** User and system time in seconds, the largest memory in MiB. Source: proc(5). */
export function used(pid: number): { cpu: number; memory: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  const memory = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+) kB/)?.[1];
  return { cpu: ticks / 100, memory: Number(memory) / 1024 };
}
