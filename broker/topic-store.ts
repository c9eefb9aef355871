/** The topics and their partitions: kept in the database, held in memory. */
import type { Database } from "bun:sqlite";
import type { Log, Partition } from "./log.ts";
import { TOPIC_CONFIGS, type TopicConfigs } from "./topic-configs.ts";

export type Topic = { id: number; name: string; configs: TopicConfigs; partitions: Partition[] };

export const DEFAULT_PARTITIONS = 1;
export const MAX_PARTITIONS = 1_000;

export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
}

export class Topics {
  readonly byName = new Map<string, Topic>();

  constructor(
    private readonly database: Database,
    private readonly log: Log,
  ) {
    type TopicRow = { id: number; name: string; partitions: number; configs: string };
    const sql = "SELECT id, name, partitions, json(configs) AS configs FROM topic ORDER BY name";
    for (const row of database.query<TopicRow, []>(sql).all())
      this.hold(row.id, row.name, row.partitions, JSON.parse(row.configs));
  }

  all(): Topic[] {
    return [...this.byName.values()];
  }

  partition(name: string, index: number): Partition | undefined {
    return this.byName.get(name)?.partitions[index];
  }

  /** A numeric configuration of a topic, its own or the default. */
  limit(name: string, config: string): number {
    return Number(this.byName.get(name)?.configs[config] ?? TOPIC_CONFIGS[config]?.default);
  }

  create(name: string, partitions: number, configs: TopicConfigs): Topic {
    const sql = "INSERT INTO topic (name, partitions, configs) VALUES (?, ?, ?)";
    const { lastInsertRowid } = this.database.run(sql, [name, partitions, JSON.stringify(configs)]);
    return this.hold(Number(lastInsertRowid), name, partitions, configs);
  }

  private hold(id: number, name: string, count: number, configs: TopicConfigs): Topic {
    const partitions = Array.from({ length: count }, (_, index) => this.log.load(id, name, index));
    const topic = { id, name, configs, partitions };
    this.byName.set(name, topic);
    return topic;
  }

  /** Deletes a topic with its messages and with what groups committed on it. Fetches that wait on it are woken. */
  delete(topic: Topic): void {
    for (const partition of topic.partitions) this.log.trim(partition, partition.end);
    this.database.transaction(() => {
      this.database.run("DELETE FROM bounds WHERE topicId = ?", [topic.id]);
      this.database.run("DELETE FROM committed WHERE topic = ?", [topic.name]);
      this.database.run("DELETE FROM topic WHERE id = ?", [topic.id]);
    })();
    this.byName.delete(topic.name);
    for (const { waiters } of topic.partitions) for (const wake of [...waiters]) wake(Infinity);
  }

  grow(topic: Topic, count: number): void {
    this.database.run("UPDATE topic SET partitions = ? WHERE id = ?", [count, topic.id]);
    for (let index = topic.partitions.length; index < count; index++)
      topic.partitions.push(this.log.load(topic.id, topic.name, index));
  }
}
