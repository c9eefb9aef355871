import { describe, expect, test } from "bun:test";
import { healthResponse, serveHealth } from "./health.ts";
import { createMetrics } from "./metrics.ts";

const metrics = createMetrics("enrich", "1.2.3");
const source = (reasons: string[]) => ({ reasons: () => reasons, metrics });
const get = (path: string, reasons: string[] = []) =>
  healthResponse(new Request(`http://127.0.0.1${path}`), source(reasons));

describe("healthResponse", () => {
  test("a live process answers /livez even while it is not ready", async () => {
    expect((await get("/livez", ["no brokers"]))?.status).toBe(200);
  });

  test("/readyz is 503 with the reasons, and 200 without any", async () => {
    const red = await get("/readyz", ["no brokers"]);
    expect(red?.status).toBe(503);
    expect(await red?.json()).toEqual({ status: "not ready", reasons: ["no brokers"] });
    expect((await get("/readyz"))?.status).toBe(200);
  });

  test("/metrics is Prometheus text with the version and the memory", async () => {
    const text = await (await get("/metrics"))?.text();
    expect(text).toContain('iot_build_info{version="1.2.3",service="enrich"} 1');
    expect(text).toMatch(/process_resident_memory_bytes\{service="enrich"\} \d{6,}/);
  });

  test("any other path is left to the service", async () => {
    expect(await get("/devices")).toBeUndefined();
  });
});

test("the server of it answers by its address, and to no page that has rebound a name of its own to it", async () => {
  const server = serveHealth("127.0.0.1", 0, source([]), ["iot.example.com"]);
  const status = async (headers: Record<string, string>) =>
    (await fetch(`http://127.0.0.1:${server.port}/metrics`, { headers })).status;
  expect(await status({})).toBe(200);
  for (const host of ["enrich:5012", "localhost:5012", "10.0.0.7:5012", "iot.example.com"])
    expect([host, await status({ host })]).toEqual([host, 200]);
  expect(await status({ host: "evil.example" })).toBe(403);
  expect(await status({ origin: "https://evil.example" })).toBe(403);
  await server.stop(true);
});
