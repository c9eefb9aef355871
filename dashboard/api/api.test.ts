import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import Ajv2020 from "ajv/dist/2020";
import { ApiHealth, ApiMessage, ApiMessages, Problem, Stats } from "../../schemas/api.ts";
import { API_ROUTES, type ApiRoute } from "./api-routes.ts";
import { app, get, json, loaded, page } from "../app.fixture.ts";
import { fold } from "../model/fold.ts";
import { createView } from "../model/view.ts";
import { NOW, record } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";

describe("the API", () => {
  test("stats has exactly the fields that are promised", async () => {
    const stats = await json("/api/stats");
    expect([...Value.Errors(Stats, stats)]).toEqual([]);
    expect(stats).toMatchObject({
      total_raw_messages: 41,
      total_enriched_messages: 8,
      total_dead_letters: 4,
      devices_by_type: { smart_breaker: 1 },
      kafka_connected: true,
      data_quality: { messages: 1, uncertain: 1, good_percent: 0, findings: { null: 1 } },
    });
    expect(Object.keys(stats as object)).toEqual(Object.keys(Stats.properties));
  });

  test("messages keep the producer's own bytes, and bytes that are no text come whole", async () => {
    const rawText = await page("/api/messages?topic=raw");
    expect(rawText).toContain('"power":{"active":1500}');
    const answers = ["raw", "enriched", "dlq"].map(async (topic) => {
      const answer = (await json(`/api/messages?topic=${topic}`)) as { messages: unknown[] };
      expect([...Value.Errors(ApiMessages, [ApiMessage], answer)]).toEqual([]);
      return answer.messages[0];
    });
    const [, judged, refused] = await Promise.all(answers);
    expect(judged).toMatchObject({
      grade: "UNCERTAIN",
      source_offset: 40,
      method: "declared",
      device_id: "breaker-001",
    });
    expect(refused).toMatchObject({ reason: "not_utf8", path: "/x", value: null, value_base64: "//4=" });
  });

  test("a value nested deeper than parsers take comes as a text, marked", async () => {
    const deep = `{"device_id":"deep","a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    const flat = `{"device_id":"flat","a":${"[".repeat(198)}"\\"[["${"]".repeat(198)}}`;
    const own = createView(NOW);
    const messages = [deep, flat].map((value, offset) => record(offset, value));
    fold(own, { topic: "raw", partition: 0, messages, highWatermark: 2 }, NOW);
    const answer = await (
      await appFor({ view: own, now: () => NOW })
    ).app.request("/api/messages?topic=raw", {
      headers: { host: "127.0.0.1:5001" },
    });
    const text = await answer.text();
    const { messages: given } = JSON.parse(text) as { messages: { value: unknown; value_text?: string }[] };
    expect(given[1]).toMatchObject({ value: null, value_text: deep });
    expect(given[0]).toMatchObject({ value: JSON.parse(flat) });
    const python = Bun.which("python3");
    if (python === null) return;
    const read = Bun.spawnSync([python, "-c", "import json,sys; json.load(sys.stdin)"], {
      stdin: Buffer.from(text),
    });
    expect(String(read.stderr)).toBe("");
  });

  test("health tells why it is degraded", async () => {
    const health = await json("/api/health");
    expect([...Value.Errors(ApiHealth, health)]).toEqual([]);
    expect(health).toMatchObject({ status: "ok", covers_from: "2026-11-24T13:27:12.000Z" });
  });

  test("errors are problem+json and name the parameter", async () => {
    const answer = await get("/api/messages?limit=9999");
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const body = await answer.json();
    expect([...Value.Errors(Problem, body)]).toEqual([]);
    expect(body).toMatchObject({ parameter: "limit" });
    expect((await get("/api/nix")).status).toBe(404);
  });

  test("only reads: another method is 405 and says which there are, a filter of no such name is 400", async () => {
    for (const path of ["/api/stats", "/api/messages/raw/2/9"]) {
      const answer = await app.request(path, { method: "POST", headers: { host: "127.0.0.1:5001" } });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect([...Value.Errors(Problem, await answer.json())]).toEqual([]);
    }
    expect(await json("/api/messages?grad=BAD")).toMatchObject({ status: 400, parameter: "grad" });
    for (const path of ["/messages?devise=x", "/live/messages?devise=x", "/messages/export?devise=x"])
      expect([path, (await get(path)).status]).toEqual([path, 400]);
    expect((await get("/messages?refresh=10&live=off")).status).toBe(200);
  });

  test("one message by its place, from memory or from the broker; a wrong place is named", async () => {
    expect(await json("/api/messages/raw/2/9")).toMatchObject({
      device_id: "old-1",
      offset: 9,
      partition: 2,
    });
    expect(await json("/api/messages/dlq/2/3")).toMatchObject({ value_base64: "//4=" });
    expect((await get("/api/messages/raw/2/99999")).status).toBe(404);
    expect(await json("/api/messages/nix/2/9")).toMatchObject({ status: 400, parameter: "topic" });
    expect(await json("/api/messages/raw/-1/9")).toMatchObject({ status: 400, parameter: "partition" });
    expect(await json("/api/messages/raw/2/1e3")).toMatchObject({ status: 400, parameter: "offset" });
  });

  test("types, registry and services say what the pages say", async () => {
    expect(await json("/api/types")).toMatchObject({ registry_version: loaded.version });
    expect(await json("/api/types/smart_breaker")).toMatchObject({
      key: "smart_breaker",
      devices: 1,
      messages: 1,
      uncertain: 1,
      findings: { null: 1 },
      definition: { name: "Smart Circuit Breaker" },
    });
    expect((await get("/api/types/toString")).status).toBe(404);
    expect(await json("/api/registry")).toMatchObject({ version: loaded.version, last_refusal: null });
    expect(await json("/api/services")).toEqual({ services: [] });
  });
});

describe("/openapi.json", () => {
  const routes: readonly ApiRoute[] = API_ROUTES;

  test("describes exactly the routes that are served", async () => {
    const { paths, openapi } = (await json("/openapi.json")) as { openapi: string; paths: object };
    expect(openapi).toBe("3.1.0");
    const served = app.routes
      .filter(({ path, method }) => path.startsWith("/api/") && method === "GET")
      .map(({ path }) => path.slice("/api".length).replace(/:(\w+)/g, "{$1}"));
    expect(Object.keys(paths).toSorted()).toEqual([...new Set(served)].toSorted());
  });

  test("is a valid document, and every answer keeps to its schema", async () => {
    const document = (await json("/openapi.json")) as OpenApi;
    const ajv = new Ajv2020({ strict: false, formats: {} });
    ajv.addSchema({ ...document, $id: "openapi" });
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
    expect(references.length).toBeGreaterThan(8);
    for (const { path, example } of routes) {
      const { $ref } = document.paths[path]?.get.responses[200].content["application/json"].schema ?? {};
      const check = ajv.getSchema(`openapi${$ref}`);
      const place = path === "/messages/{topic}/{partition}/{offset}" ? "/messages/raw/2/40" : example;
      if (check === undefined) throw new Error(`no schema ${$ref}`);
      const answer = await get(`/api${place}`);
      expect([place, answer.status]).toEqual([place, 200]);
      check(await answer.json());
      expect([place, check.errors ?? null]).toEqual([place, null]);
    }
  });

  test("names every parameter that a route reads", async () => {
    const document = (await json("/openapi.json")) as OpenApi;
    const names = document.paths["/messages"]?.get.parameters.map(({ name }) => name);
    expect(names).toEqual([
      "topic",
      "device",
      "type",
      "event",
      "grade",
      "code",
      "method",
      "reason",
      "q",
      "limit",
    ]);
    for (const parameter of ["topic", "grade", "method", "reason", "limit"])
      expect(await json(`/api/messages?${parameter}=certainly-wrong`)).toMatchObject({
        status: 400,
        parameter,
      });
  });

  test("the API page shows every route with a link that tries it", async () => {
    const html = await page("/docs");
    for (const { path, example } of routes) {
      expect(html).toContain(`GET /api${path}`);
      expect(html).toContain(`href="/api${example.replaceAll("&", "&amp;")}"`);
    }
  });
});

interface OpenApi {
  paths: Record<
    string,
    {
      get: {
        parameters: { name: string }[];
        responses: { 200: { content: { "application/json": { schema: { $ref: string } } } } };
      };
    }
  >;
}
