import { describe, expect, test } from "bun:test";
import { ConfigError, readSettings } from "./env.ts";
import { topicSpecs } from "./topic-specs.ts";

function faultsOf(env: Record<string, string>): string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("readSettings", () => {
  test("an empty environment gives the defaults of design.md section 7", () => {
    const settings = readSettings({ KAFKA_BROKERS: "" });
    expect(settings.kafka).toEqual({
      brokers: ["127.0.0.1:9092"],
      brokersExplicit: false,
      ssl: undefined,
      sasl: undefined,
      maxBatchBytes: 33_554_432,
    });
    expect(settings.http).toEqual({ host: "127.0.0.1", port: 5001, portExplicit: false, allowedHosts: [] });
    expect(settings.sim).toEqual({
      breakers: 3,
      meters: 2,
      sensors: 2,
      intervalS: undefined,
      ratePerS: undefined,
      seed: undefined,
      faults: 0,
    });
    expect(settings.topicPartitions).toBe(6);
    expect(settings.topics.dlq).toBe("iot.raw.dlq");
  });

  test("every fault is listed at once, with what was expected and what was found", () => {
    expect(
      faultsOf({ PORT: "http", SIM_FAULTS: "1.5", KAFKA_BROKERS: "localhost", LOG_LEVEL: "loud" }),
    ).toEqual([
      'KAFKA_BROKERS: expected host:port, separated by commas, found "localhost"',
      'PORT: expected a whole number from 0 to 65535, found "http"',
      'SIM_FAULTS: expected a share from 0 to 1, found "1.5"',
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, found "loud"',
    ]);
  });

  test("half a SASL configuration is a fault, and a password is never shown", () => {
    const faults = faultsOf({ KAFKA_SASL_MECHANISM: "md5", KAFKA_SASL_PASSWORD: "secret" });
    expect(faults).toHaveLength(2);
    expect(faults.join()).toContain("KAFKA_SASL_USERNAME");
    expect(faults.join()).not.toContain("secret");
  });

  test("an unreadable CA file is a fault", () => {
    expect(faultsOf({ KAFKA_SSL_CA: "no/such/file.pem" })).toEqual([
      'KAFKA_SSL_CA: expected a readable PEM file, found "no/such/file.pem"',
    ]);
  });

  test("names of the dashboard are exact: no scheme, no port, no wildcard", () => {
    expect(readSettings({ ALLOWED_HOSTS: "IoT.example.com, dash.example.org" }).http.allowedHosts).toEqual([
      "iot.example.com",
      "dash.example.org",
    ]);
    for (const wrong of ["https://iot.example.com", "iot.example.com:443", "*.example.com", "*", ","])
      expect(faultsOf({ ALLOWED_HOSTS: wrong })).toEqual([
        `ALLOWED_HOSTS: expected host names without scheme or port, separated by commas, found "${wrong}"`,
      ]);
  });

  test("several brokers are separated by commas", () => {
    expect(readSettings({ KAFKA_BROKERS: "a:9092, [::1]:9093" }).kafka.brokers).toEqual([
      "a:9092",
      "[::1]:9093",
    ]);
    expect(faultsOf({ KAFKA_BROKERS: "a:9092,kafka:99999" })).toEqual([
      'KAFKA_BROKERS: expected a port up to 65535, found "kafka:99999"',
    ]);
  });
});

describe("topicSpecs", () => {
  test("the topics of the flow have equal partition counts, and outputs take 2 MiB", () => {
    const specs = topicSpecs(readSettings({ TOPIC_PARTITIONS: "3", TOPIC_PREFIX: "eu." }));
    const flow = specs.filter((spec) => spec.ofTheFlow);
    expect(flow.map((spec) => [spec.name, spec.partitions, spec.configs["max.message.bytes"]])).toEqual([
      ["eu.raw", 3, undefined],
      ["eu.enriched", 3, "2097152"],
      ["eu.raw.dlq", 3, "2097152"],
    ]);
  });
});
