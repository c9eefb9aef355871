/** The consumer groups: their members in memory, the offsets that they committed in the database. */
import type { Database } from "bun:sqlite";
import { Group } from "./group.ts";

/** Never expires; a deleted topic takes its own with it. */
export interface CommittedOffset {
  topic: string;
  index: number;
  offset: number;
  leaderEpoch: number;
  metadata: string;
}

export class Groups {
  readonly byId = new Map<string, Group>();

  constructor(
    private readonly database: Database,
    private readonly firstRebalanceDelayMs: number,
  ) {}

  obtain(id: string): Group {
    const group = this.byId.get(id) ?? new Group(this.firstRebalanceDelayMs);
    this.byId.set(id, group);
    return group;
  }

  /** The groups that have members or offsets. */
  ids(): string[] {
    const alive = [...this.byId].filter(([, { members }]) => members.size > 0).map(([id]) => id);
    const rows = this.database.query<{ groupId: string }, []>("SELECT DISTINCT groupId FROM committed").all();
    return [...new Set([...alive, ...rows.map((row) => row.groupId)])];
  }

  /** All or none. */
  commit(groupId: string, offsets: CommittedOffset[]): void {
    const insert = this.database.query("INSERT OR REPLACE INTO committed VALUES (?, ?, ?, ?, ?, ?)");
    this.database.transaction(() => {
      for (const it of offsets)
        insert.run(groupId, it.topic, it.index, it.offset, it.leaderEpoch, it.metadata);
    })();
  }

  committed(groupId: string): CommittedOffset[] {
    const sql = "SELECT *, partition AS [index] FROM committed WHERE groupId = ?";
    return this.database.query<CommittedOffset, [string]>(sql).all(groupId);
  }

  /** A group without members, with its offsets. True when there was anything to delete. */
  delete(groupId: string): boolean {
    this.byId.delete(groupId);
    return this.database.run("DELETE FROM committed WHERE groupId = ?", [groupId]).changes > 0;
  }
}
