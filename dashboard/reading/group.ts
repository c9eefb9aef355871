/**
 * How far the enrichment is, as the brokers tell it: lag by partition, and who is a member of its group.
 *
 * Asked only while somebody looks, at most each five seconds. It is what tells that a Connect host is at work, which
 * sends no heartbeat. Errors: brokers away: the last answer stands, with its time.
 */
import { withAdmin } from "../../kafka/admin.ts";
import type { Kafka } from "../../kafka/client.ts";
import { groupLag, type PartitionLag } from "../../kafka/lag.ts";

export interface GroupFacts {
  /** When it was asked, ms. */
  at: number;
  lags: PartitionLag[];
  members: { clientId: string; host: string }[];
}

export interface Group {
  /** The last answer; asks again in the background when it is old. */
  last(): GroupFacts | undefined;
  /** Waits for a first answer, not for long. */
  first(): Promise<GroupFacts | undefined>;
}

const FRESH_MS = 5_000;
const PATIENCE_MS = 1_500;

export type AskGroup = () => Promise<Omit<GroupFacts, "at">>;

export function createGroup(ask: AskGroup, onNews: () => void, now: () => number = Date.now): Group {
  let facts: GroupFacts | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  function refresh(): Promise<void> {
    if (asking !== undefined) return asking;
    if (now() - askedAt < FRESH_MS) return Promise.resolve();
    askedAt = now();
    asking = ask()
      .then((found) => {
        facts = { ...found, at: askedAt };
        onNews();
      })
      .catch(() => {})
      .finally(() => {
        asking = undefined;
      });
    return asking;
  }

  return {
    last() {
      void refresh();
      return facts;
    },
    async first() {
      const asked = refresh();
      if (facts === undefined) await Promise.race([asked, Bun.sleep(PATIENCE_MS)]);
      return facts;
    },
  };
}

export function askKafka(kafka: Kafka, groupId: string, raw: string): AskGroup {
  return async () => {
    const [lags, described] = await Promise.all([
      groupLag(kafka, groupId, raw),
      withAdmin(kafka, (admin) => admin.describeGroups([groupId])),
    ]);
    const members = described.groups[0]?.members ?? [];
    return {
      lags,
      members: members.map(({ clientId, clientHost }) => ({ clientId, host: clientHost })),
    };
  };
}
