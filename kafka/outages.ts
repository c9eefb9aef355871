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
/** Somebody asked for a place that is not (or no longer) there: who asked is told by the error, nobody else minds. */
const BEYOND = "The requested offset is not within the range of offsets maintained by the server";
/** These mean that messages were skipped or will come again. */
const SERIOUS = /^Offset out of range/;

/** kafkajs's words where a broker does not take our user; what else it says of that repeats it. */
const REFUSED = /^Response Sasl(Handshake|Authenticate)/;
const REFUSED_AGAIN = /^SASL .*failed|requested SASL mechanism|current SASL state/;

/** What knows why brokers do not let us in (access.ts). */
interface Access {
  /** What may be meant by an error. */
  hintFor(message: string): string | undefined;
  /** Hears of a user that is not taken. */
  refused(address: string, message: string): void;
}

export function createOutages(
  log: KafkaLog,
  access: Access = { hintFor: () => undefined, refused() {} },
  now: () => number = Date.now,
) {
  /** Address -> since when, ms, and why. */
  const downSince = new Map<string, { at: number; why: string }>();
  const lastSaid = new Map<string, number>();

  /** Is called for each connection that is made. */
  function answered(address: string): void {
    const since = downSince.get(address);
    if (since === undefined) return;
    downSince.delete(address);
    log.info(`Kafka at ${address} answers again after ${Math.round((now() - since.at) / 1000)} s`);
  }

  function said({
    namespace,
    log: { message, timestamp: _, logger: __, stack: ___, ...fields },
  }: Entry): void {
    if (namespace === "Connection" && CONNECTING.test(message)) {
      const address = fields.broker ?? "an unknown address";
      if (downSince.has(address)) return;
      const reason = message.replace(CONNECTING, "") || "no answer in time";
      const hint = access.hintFor(reason);
      const why = `Kafka at ${address} does not answer (${reason})${hint === undefined ? "" : `: ${hint}`}`;
      downSince.set(address, { at: now(), why });
      log.warn(`${why}; trying again until it does`);
    } else if (REFUSED.test(message)) {
      access.refused(fields.broker ?? "an unknown address", String(fields.error));
    } else if (REFUSED_AGAIN.test(message) || fields.error === BEYOND) {
      return;
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

  return { answered, said, reasons: (): string[] => [...downSince.values()].map(({ why }) => why) };
}
