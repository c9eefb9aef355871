/**
 * Why brokers that can be reached do not let us in: TLS or SASL forgotten, or wrong. Found from how connections end, since a
 * broker that wants TLS or SASL says nothing of it: it ends the connection.
 *
 * In: what sockets and kafkajs's log tell of an address. Out: a line in the log, and `trouble`, until a connection works.
 */
import type { KafkaLog } from "./outages.ts";

export interface Access {
  /** The broker has ended a connection on which so many answers had come. */
  ended(address: string, answers: number): void;
  /** A connection on which so many answers have come. */
  answered(address: string, answers: number): void;
  /** What kafkajs says, where it is about this; undefined otherwise. */
  hintFor(message: string): string | undefined;
  /** kafkajs's own words for a refusal of our SASL user. */
  refused(address: string, message: string): void;
  /** One line for each address that does not let us in; [] = all do. */
  trouble(): string[];
}

/** How many times in a row a connection must end before it is told: a broker that restarts ends one or two as well. */
const OFTEN = 3;

export interface Secrets {
  ssl: boolean;
  sasl: "plain" | "scram" | undefined;
}

/** Answers up to the first one behind ApiVersions, and behind SASL where it is on: then we are in. */
const ANSWERS_WHEN_IN = { none: 2, plain: 4, scram: 5 };

const HINTS: [message: RegExp, hint: string][] = [
  [
    /disconnected before secure TLS|wrong version number|packet length too long/i,
    "is this a listener without TLS? Then unset KAFKA_SSL and KAFKA_SSL_CA",
  ],
  [
    /self.signed|unable to (verify|get)|unknown ca|certificate has expired/i,
    "its certificate is not trusted: name a PEM file with its authority in KAFKA_SSL_CA",
  ],
  [/does not match certificate/i, "its certificate is for another name: use that name in KAFKA_BROKERS"],
];

export function createAccess(log: KafkaLog, { ssl, sasl }: Secrets): Access {
  /** Connections that ended early, in a row. */
  const early = new Map<string, number>();
  const troubles = new Map<string, string>();
  const whenIn = ANSWERS_WHEN_IN[sasl ?? "none"];

  function found(address: string, what: string): void {
    const trouble = `Kafka at ${address} ${what}`;
    if (troubles.get(address) === trouble) return;
    troubles.set(address, trouble);
    log.warn(`${trouble}; trying again until it accepts us`);
  }

  return {
    ended(address, answers) {
      if (answers >= whenIn) return;
      const times = (early.get(address) ?? 0) + 1;
      early.set(address, times);
      if (times < OFTEN) return;
      if (answers === 0 && !ssl)
        found(
          address,
          "ends each connection without an answer: does it expect TLS? Set KAFKA_SSL, and KAFKA_SSL_CA for an authority of its own",
        );
      else if (answers > 0 && sasl === undefined)
        found(
          address,
          "ends each connection after the first answer: does it expect a user name and a password? Set KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD",
        );
    },
    answered(address, answers) {
      if (answers < whenIn) return;
      early.delete(address);
      if (troubles.delete(address)) log.info(`Kafka at ${address} accepts us`);
    },
    hintFor: (message) => HINTS.find(([form]) => form.test(message))?.[1],
    refused(address, message) {
      found(address, `refuses us: ${message}; look at KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD`);
    },
    trouble: () => [...troubles.values()],
  };
}
