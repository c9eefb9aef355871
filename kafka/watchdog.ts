/**
 * Finds a consumer that stands still: messages wait in a partition that is ours, and our offset has not moved for 30 s.
 *
 * kafkajs can stop consuming without an error (tulios/kafkajs issues 659, 1613), so the end offsets come from the brokers, not from
 * what was fetched. Pure: offsets and the clock are handed in.
 */

export interface TopicPartition {
  topic: string;
  partition: number;
}

interface Watched extends TopicPartition {
  /** The next offset to handle; undefined until known. */
  position: number | undefined;
  end: number;
  /** Since when messages wait at this position; undefined: none do. */
  stillSince: number | undefined;
}

export function createWatchdog(now: () => number = () => performance.now(), stillMs = 30_000) {
  let watched = new Map<string, Watched>();

  /** A new assignment: what is no longer ours is forgotten, what is new starts with a fresh clock. */
  function assign(places: TopicPartition[]): void {
    watched = new Map(
      places.map(({ topic, partition }) => [
        `${topic}/${partition}`,
        { topic, partition, position: undefined, end: 0, stillSince: undefined },
      ]),
    );
  }

  /** Our next offset is now this one. */
  function moved(topic: string, partition: number, position: number): void {
    const one = watched.get(`${topic}/${partition}`);
    if (!one || one.position === position) return;
    one.position = position;
    one.stillSince = one.end > position ? now() : undefined;
  }

  /** Where we began, as far as the brokers know it: what we have read in the meantime counts more. */
  function begins(topic: string, partition: number, position: number): void {
    if (watched.get(`${topic}/${partition}`)?.position === undefined) moved(topic, partition, position);
  }

  /** The brokers say that the partition ends here. */
  function ends(topic: string, partition: number, end: number): void {
    const one = watched.get(`${topic}/${partition}`);
    if (!one) return;
    one.end = end;
    if (one.position === undefined || end <= one.position) one.stillSince = undefined;
    else one.stillSince ??= now();
  }

  function reasons(): string[] {
    return [...watched.values()].flatMap(({ topic, partition, position, end, stillSince }) => {
      const stillFor = stillSince === undefined ? 0 : now() - stillSince;
      if (position === undefined || stillFor < stillMs) return [];
      return [
        `${topic}[${partition}] has stood at offset ${position} for ${Math.round(stillFor / 1000)} s, ${end - position} messages are waiting`,
      ];
    });
  }

  function unknown(): TopicPartition[] {
    return [...watched.values()].filter(({ position }) => position === undefined);
  }

  return { assign, moved, begins, ends, reasons, unknown };
}

export type Watchdog = ReturnType<typeof createWatchdog>;
