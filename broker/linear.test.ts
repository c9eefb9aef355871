/** A request of four times the size is four times the work: counted by how often its own names are read. */
import { describe, expect, test } from "bun:test";
import type { Broker } from "./apis/api.ts";
import { createTopics } from "./apis/create-topics.ts";
import { joinFault, type Member, mostVoted } from "./member.ts";

/** So many objects with a name each, and how often the names were read. */
function counted<T extends object>(count: number, more: T) {
  let reads = 0;
  const items = Array.from({ length: count }, (_, at) => ({
    ...more,
    get name() {
      reads++;
      return `name-${at}`;
    },
  }));
  return { items, reads: () => reads };
}

function ratio(work: (count: number) => number): number {
  return work(2_000) / work(500);
}

describe("the work of a request grows with its size", () => {
  test("CreateTopics with many names", () => {
    const newTopic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const broker = { topics: { byName: new Map() } } as unknown as Broker;
    const call = { version: 4, clientId: "", clientHost: "", signal: new AbortController().signal };
    const work = (count: number) => {
      const { items, reads } = counted(count, newTopic);
      const answer = createTopics.handle(broker, { topics: items, validateOnly: true }, call);
      expect((answer as { topics: unknown[] }).topics).toHaveLength(count);
      return reads();
    };
    expect(ratio(work)).toBe(4);
  });

  test("JoinGroup with many protocols, beside members that have as many", () => {
    const work = (count: number) => {
      const [mine, theirs] = [counted(count, { metadata: Buffer.alloc(0) }), counted(count, {})];
      const member = { memberId: "a", sessionTimeoutMs: 1_000, protocolType: "consumer" };
      const request = { ...member, protocols: mine.items } as unknown as Member;
      const other = { ...member, memberId: "b", protocols: theirs.items.toReversed() } as unknown as Member;
      expect(joinFault(request, [other])).toBe(0);
      expect(mostVoted([request, other])).toBe("name-0");
      return mine.reads() + theirs.reads();
    };
    expect(ratio(work)).toBeLessThan(4.1);
  });
});
