import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import Ajv2020 from "ajv/dist/2020";
import { ApiRegistry, ApiServices, ApiType, ApiTypes } from "../../schemas/api.ts";
import { beat, FULL_GROUP, fullView, REGISTRY } from "../full.fixture.ts";
import { foldService } from "../model/fold.ts";
import { NOW, record } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";

const view = fullView();
const { app } = await appFor({ view, now: () => NOW, group: FULL_GROUP });
const json = async (path: string): Promise<unknown> =>
  (await app.request(path, { headers: { host: "localhost" } })).json();

const ENRICH = {
  service: "enrich",
  instance: "host-a:11",
  presence: "up",
  reasons: [],
  started_at: "2026-11-24T12:22:12.000Z",
  last_heartbeat: "2026-11-24T14:27:10.000Z",
  version: "0.9.1",
  lag: 7,
  registry_version: REGISTRY,
  counters: {
    records_consumed: 52,
    records_enriched: 43,
    records_dead_lettered: 9,
    accounting_difference: 0,
  },
};
const SIMULATOR = {
  service: "simulator",
  instance: "host-b:12",
  presence: "degraded",
  reasons: ["the broker is slow"],
  started_at: "2026-11-24T14:26:07.000Z",
  last_heartbeat: "2026-11-24T14:27:10.000Z",
  version: "0.8.7",
  lag: null,
  registry_version: null,
  counters: {},
};

describe("/api/services", () => {
  test("has each service whole, as its heartbeat tells it", async () => {
    const answer = await json("/api/services");
    expect(answer).toEqual({ services: [ENRICH, SIMULATOR] });
    expect([...Value.Errors(ApiServices, answer)]).toEqual([]);
  });

  test("keeps to what /openapi.json promises, line by line", async () => {
    const document = (await json("/openapi.json")) as object;
    const ajv = new Ajv2020({ strict: false, formats: {} });
    ajv.addSchema({ ...document, $id: "openapi" });
    const check = ajv.getSchema("openapi#/components/schemas/Services");
    if (check === undefined) throw new Error("no schema of the services");
    check(await json("/api/services"));
    expect(check.errors ?? null).toBeNull();
    // The schema does say what a line is.
    for (const wrong of [{ started_at: 1 }, { presence: "here" }, { lag: "7" }, { more: true }]) {
      check({ services: [{ ...ENRICH, ...wrong }] });
      expect([wrong, check.errors?.length ?? 0]).not.toEqual([wrong, 0]);
    }
  });

  test("a start that is no time is not known, and the rest is told", async () => {
    const other = fullView();
    beat(other, { service: "ingest", instance: "host-c:13", started_at: "yesterday" });
    foldService(other, record(1, '{"service":"half","instance":"host-d:14"}', { timestamp: NOW }));
    const served = await appFor({ view: other, now: () => NOW });
    const answer = await served.app.request("/api/services", { headers: { host: "localhost" } });
    const { services } = (await answer.json()) as ApiServices;
    expect(services.map(({ service, started_at }) => [service, started_at])).toEqual([
      ["enrich", ENRICH.started_at],
      ["ingest", null],
      ["simulator", SIMULATOR.started_at],
    ]);
    const html = await (await served.app.request("/pipeline", { headers: { host: "localhost" } })).text();
    expect(html.match(/.{0,40}(NaN|out of range)/g) ?? []).toEqual([]);
  });
});

describe("/api/types and /api/registry", () => {
  test("count each type for itself", async () => {
    const answer = (await json("/api/types")) as ApiTypes;
    expect([...Value.Errors(ApiTypes, answer)]).toEqual([]);
    const heard = answer.types.filter(({ messages }) => messages > 0);
    expect(
      heard.map(({ key, devices, messages, good, uncertain, bad }) => [
        key,
        devices,
        messages,
        good,
        uncertain,
        bad,
      ]),
    ).toEqual([
      ["smart_breaker", 2, 2, 1, 1, 0],
      ["smart_meter", 1, 1, 0, 0, 1],
      ["environmental_sensor", 1, 1, 1, 0, 0],
    ]);
    const meter = await json("/api/types/smart_meter");
    expect([...Value.Errors(ApiType, meter)]).toEqual([]);
    expect(meter).toMatchObject({ findings: { missing: 1, "range.operating": 1 }, shapes: [] });
  });

  test("tell the registry that is loaded, the one that judged, and why a file was refused", async () => {
    const loaded = await json("/api/registry");
    expect([...Value.Errors(ApiRegistry, loaded)]).toEqual([]);
    expect(loaded).toMatchObject({
      loaded_at: "2026-11-23T09:12:31.000Z",
      newest_verdict: REGISTRY,
      last_refusal: null,
    });
    const refusal = { at: "2026-11-24T13:52:10.000Z", reasons: ["/sites: unknown key", "second"] };
    const other = fullView();
    if (other.catalog) other.catalog.refusal = () => refusal;
    const served = await appFor({ view: other, now: () => NOW });
    const refused = await (
      await served.app.request("/api/registry", { headers: { host: "localhost" } })
    ).json();
    expect([...Value.Errors(ApiRegistry, refused)]).toEqual([]);
    expect(refused).toMatchObject({ last_refusal: refusal });
  });
});
