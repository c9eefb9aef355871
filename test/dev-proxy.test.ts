/** `bun run dev` where a proxy is set for everything, and what it says while it waits. */
import { afterEach, describe, expect, test } from "bun:test";
import { dev, endAll, running } from "./dev-process.ts";
import { freePort, startEntry, until } from "./processes.ts";

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
