/** The JSON API: the same numbers and messages as the pages. What there is stands in api-routes.ts. */
import { type Context, Hono } from "hono";
import type {
  ApiHealth,
  ApiMessages,
  ApiRegistry,
  ApiService,
  ApiServices,
  ApiType,
  ApiTypes,
} from "../../schemas/api.ts";
import { API_ROUTES, type OperationId } from "./api-routes.ts";
import type { Archive } from "../reading/archive.ts";
import { typeOf } from "../model/catalog.ts";
import { iso } from "../format.ts";
import type { Group } from "../reading/group.ts";
import { messageJson } from "./message-json.ts";
import { readMessageAddress } from "./message-address.ts";
import { presence, type ServiceLine } from "../model/presence.ts";
import { problem } from "./problem.ts";
import { readFilters, search } from "../model/search.ts";
import { statsOf, typeNumbers } from "../model/stats.ts";
import { total, type ViewModel } from "../model/view.ts";

export interface ApiDeps {
  view: ViewModel;
  archive: Archive;
  group: Group;
  now(): number;
  /** Why the service is not ready; empty when it is. */
  health(): string[];
  version: string;
}

const DEFAULT_LIMIT = 50;

export function createApi({ view, archive, group, now, health, version }: ApiDeps): Hono {
  const answers: Record<OperationId, (c: Context) => Response | Promise<Response>> = {
    stats: (c) => c.json(statsOf(view, now())),

    messages(c) {
      const read = readFilters(c.req.query(), DEFAULT_LIMIT);
      if (!read.ok) return problem(c, 400, read.detail, read.parameter);
      const { topic } = read.filters;
      const { rows, matched, kept } = search(view, read.filters);
      const head: Omit<ApiMessages, "messages"> = { topic, matched, kept, total: total(view, topic) };
      return json(`${JSON.stringify(head).slice(0, -1)},"messages":[${rows.map(messageJson).join(",")}]}`);
    },

    async message(c) {
      const address = readMessageAddress(c.req.param());
      if (!address.ok) return problem(c, 400, address.detail, address.parameter);
      try {
        const row = await archive.get(address.topic, address.partition, address.offset);
        if (row === undefined)
          return problem(c, 404, "it is not there, no longer there, or not there yet", "offset");
        return json(messageJson(row));
      } catch (error) {
        return problem(c, 503, `Kafka does not answer: ${error instanceof Error ? error.message : error}`);
      }
    },

    types(c) {
      const body: ApiTypes = {
        registry_version: view.catalog?.version ?? null,
        types: [...typeNumbers(view, now()).values()].map(({ findings: _, ...numbers }) => numbers),
      };
      return c.json(body);
    },

    type(c) {
      const key = c.req.param("key") ?? "";
      const found = typeOf(view.catalog, key);
      const numbers = typeNumbers(view, now()).get(key);
      if (found === undefined || numbers === undefined)
        return problem(c, 404, "the registry has no type of this name", "key");
      const shapes = found.shapes.map(({ id }) => id);
      const body: ApiType = { ...numbers, definition: found.type, shapes };
      return c.json(body);
    },

    registry(c) {
      const { catalog } = view;
      if (catalog === undefined) return problem(c, 503, "no registry is loaded here");
      const body: ApiRegistry = {
        version: catalog.version,
        loaded_at: catalog.loadedAt,
        last_refusal: catalog.refusal(),
        types: catalog.plan.types.length,
        shapes: catalog.plan.shapes.length,
        newest_verdict: view.judgedBy ?? null,
      };
      return c.json(body);
    },

    async services(c) {
      const lines = presence(view, await group.first(), now());
      const body: ApiServices = { services: lines.map(serviceJson) };
      return c.json(body);
    },

    health(c) {
      const reasons = health();
      const body: ApiHealth = {
        status: reasons.length === 0 ? "ok" : "degraded",
        reasons,
        kafka_connected: view.kafka.connected,
        kafka_connected_since: iso(view.kafka.since),
        covers_from: view.coveredFrom === undefined ? null : iso(view.coveredFrom),
        registry_version: view.judgedBy ?? null,
        repeats: view.repeats,
        version,
      };
      return c.json(body);
    },
  };

  const api = new Hono();
  for (const { id, path } of API_ROUTES) {
    const route = path.replace(/\{(\w+)\}/g, ":$1");
    api.get(route, answers[id]);
    api.all(route, (c) => {
      c.header("allow", "GET, HEAD");
      return problem(c, 405, `${c.req.method} is not supported: this API is read-only`);
    });
  }
  api.all("*", (c) => problem(c, 404, `there is no ${c.req.method} ${c.req.path}`));
  return api;
}

const json = (text: string): Response =>
  new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-store" } });

const timeOrNull = (ms: number | undefined): string | null =>
  ms === undefined || Number.isNaN(ms) ? null : iso(ms);

const serviceJson = (line: ServiceLine): ApiService => ({
  service: line.service,
  instance: line.instance,
  presence: line.presence,
  reasons: line.reasons,
  started_at: timeOrNull(line.startedAt),
  last_heartbeat: timeOrNull(line.beat),
  version: line.version ?? null,
  lag: line.lag ?? null,
  registry_version: line.registry ?? null,
  counters: line.counters,
});
