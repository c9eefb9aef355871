/** `bun run dev` in odd surroundings: a proxy for everything, another loopback address; what it says while it waits. */
import { afterEach, describe, expect, test } from "bun:test";
import { dev, endAll, running } from "./dev-process.fixture.ts";
import { isFree } from "../runtime/port.ts";
import { freePort, startEntry, until } from "./processes.fixture.ts";

const MINUTE_MS = 60_000;
afterEach(endAll);

describe("a proxy in the environment that leads nowhere", () => {
  const nowhere = "http://127.0.0.1:9";
  const proxies = { HTTP_PROXY: nowhere, http_proxy: nowhere, ALL_PROXY: nowhere, no_proxy: "example.org" };

  test(
    "keeps dev from nothing, nor a container's health check",
    async () => {
      const child = await dev(proxies);
      const { port } = new URL(await running(child));
      const check = startEntry("deploy/healthy.ts", { ...proxies, PORT: port });
      expect(await check.exited).toBe(0);
    },
    MINUTE_MS,
  );
});

test("dev says after 5 s what it waits for, and what it found there", async () => {
  const brokers = `127.0.0.1:${freePort()}`;
  const child = await dev({ KAFKA_BROKERS: brokers });
  const line = `waiting for the topics on ${brokers} to be there (preflight)`;
  await until("the line", () => child.output().includes(line), { withinMs: 15_000 });
});

test(
  "HOST=::1 is waited for, found and said in a form that a browser takes",
  async () => {
    const taken = Bun.listen({ hostname: "::1", port: freePort(), socket: { data() {} } });
    const child = await dev({ HOST: "::1", PORT: `${freePort()}` });
    const url = await running(child);
    expect(url).toStartWith("http://[::1]:");
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const check = startEntry("deploy/healthy.ts", { HOST: "::1", PORT: new URL(url).port });
    expect(await check.exited).toBe(0);
    expect(isFree("::1", taken.port)).toBe(false);
    taken.stop(true);
  },
  MINUTE_MS,
);
