/** The consumer groups: those with members in memory, those with only offsets in the database. */
import { Committed } from "./committed.ts";
import type { Database } from "bun:sqlite";
import { Group } from "./group.ts";

export class Groups {
  readonly committed: Committed;
  private readonly byId = new Map<string, Group>();

  constructor(
    database: Database,
    private readonly firstRebalanceDelayMs: number,
  ) {
    this.committed = new Committed(database);
  }

  find(id: string): Group | undefined {
    return this.byId.get(id);
  }

  /** The group, made if need be; it goes when it has no member, its offsets stay. */
  obtain(id: string): Group {
    const known = this.byId.get(id);
    if (known) return known;
    const group: Group = new Group(id, this.firstRebalanceDelayMs, () => {
      if (this.byId.get(id) === group) this.byId.delete(id);
    });
    this.byId.set(id, group);
    return group;
  }

  ids(): string[] {
    return [...new Set([...this.byId.keys(), ...this.committed.groupIds()])];
  }

  stop(): void {
    for (const group of this.byId.values()) group.stop();
  }
}
