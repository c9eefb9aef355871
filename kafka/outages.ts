/**
 * kafkajs's log, made readable: one line when an address stops answering, one when it answers again.
 *
 * kafkajs itself writes a dozen lines a second while a broker is away, and none when it is back. Its other warnings and
 * errors pass, each text at most once in ten seconds; what matters reaches the caller as an exception anyway.
 */

export interface KafkaLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** The part of kafkajs's log entry that we read. */
export interface Entry {
  namespace: string;
  level: number;
  log: { message: string; broker?: string; [field: string]: unknown };
}

const REPEAT_MS = 10_000;
const CONNECTING = /^Connection (error: |timeout)/;
/** These mean that messages were skipped or will come again. */
const SERIOUS = /^Offset out of range/;

export function createOutages(log: KafkaLog, now: () => number = Date.now) {
  const downSince = new Map<string, number>();
  const lastSaid = new Map<string, number>();

  /** For each connection that is made. */
  function answered(address: string): void {
    const since = downSince.get(address);
    if (since === undefined) return;
    downSince.delete(address);
    log.info(`Kafka at ${address} answers again after ${Math.round((now() - since) / 1000)} s`);
  }

  function said({
    namespace,
    log: { message, timestamp: _, logger: __, stack: ___, ...fields },
  }: Entry): void {
    if (namespace === "Connection" && CONNECTING.test(message)) {
      const address = fields.broker ?? "an unknown address";
      if (downSince.has(address)) return;
      downSince.set(address, now());
      const reason = message.replace(CONNECTING, "") || "no answer in time";
      log.warn(`Kafka at ${address} does not answer (${reason}); trying again until it does`);
    } else if (SERIOUS.test(message)) {
      log.error(`kafkajs: ${message}`, { namespace, ...fields });
    } else if (downSince.size === 0 && isNew(message)) {
      // While an address is down, the rest of kafkajs's lines say the same in other words.
      log.warn(`kafkajs: ${message}`, { namespace, ...fields });
    }
  }

  function isNew(message: string): boolean {
    const last = lastSaid.get(message);
    if (last !== undefined && now() - last < REPEAT_MS) return false;
    if (lastSaid.size > 200) lastSaid.clear();
    lastSaid.set(message, now());
    return true;
  }

  return { answered, said, down: (): string[] => [...downSince.keys()] };
}
