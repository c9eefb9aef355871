/** The topics and their partitions: kept in the database, held in memory. */
import type { Database } from "bun:sqlite";
import type { Log, Partition } from "./log.ts";
import type { TopicConfigs } from "./topic-configs.ts";

export interface Topic {
  id: number;
  name: string;
  configs: TopicConfigs;
  partitions: Partition[];
}

interface TopicRow {
  id: number;
  name: string;
  partitions: number;
  configs: string;
}

export const MAX_PARTITIONS = 1_000;

/** Kafka's rule; the name is also part of nothing on disk here, so no more is needed. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
}

export class Topics {
  private readonly byName = new Map<string, Topic>();

  constructor(
    private readonly database: Database,
    private readonly log: Log,
  ) {
    for (const row of database.query<TopicRow, []>("SELECT * FROM topic ORDER BY name").all()) this.hold(row);
  }

  private hold(row: TopicRow): Topic {
    const { id, name } = row;
    const partitions = Array.from({ length: row.partitions }, (_, index) => this.log.load(id, name, index));
    const topic: Topic = { id, name, configs: JSON.parse(row.configs), partitions };
    this.byName.set(name, topic);
    return topic;
  }

  all(): Topic[] {
    return [...this.byName.values()];
  }

  get(name: string): Topic | undefined {
    return this.byName.get(name);
  }

  partition(name: string, index: number): Partition | undefined {
    return this.byName.get(name)?.partitions[index];
  }

  create(name: string, partitions: number, configs: TopicConfigs): Topic {
    const row = this.database
      .query<TopicRow, [string, number, string]>(
        "INSERT INTO topic (name, partitions, configs) VALUES (?, ?, ?) RETURNING *",
      )
      .get(name, partitions, JSON.stringify(configs));
    if (!row) throw new Error(`${name}: not created`);
    return this.hold(row);
  }

  /** With its messages and with what groups committed on it. Fetches that wait on it are woken. */
  delete(topic: Topic): void {
    this.database.transaction(() => {
      for (const table of ["batch", "log_start"]) {
        this.database.run(`DELETE FROM ${table} WHERE topic_id = ?`, [topic.id]);
      }
      this.database.run("DELETE FROM committed WHERE topic = ?", [topic.name]);
      this.database.run("DELETE FROM topic WHERE id = ?", [topic.id]);
    })();
    this.byName.delete(topic.name);
    for (const { waiters } of topic.partitions) {
      for (const wake of [...waiters]) wake(Number.POSITIVE_INFINITY);
    }
  }

  grow(topic: Topic, partitions: number): void {
    this.database.run("UPDATE topic SET partitions = ? WHERE id = ?", [partitions, topic.id]);
    for (let index = topic.partitions.length; index < partitions; index++) {
      topic.partitions.push(this.log.load(topic.id, topic.name, index));
    }
  }

  setConfigs(topic: Topic, configs: TopicConfigs): void {
    this.database.run("UPDATE topic SET configs = ? WHERE id = ?", [JSON.stringify(configs), topic.id]);
    topic.configs = configs;
  }
}
