/**
 * Makes the kafkajs client: addresses, TLS, SASL, codecs, log. Nothing connects yet.
 *
 * In: settings (config/env.ts reads them). Out: a client for producer.ts, consume.ts, admin.ts, lag.ts.
 * Errors: none here; an unreachable broker is said once (outages.ts) and tried again by whoever uses the client.
 */

import { Kafka as KafkajsKafka, type SASLOptions, logLevel } from "kafkajs";
import { createAccess } from "./access.ts";
import { registerCodecs } from "./codecs.ts";
import { type Entry, type KafkaLog, createOutages } from "./outages.ts";
import { REQUEST_TIMEOUT_MS, socketFactory } from "./sockets.ts";

export type { KafkaLog } from "./outages.ts";

/** Producers and consumers know of partitions that were added to a topic after so long; kafkajs's own five minutes are too long. */
export const METADATA_MAX_AGE_MS = 10_000;

/** A batch that unpacks to more is not read: a KB may stand for gigabytes. */
const MAX_BATCH_BYTES = 33_554_432;

export interface Kafka extends KafkajsKafka {
  readonly maxBatchBytes: number;
  /** Why brokers do not answer or do not let us in, a line for each address; [] = all that were asked do. */
  trouble(): string[];
}

export interface KafkaSettings {
  /** `host:port` each */
  brokers: string[];
  clientId: string;
  /** TLS when present; `ca` is a PEM text, else the system's authorities count. */
  ssl?: { ca?: string };
  /** The most that one batch may unpack to for a reader, bytes; default 32 MiB */
  maxBatchBytes?: number;
  sasl?: { mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; username: string; password: string };
}

export function createKafka(settings: KafkaSettings, log: KafkaLog): Kafka {
  registerCodecs();
  const sasl = settings.sasl && (settings.sasl.mechanism === "plain" ? "plain" : "scram");
  const access = createAccess(log, { ssl: settings.ssl !== undefined, sasl });
  const outages = createOutages(log, access);
  const kafka = new KafkajsKafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    ssl: settings.ssl ? { ca: settings.ssl.ca } : undefined,
    sasl: settings.sasl as SASLOptions | undefined,
    socketFactory: socketFactory({
      answered(address, answers) {
        if (answers === 1) outages.answered(address);
        access.answered(address, answers);
      },
      ended: access.ended,
    }),
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => outages.said(entry as Entry),
    connectionTimeout: 3_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Some 1.5 s, then the error comes up to a loop of ours, which can be stopped; kafkajs's own could not.
    retry: { initialRetryTime: 100, multiplier: 2, factor: 0.2, maxRetryTime: 1_000, retries: 4 },
  });
  return Object.assign(kafka, {
    maxBatchBytes: settings.maxBatchBytes ?? MAX_BATCH_BYTES,
    trouble: () => [...access.trouble(), ...outages.reasons()],
  });
}
