/** SASL and TLS forgotten or wrong, and topics that an ACL hides, on Apache Kafka: what is told, and how soon. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApacheKafka, startQuickKafka } from "../test/real/apache-kafka.fixture.ts";
import { freePort, freePorts, runProgram, startEntry, until } from "../test/processes.fixture.ts";
import { describeWith } from "../test/real/parts.fixture.ts";
import { ensureTopics, withAdmin } from "./admin.ts";
import { collectLog } from "./broker.fixture.ts";
import { createKafka, type KafkaSettings } from "./client.ts";

const WITHIN_MS = 10_000;
const ALICE = { mechanism: "plain", username: "alice", password: "secret" } as const;

describeWith(["java", "kafka-jars"], "access to Apache Kafka", () => {
  const folder = mkdtempSync(join(tmpdir(), "access-"));
  const [plain = 0, sasl = 0, ssl = 0, controller = 0] = freePorts(4);
  let kafka: ApacheKafka;
  let ca = "";

  beforeAll(async () => {
    const store = ["-keystore", join(folder, "keys.p12"), "-storepass", "secret1", "-alias", "broker"];
    const names = ["-dname", "CN=localhost", "-ext", "SAN=dns:localhost,ip:127.0.0.1", "-validity", "30"];
    await runProgram([
      "keytool",
      "-genkeypair",
      "-keyalg",
      "RSA",
      "-storetype",
      "PKCS12",
      ...store,
      ...names,
    ]);
    ca = await runProgram(["keytool", "-exportcert", "-rfc", ...store]);
    const listeners = `PLAINTEXT://127.0.0.1:${plain},SASL://127.0.0.1:${sasl},SSL://127.0.0.1:${ssl}`;
    kafka = await startQuickKafka({
      port: plain,
      config: {
        listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
        "advertised.listeners": listeners,
        "controller.quorum.voters": `1@127.0.0.1:${controller}`,
        "listener.security.protocol.map":
          "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,SSL:SSL",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl.plain.sasl.jaas.config":
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret";',
        "ssl.keystore.location": join(folder, "keys.p12"),
        "ssl.keystore.password": "secret1",
        "ssl.key.password": "secret1",
        "ssl.keystore.type": "PKCS12",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": true,
      },
    });
  }, 90_000);
  afterAll(async () => {
    await kafka?.stop();
    rmSync(folder, { recursive: true });
  });

  const user = "KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD";
  const wrong: Record<string, [port: number, settings: Partial<KafkaSettings>, told: string]> = {
    "no user where one is wanted": [sasl, {}, `does it expect a user name and a password? Set ${user}`],
    "a wrong password": [sasl, { sasl: { ...ALICE, password: "x" } }, `look at ${user}`],
    "another mechanism": [sasl, { sasl: { ...ALICE, mechanism: "scram-sha-256" } }, `look at ${user}`],
    "a user where none is known": [plain, { sasl: ALICE }, `look at ${user}`],
    "no TLS where it is wanted": [ssl, {}, "does it expect TLS? Set KAFKA_SSL"],
    "TLS where there is none": [plain, { ssl: {} }, "is this a listener without TLS? Then unset KAFKA_SSL"],
    "an authority that is not known": [
      ssl,
      { ssl: {} },
      "name a PEM file with its authority in KAFKA_SSL_CA",
    ],
  };
  for (const [what, [port, settings, told]] of Object.entries(wrong))
    test(`${what} is told with the address and the settings, and nothing ends by it`, async () => {
      const log = collectLog();
      const client = createKafka({ brokers: [`127.0.0.1:${port}`], clientId: "t", ...settings }, log);
      let ended: unknown = "waits";
      void ensureTopics(client, []).then(
        () => (ended = "done"),
        (error) => (ended = error),
      );
      const isTold = () =>
        client.trouble().some((line) => line.includes(`127.0.0.1:${port} `) && line.includes(told));
      await until("it is told", isTold, { withinMs: WITHIN_MS });
      expect(log.lines.some((line) => line.includes(told))).toBe(true);
      expect(client.trouble()).toHaveLength(1);
      expect(ended).toBe("waits");
    }, 30_000);

  test("what is right gets in, and leaves no trouble", async () => {
    const right: [number, Partial<KafkaSettings>][] = [
      [sasl, { sasl: ALICE }],
      [ssl, { ssl: { ca } }],
      [plain, {}],
    ];
    for (const [port, settings] of right) {
      const client = createKafka(
        { brokers: [`127.0.0.1:${port}`], clientId: "t", ...settings },
        collectLog(),
      );
      await ensureTopics(client, []);
      expect(client.trouble()).toEqual([]);
    }
  });

  test("a service says it in /readyz while it starts", async () => {
    const port = freePort();
    const env = { KAFKA_BROKERS: `127.0.0.1:${sasl}`, HEALTH_PORT: `${port}` };
    const service = startEntry("enrich/main.ts", env);
    const reasons = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
    const isTold = async () => (await reasons()).includes(`Kafka at 127.0.0.1:${sasl} ends each connection`);
    await until("it is told", isTold, { withinMs: WITHIN_MS, alive: [service] });
    expect(service.output()).toContain("does it expect a user name and a password?");
    expect(await reasons()).toContain("enrich is starting");
    await service.stop();
  }, 30_000);

  test("a topic that an ACL hides is not called missing, and is not called created", async () => {
    const client = createKafka({ brokers: [`127.0.0.1:${plain}`], clientId: "t" }, collectLog());
    const topics = ["iot.raw", "iot.enriched", "iot.raw.dlq"].map((name) => ({
      name,
      partitions: 1,
      configs: {},
    }));
    await ensureTopics(client, topics);
    await withAdmin(client, (admin) =>
      admin.createAcls({
        acl: [
          {
            resourceType: 2,
            resourceName: "iot.enriched",
            resourcePatternType: 3,
            principal: "User:somebody-else",
            host: "*",
            operation: 3,
            permissionType: 3,
          },
        ],
      }),
    );
    const hidden = "iot.enriched: our user may not see it (TOPIC_AUTHORIZATION_FAILED)";
    await until("it is hidden", async () => {
      const error = await ensureTopics(client, topics).then(() => "", String);
      return error.includes(hidden);
    });
    const service = startEntry("enrich/main.ts", {
      KAFKA_BROKERS: `127.0.0.1:${plain}`,
      HEALTH_PORT: `${freePort()}`,
    });
    expect(await service.exited).toBe(1);
    expect(service.output()).toContain(hidden);
    expect(service.output()).not.toContain("missing");
  }, 30_000);
});
