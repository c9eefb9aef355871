/** What was started in the background goes on when the shell that started it has ended; only what `dev` starts ends with it. */
import { afterEach, describe, expect, test } from "bun:test";
import { accepts } from "../runtime/port.ts";
import { isAlive } from "../runtime/supervisor-starter.ts";
import { dev, endAll, familyOf } from "./dev-process.fixture.ts";
import { freePort, freePorts, start, until } from "./processes.fixture.ts";
import { createTopics, startEmbeddedBroker } from "./system.fixture.ts";

const MINUTE_MS = 60_000;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await endAll();
});

/** `bun run …` behind a shell that lives until `end`. */
async function inBackground(command: string, env: Record<string, string>) {
  const inShell = `nohup "$BUN" run ${command} >/dev/null 2>&1 & echo $!; exec sleep 600`;
  const shell = start("shell", ["sh", "-c", inShell], { ...env, BUN: process.execPath });
  const pid = Number(await until("its process id", () => shell.output().trim()));
  cleanups.push(async () => {
    for (const one of await familyOf(pid)) if (isAlive(one)) process.kill(one, "SIGKILL");
  });
  return {
    pid,
    async end(): Promise<void> {
      shell.kill("SIGKILL");
      await shell.exited;
    },
  };
}

/** The system ends an orphan at once: within a second it would be seen. */
async function expectToGoOn(accepting: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 1_000; performance.now() < end; await Bun.sleep(50))
    expect(await accepting()).toBe(true);
}

describe("the shell that started it ends", () => {
  test("and the broker goes on; SIGTERM to `bun run` then ends it in order", async () => {
    const port = freePort();
    const broker = await inBackground(`broker --memory --port ${port}`, {});
    await until("the broker listens", () => accepts(port));
    await broker.end();
    await expectToGoOn(() => accepts(port));
    process.kill(broker.pid, "SIGTERM");
    await until("it has ended", async () => !(await accepts(port)), { withinMs: 5_000 });
  });

  test(
    "and simulator, enricher and dashboard go on",
    async () => {
      const cluster = await startEmbeddedBroker();
      cleanups.push(cluster.stop);
      await createTopics(cluster);
      const ports = freePorts(3);
      const isReady = async (port: number) => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
      const commands = [
        ["simulate", "HEALTH_PORT"],
        ["enrich", "HEALTH_PORT"],
        ["dashboard", "PORT"],
      ] as const;
      const env = { KAFKA_BROKERS: cluster.brokers, TOPIC_PARTITIONS: "3" };
      const all = await Promise.all(
        commands.map(([command, variable], at) =>
          inBackground(command, { ...env, [variable]: `${ports[at]}` }),
        ),
      );
      for (const port of ports) await until(`${port} is ready`, () => isReady(port));
      for (const one of all) await one.end();
      await expectToGoOn(async () => (await Promise.all(ports.map(isReady))).every(Boolean));
    },
    MINUTE_MS,
  );
});

test("dev killed with -9 takes along its preflight, which would wait for brokers for ever", async () => {
  const child = await dev({ KAFKA_BROKERS: `127.0.0.1:${freePort()}` });
  const preflight = await until("the preflight runs", async () => (await familyOf(child.pid))[1]);
  cleanups.push(() => isAlive(preflight) && process.kill(preflight, "SIGKILL"));
  child.kill("SIGKILL");
  await until("it has ended", () => !isAlive(preflight), { withinMs: 10_000 });
});
