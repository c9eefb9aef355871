import { describe, expect, test } from "bun:test";
import { healthResponse } from "./health.ts";
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
