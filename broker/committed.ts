/** The offsets that groups have committed. They never expire; a deleted topic takes its own with it. */
import type { Database } from "bun:sqlite";

export interface CommittedOffset {
  topic: string;
  partition: number;
  committed_offset: number;
  leader_epoch: number;
  metadata: string;
}

export class Committed {
  private readonly insert;
  private readonly select;

  constructor(private readonly database: Database) {
    this.insert = database.query("INSERT OR REPLACE INTO committed VALUES (?, ?, ?, ?, ?, ?)");
    this.select = database.query<CommittedOffset, [string]>("SELECT * FROM committed WHERE group_id = ?");
  }

  /** All or none. */
  commit(groupId: string, offsets: CommittedOffset[]): void {
    this.database.transaction(() => {
      for (const { topic, partition, committed_offset, leader_epoch, metadata } of offsets) {
        this.insert.run(groupId, topic, partition, committed_offset, leader_epoch, metadata);
      }
    })();
  }

  of(groupId: string): CommittedOffset[] {
    return this.select.all(groupId);
  }

  groupIds(): string[] {
    const rows = this.database
      .query<{ group_id: string }, []>("SELECT DISTINCT group_id FROM committed")
      .all();
    return rows.map((row) => row.group_id);
  }

  /** True when there was anything to delete. */
  delete(groupId: string): boolean {
    return this.database.run("DELETE FROM committed WHERE group_id = ?", [groupId]).changes > 0;
  }
}
