/** Rules of connect/pipeline.yaml that its engine runs happily without, read as data. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

interface Client {
  seed_brokers: string[];
  tls: object;
  sasl: object[];
  tcp: { tcp_user_timeout: string };
  allow_auto_topic_creation?: boolean;
}

const pipeline = readFileSync(new URL("../connect/pipeline.yaml", import.meta.url), "utf8");
/** As Connect fills it in: the environment's, or the default. */
const from = (variable: string, otherwise = "") => `\${${variable}:${otherwise}}`;

describe("connect/pipeline.yaml", () => {
  const { http, input, output } = Bun.YAML.parse(pipeline) as {
    http: object;
    input: { redpanda: Client };
    output: { redpanda: Client };
  };

  test("its HTTP is reached from this machine only, unless a container says otherwise", () => {
    expect(http).toEqual({ address: from("CONNECT_ADDRESS", "127.0.0.1:4195"), debug_endpoints: false });
  });

  for (const [name, { redpanda }] of Object.entries({ input, output })) {
    test(`its ${name} takes brokers, TLS and the user from the environment`, () => {
      const { seed_brokers, tls, sasl } = redpanda;
      expect({ seed_brokers, tls, sasl }).toEqual({
        seed_brokers: [from("KAFKA_BROKERS", "127.0.0.1:9092")],
        tls: { enabled: from("KAFKA_SSL", "false"), root_cas_file: from("KAFKA_SSL_CA") },
        sasl: [
          {
            mechanism: from("KAFKA_SASL_MECHANISM", "none"),
            username: from("KAFKA_SASL_USERNAME"),
            password: from("KAFKA_SASL_PASSWORD"),
          },
        ],
      });
    });

    test(`its ${name} notices within a session that a peer is gone without a word`, () => {
      const [, seconds = "0"] = /^(\d+)s$/.exec(redpanda.tcp.tcp_user_timeout) ?? [];
      expect(Number(seconds)).toBeGreaterThan(0);
      expect(Number(seconds)).toBeLessThanOrEqual(10);
    });
  }

  test("a topic that is missing stays missing: `bun run topics` makes them, with equal partition counts", () => {
    expect(output.redpanda.allow_auto_topic_creation).toBe(false);
  });
});
