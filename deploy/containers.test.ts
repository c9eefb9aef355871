/** The container files read as data: the rules that hold for every service, since no container engine runs in CI. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readSettings } from "../config/env.ts";
import { GROUPS } from "../schemas/topics.ts";

interface Service {
  image?: string;
  build?: string;
  container_name?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  restart?: string;
  profiles?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  pids_limit?: number;
  mem_limit?: string;
  stop_grace_period?: string;
  logging?: object;
}

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const compose = Bun.YAML.parse(read("docker-compose.yml")) as {
  name: string;
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const dockerfile = read("Dockerfile");
const pipeline = read("connect/pipeline.yaml");
const environmentOf = (name: string) => compose.services[name]?.environment ?? {};

describe("docker-compose.yml", () => {
  test("has the services and the original's container names", () => {
    expect(Object.fromEntries(services.map(([name, service]) => [name, service.container_name]))).toEqual({
      redpanda: "iot-cloud-redpanda",
      console: "iot-cloud-console",
      preflight: "iot-cloud-preflight",
      simulator: "iot-cloud-smart-breaker-simulator",
      connect: "iot-cloud-enrichment",
      enrich: "iot-cloud-enrichment-bun",
      dashboard: "iot-cloud-web-app",
    });
  });

  test("has a row for each service of dev.ts", () => {
    const names = [...read("dev.ts").matchAll(/\{ name: "(\w+)", variable/g)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(2);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(names));
  });

  test("runs entry files that are there", () => {
    const entries = ours.flatMap(([, { command = [] }]) => command.join(" ").match(/[\w/]+\.ts/g) ?? []);
    expect(entries.length).toBeGreaterThan(4);
    expect(entries.filter((file) => !existsSync(new URL(`../${file}`, import.meta.url)))).toEqual([]);
  });

  for (const [name, service] of services) {
    describe(name, () => {
      test("comes from a pinned image, or from our Dockerfile", () => {
        const { image = "", build } = service;
        if (build === undefined)
          expect(image).toMatch(/^docker[.]redpanda[.]com\/redpandadata\/\w+:v?\d+\.\d+\.\d+$/);
        else expect([image, build]).toEqual(["iot-cloud:local", "."]);
      });

      test("may do no more than it must", () => {
        expect(service.cap_drop).toEqual(["ALL"]);
        expect(service.security_opt).toEqual(["no-new-privileges:true"]);
        expect(service.pids_limit).toBeLessThanOrEqual(256);
        expect(service.mem_limit).toMatch(/^\d+[mg]$/);
        // The broker writes its own configuration beside its data.
        expect(service.read_only ?? false).toBe(name !== "redpanda");
      });

      test("is reached from this machine only", () => {
        for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
      });

      test("comes up again, and its log does not fill the disk", () => {
        expect(service.restart).toBe(name === "preflight" ? "no" : "unless-stopped");
        expect(service.logging).toEqual({
          driver: "json-file",
          options: { "max-size": "10m", "max-file": "3" },
        });
      });

      test("says whether it is well, where it has the tools", () => {
        const health = service.healthcheck;
        if (name === "preflight") expect(health).toEqual({ disable: true });
        else if (service.build) expect(dockerfile).toContain("HEALTHCHECK");
        else expect(health?.test?.[0]).toMatch(/^CMD/);
      });

      test("waits for what it needs", () => {
        const healthy = { condition: "service_healthy" };
        const done = { condition: "service_completed_successfully" };
        const needs: Record<string, { condition: string }> = {};
        if (name !== "redpanda") needs.redpanda = healthy;
        if (!["redpanda", "console", "preflight"].includes(name)) needs.preflight = done;
        expect(service.depends_on ?? {}).toEqual(needs);
      });
    });
  }

  test("publishes the dashboard, Console, Kafka and Connect, and nothing else", () => {
    const ports = Object.fromEntries(
      services.flatMap(([name, service]) =>
        (service.ports ?? []).map((port) => [name, port.split(":").at(-1)]),
      ),
    );
    expect(ports).toEqual({ redpanda: "9092", console: "8080", connect: "4195", dashboard: "5001" });
  });

  test("one enricher at a time: Connect by default, the Bun host by its profile", () => {
    expect(read(".env")).toContain("COMPOSE_PROFILES=connect\n");
    expect(compose.services.connect?.profiles).toEqual(["connect"]);
    expect(compose.services.enrich?.profiles).toEqual(["bun"]);
    expect(services.filter(([, { profiles }]) => profiles).length).toBe(2);
  });

  test("the broker listens inside as redpanda:29092, outside as localhost:9092, and creates no topics by itself", () => {
    const command = compose.services.redpanda?.command ?? [];
    expect(command).toContain("--kafka-addr=internal://0.0.0.0:29092,external://0.0.0.0:9092");
    expect(command).toContain("--advertise-kafka-addr=internal://redpanda:29092,external://localhost:9092");
    expect(command).toContain("--set=redpanda.auto_create_topics_enabled=false");
    for (const [name] of services.filter(([name]) => name !== "redpanda"))
      expect(environmentOf(name).KAFKA_BROKERS).toBe("redpanda:29092");
  });

  test("our services take the settings that they are given", () => {
    for (const [name] of ours)
      expect([name, environmentOf(name).ALLOWED_HOSTS]).toEqual([name, `\${ALLOWED_HOSTS:-}`]);
    for (const [name, { environment = {} }] of ours) {
      const values = Object.entries(environment).map(([key, value]) => [key, defaultOf(`${value}`)]);
      const settings = readSettings(Object.fromEntries(values));
      expect([name, settings.http.host, settings.kafka.brokers]).toEqual([
        name,
        "0.0.0.0",
        ["redpanda:29092"],
      ]);
    }
  });

  test("the messages and the built files survive; the registry is mounted as a folder, to be read only", () => {
    expect(Object.keys(compose.volumes)).toEqual(["redpanda", "transform"]);
    expect(compose.services.redpanda?.volumes).toEqual(["redpanda:/var/lib/redpanda/data"]);
    for (const [, { volumes = [] }] of ours) expect(volumes).toContain("./config:/app/config:ro");
    expect(environmentOf("preflight").REGISTRY).toBe("config/device-registry.json");
  });

  test("Connect reads what the preflight service builds, by the variables that the pipeline has", () => {
    const { connect, preflight } = compose.services;
    expect(preflight?.command?.join(" ")).toContain("bun connect/build.ts --out /transform");
    expect(preflight?.volumes).toContain("transform:/transform");
    expect(connect?.volumes).toEqual([
      "./connect/pipeline.yaml:/iot/pipeline.yaml:ro",
      "transform:/iot/transform:ro",
    ]);
    expect(environmentOf("connect")).toMatchObject({
      ENRICH_BUNDLE: "/iot/transform/enrich.cjs",
      ENRICH_PLAN: "/iot/transform/plan.json",
      CONNECT_ADDRESS: "0.0.0.0:4195",
    });
    const known = [...pipeline.matchAll(/\$\{([A-Z_]+):/g)].map((match) => match[1]);
    const { GOMEMLIMIT, ...others } = environmentOf("connect");
    expect(Object.keys(others).filter((variable) => !known.includes(variable))).toEqual([]);
    expect(Number.parseInt(`${GOMEMLIMIT}`, 10)).toBeLessThan(0.9 * 1024);
    expect(connect?.mem_limit).toBe("1g");
    expect(pipeline).toContain(`consumer_group: ${GROUPS.enrich}`);
  });

  test("Connect has longer to stop than its pipeline takes", () => {
    const takes = Number(/^shutdown_timeout: (\d+)s$/m.exec(pipeline)?.[1]);
    expect(Number.parseInt(compose.services.connect?.stop_grace_period ?? "", 10)).toBeGreaterThan(takes);
  });
});

describe("Dockerfile", () => {
  test("builds on the pinned Bun, by the lock, without development packages, not as root", () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    const pinned = JSON.parse(read("package.json")).packageManager.replace("@", ":");
    expect(new Set(bases)).toEqual(new Set([`oven/${pinned}`]));
    expect(dockerfile).toContain("RUN bun install --frozen-lockfile --production");
    expect(dockerfile.lastIndexOf("\nUSER bun\n")).toBeGreaterThan(dockerfile.lastIndexOf("\nRUN "));
  });

  test("has what the services need and nothing of tests, data or Git", () => {
    const ignore = read(".dockerignore").split("\n");
    expect(ignore.find((line) => line !== "" && !line.startsWith("#"))).toBe("*");
    const kept = ignore.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    const needed = ours.flatMap(
      ([, { command = [] }]) => command.join(" ").match(/[\w/]+(?=\/[\w]+\.ts)/g) ?? [],
    );
    for (const folder of [...needed, "schemas", "registry", "config", "kafka", "patches"])
      expect(kept.some((path) => path === folder || path.startsWith(`${folder}/`))).toBe(true);
    for (const path of ["test", "data", "bench", ".git", "broker"]) expect(kept).not.toContain(path);
    expect(ignore).toContain("**/*.test.ts");
  });
});

/** `${NAME:-default}` as compose fills it in when the variable is not set. */
function defaultOf(value: string): string {
  return value.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, "$1");
}
