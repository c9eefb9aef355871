/** `bun run dev` as a person meets it: the command, its banner, Ctrl-C, and what it says when something is wrong. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTopics } from "../kafka/admin.ts";
import { createKafka } from "../kafka/client.ts";
import { isAlive } from "../runtime/supervisor-starter.ts";
import { childrenOf, dataOf, dev, endAll, enriched, running } from "./dev-process.fixture.ts";
import { oracle, report } from "../audit/oracle.ts";
import { freePort, startEntry, until } from "./processes.fixture.ts";
import { PLAN } from "./pinned-plan.fixture.ts";
import { drained, startEmbeddedBroker, startService } from "./system.fixture.ts";

const MINUTE_MS = 60_000;
const SERVICES = ["broker", "simulator", "enrich", "dashboard"];

afterEach(endAll);

describe("dev", () => {
  test(
    "one command, and an enriched message is there within 20 s; the banner names every address",
    async () => {
      const began = performance.now();
      const child = await dev();
      const url = await running(child);
      await until("the first enriched message", async () => (await enriched(url)) > 0);
      expect(performance.now() - began).toBeLessThan(20_000);
      // The first message may be a meter's, and its total is known before its row.
      await until("the page names a breaker", async () =>
        (await (await fetch(url)).text()).includes("breaker-"),
      );
      for (const word of ["API", "Kafka", "Health", "Registry", "Ctrl-C"])
        expect(child.output()).toContain(word);
      expect([...(await childrenOf(child)).keys()].sort()).toEqual(SERVICES.toSorted());
    },
    MINUTE_MS,
  );

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    test(
      `${signal} ends everything within 3 s, with 0, and leaves nothing behind`,
      async () => {
        const child = await dev();
        await running(child);
        const children = [...(await childrenOf(child)).values()];
        expect(children.length).toBe(SERVICES.length);
        const began = performance.now();
        child.kill(signal);
        // A terminal and `bun run` both send it: the second one is no order to hurry.
        child.kill(signal);
        expect(await child.exited).toBe(0);
        expect(performance.now() - began).toBeLessThan(3_000);
        expect(children.filter(isAlive)).toEqual([]);
      },
      MINUTE_MS,
    );

  test(
    "a service that dies comes back, the broker too, and the flow goes on with what was there",
    async () => {
      const child = await dev({ SIM_INTERVAL: "0.2" });
      const url = await running(child);
      for (const name of ["enrich", "broker"]) {
        const pid = (await childrenOf(child)).get(name) ?? 0;
        const before = await enriched(url);
        process.kill(pid, "SIGKILL");
        await until(`${name} is back`, async () => {
          const now = (await childrenOf(child)).get(name);
          return now !== undefined && now !== pid;
        });
        expect(child.output()).toMatch(/ended with SIGKILL, restart in 0\.5 s/);
        await until(
          `enriched messages after the end of ${name}`,
          async () => (await enriched(url)) > before + 10,
          {
            withinMs: 30_000,
            alive: [child],
          },
        );
      }
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
      await expectNoAnomaly(dataOf(child));
    },
    2 * MINUTE_MS,
  );

  test(
    "a broker whose port another program has taken waits for it, says so, and comes back on it",
    async () => {
      const child = await dev({ SIM_INTERVAL: "0.2" });
      const url = await running(child);
      const port = Number(/Kafka\s+127\.0\.0\.1:(\d+)/.exec(child.output())?.[1]);
      const before = await enriched(url);
      process.kill((await childrenOf(child)).get("broker") ?? 0, "SIGKILL");
      const [free] = await until("the port is taken", () => takePorts([port]), { everyMs: 5 });
      await until("it says so", () =>
        child
          .output()
          .includes(`another program has taken port ${port}: stop it, or stop this one and start again`),
      );
      free?.();
      await until("the flow goes on", async () => (await enriched(url)) > before + 10, {
        withinMs: 60_000,
        alive: [child],
      });
    },
    2 * MINUTE_MS,
  );

  test(
    "killed with -9 it leaves no service running",
    async () => {
      const child = await dev();
      await running(child);
      const children = [...(await childrenOf(child)).values()];
      child.kill("SIGKILL");
      await until("all services have ended", () => children.filter(isAlive).length === 0, {
        withinMs: 8_000,
      });
    },
    MINUTE_MS,
  );
});

describe("dev, when something is wrong", () => {
  test("a faulty environment: every fault, exit 1, nothing started", async () => {
    const child = await dev({ PORT: "http", SIM_FAULTS: "2", LOG_LEVEL: "loud", KAFKA_BROKERS: "here" });
    expect(await child.exited).toBe(1);
    for (const variable of ["PORT", "SIM_FAULTS", "LOG_LEVEL", "KAFKA_BROKERS"])
      expect(child.output()).toMatch(new RegExp(`^${variable}: expected .*, found `, "m"));
    expect(child.output()).not.toContain("│");
  });

  test("a faulty registry: every fault with its path, exit 1", async () => {
    const folder = await mkdtemp(join(tmpdir(), "registry-"));
    const broken = join(folder, "device-registry.json");
    const registry = await Bun.file("test/registry/device-registry.json").json();
    registry.device_types.smart_meter.measurements.energy.unit = "bananas";
    registry.device_types.smart_breaker.capabilitys = [];
    await Bun.write(broken, JSON.stringify(registry));
    const child = await dev({ REGISTRY: broken });
    expect(await child.exited).toBe(1);
    expect(child.output()).toContain("/device_types/smart_meter/measurements/energy/unit");
    expect(child.output()).toContain("/device_types/smart_breaker/capabilitys");
    expect(child.output()).not.toContain("IoT Cloud is running");
    await rm(folder, { recursive: true });
  });

  test("a registry that is not there: one line with its path, exit 1", async () => {
    const child = await dev({ REGISTRY: "/nowhere/registry.json" });
    expect(await child.exited).toBe(1);
    expect(child.output()).toContain("/nowhere/registry.json");
  });

  test("a port that was set and is taken: one clear line, exit 1", async () => {
    const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const child = await dev({ PORT: `${other.port}` });
    expect(await child.exited).toBe(1);
    const [fault, ...more] = child
      .output()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("dev "));
    expect(fault).toContain(`port ${other.port} on 127.0.0.1 is taken`);
    expect(more).toEqual([]);
    other.stop(true);
  });

  test(
    "a port that is only the default and is taken: the next free one, and it says so",
    async () => {
      const taken = takePorts([9092, 5012]) ?? [];
      const child = await dev();
      const url = await running(child);
      expect(child.output()).toMatch(/port 9092 is taken: the embedded broker uses 9\d+/);
      expect(child.output()).toMatch(/port 5012 is taken: enrich uses 5\d+/);
      await until("the first enriched message", async () => (await enriched(url)) > 0);
      for (const free of taken) free();
    },
    MINUTE_MS,
  );

  test(
    "brokers that are away: a clear line, no end, and the flow begins when they come",
    async () => {
      const port = freePort();
      const child = await dev({ KAFKA_BROKERS: `127.0.0.1:${port}` });
      await until("a line that names the brokers", () =>
        child
          .output()
          .split("\n")
          .some((line) => /WARN|ERROR/.test(line) && line.includes(`127.0.0.1:${port}`)),
      );
      expect(child.exitCode()).toBeNull();
      const broker = startEntry("broker/main.ts", {}, ["--memory", "--port", `${port}`]);
      const url = await running(child);
      await until("the first enriched message", async () => (await enriched(url)) > 0);
      await broker.stop();
    },
    MINUTE_MS,
  );

  test(
    "topics of the flow with unequal partitions: a clear line, exit 1",
    async () => {
      const cluster = await startEmbeddedBroker();
      const log = { info() {}, warn() {}, error() {} };
      const kafka = createKafka({ brokers: [cluster.brokers], clientId: "test" }, log);
      const topic = (name: string, partitions: number) => ({ name, partitions, configs: {} });
      await ensureTopics(kafka, [topic("iot.raw", 2), topic("iot.enriched", 3)]);
      const child = await dev({ KAFKA_BROKERS: cluster.brokers });
      expect(await child.exited).toBe(1);
      expect(child.output()).toMatch(/iot\.raw: 2 partitions, but iot\.enriched has 3/);
      await cluster.stop();
    },
    MINUTE_MS,
  );
});

/** What an ended `dev` has left behind is enriched to its end; then the oracle reads it all. */
async function expectNoAnomaly(data: string): Promise<void> {
  const cluster = await startEmbeddedBroker(data);
  const enrich = startService("enrich", cluster);
  const raw = await drained(cluster);
  await enrich.process.stop();
  const verdict = await oracle({ brokers: cluster.brokers, plans: [PLAN], repeats: "after a kill" });
  await cluster.stop();
  expect(verdict.anomalies.length === 0 ? "none" : report(verdict)).toBe("none");
  expect(verdict.raw).toBe(raw);
  expect(raw).toBeGreaterThan(20);
}

/** Listens on the ports that are free of these, so that all of them are taken; gives what frees each, undefined if it got none. */
function takePorts(ports: number[]): (() => void)[] | undefined {
  const listeners = ports.flatMap((port) => {
    try {
      return [Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } })];
    } catch {
      return [];
    }
  });
  return listeners.length === 0 ? undefined : listeners.map((listener) => () => listener.stop(true));
}
