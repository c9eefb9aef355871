/** A server whose file descriptors are all taken by somebody's connections: it rests, and serves again when they are free. */
import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { apiVersions } from "../broker/apis/api-versions.ts";
import { aRawClient } from "../broker/raw-client.fixture.ts";
import { used } from "../bench/used.part.ts";
import { accepts } from "../runtime/port.ts";
import { freePort, type Process, start, until } from "./processes.fixture.ts";
import { type Cluster, createTopics, startEmbeddedBroker } from "./system.fixture.ts";

const DESCRIPTORS = 256;
const WINDOW_MS = 2_000;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function withFewDescriptors(args: string[], env: Record<string, string> = {}): Process {
  const command = `ulimit -n ${DESCRIPTORS}; exec "$BUN" ${args.join(" ")}`;
  const child = start(args[0] ?? "", ["sh", "-c", command], { ...env, BUN: process.execPath });
  cleanups.push(() => child.stop());
  return child;
}

/** CPU time, ms. */
async function usedInAWindow({ pid }: Process): Promise<number> {
  const before = used(pid).cpu;
  await Bun.sleep(WINDOW_MS);
  return (used(pid).cpu - before) * 1_000;
}

async function expectToRestAndReturn(
  child: Process,
  port: number,
  serves: () => Promise<boolean>,
  meanwhile: () => unknown = () => {},
) {
  await until("it serves", serves, { alive: [child] });
  const usual = await usedInAWindow(child);
  const sockets: Socket[] = [];
  const release = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanups.push(release);
  for (let count = 0; count < DESCRIPTORS + 50; count++)
    sockets.push(connect(port, "127.0.0.1").on("error", () => {}));
  await until("it says so", () => child.output().includes("nearly all file descriptors are taken"), {
    alive: [child],
  });
  // In a busy loop it would take all the time that the machine gives it.
  expect(await usedInAWindow(child)).toBeLessThan(usual + WINDOW_MS / 10);
  await meanwhile();
  release();
  await until("it serves again", serves, { alive: [child] });
  expect(child.output()).toContain(`accepting connections on ${port} again`);
}

const isReady = (port: number) => async () => (await fetch(`http://127.0.0.1:${port}/livez`)).ok;

describe.skipIf(process.platform !== "linux")(`with ${DESCRIPTORS} file descriptors`, () => {
  test("the broker rests, and goes on with those who are connected", async () => {
    const port = freePort();
    const child = withFewDescriptors(["broker/main.ts", "--memory", "--port", `${port}`]);
    await until("it listens", () => accepts(port), { alive: [child] });
    const client = await aRawClient(port);
    const isServed = async () => expect(await client.ask(apiVersions, 0, {})).toMatchObject({ errorCode: 0 });
    await expectToRestAndReturn(child, port, () => accepts(port), isServed);
  }, 60_000);

  for (const [name, variable] of Object.entries({ dashboard: "PORT", enrich: "HEALTH_PORT" }))
    test(`${name} rests`, async () => {
      const cluster: Cluster = await startEmbeddedBroker();
      cleanups.push(cluster.stop);
      await createTopics(cluster);
      const port = freePort();
      const env = { KAFKA_BROKERS: cluster.brokers, TOPIC_PARTITIONS: "3", [variable]: `${port}` };
      await expectToRestAndReturn(withFewDescriptors([`${name}/main.ts`], env), port, isReady(port));
    }, 60_000);
});
