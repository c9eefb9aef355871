/**
 * `enrich()` inside Redpanda Connect: what its `javascript` processor calls once for each message.
 *
 * In: the message in hand through `benthos` (text and metadata as strings), the plan that `bun run transform` wrote.
 * Out: metadata that connect/pipeline.yaml turns into topic, key and headers; of an enriched message also its new text.
 * Errors: `create` throws when plan and bundle do not belong together; `run` throws what `enrich()` calls a bug, and
 *   the pipeline's net calls `crashed`. A dead letter's bytes and key never pass through here.
 */
import { LIMITS } from "../../schemas/dead-letter.ts";
import type { DeadLetterReason } from "../../schemas/dead-letter.ts";
import { PLAN_FORMAT, type Plan, type PlanShape, type PlanType } from "../../judge/plan.ts";
import { REPLACEMENT } from "../../enrich/text.ts";
import { createUsualEnrich } from "./usual.ts";

/** The functions of the processor that are safe to use: text in, text out. */
export interface Host {
  v0_msg_as_string(): string;
  v0_msg_set_string(value: string): void;
  v0_msg_get_meta(name: string): string;
  v0_msg_set_meta(name: string, value: string): void;
}
declare const benthos: Host;

/** What connect/plan.json holds. */
export interface PlanFile {
  /** The digest of the bundle that was built with it. */
  bundle: string;
  plan: PackedPlan;
}

/** The plan with its types and shapes as JSON text: a new instance parses only those that messages ask for. */
export interface PackedPlan extends Omit<Plan, "types" | "shapes"> {
  types: string[];
  shapes: string[];
}

export function pack(plan: Plan): PackedPlan {
  const texts = (list: object[]) => list.map((one) => withBackticks(JSON.stringify(one)));
  return { ...plan, types: texts(plan.types), shapes: texts(plan.shapes) };
}

/** A quote inside a text costs the engine's loader four characters where a backtick costs one. */
const withBackticks = (json: string) => (json.includes("`") ? json : json.replaceAll('"', "`"));
const withQuotes = (text: string) => (text.startsWith("{`") ? text.split("`").join('"') : text);

export function unpack(plan: PackedPlan): Plan {
  return { ...plan, types: lazy<PlanType>(plan.types), shapes: lazy<PlanShape>(plan.shapes) };
}

/** Each element is parsed when it is first read, and is a plain one from then on. */
function lazy<T>(texts: string[]): T[] {
  const list: T[] = new Array(texts.length);
  for (let at = 0; at < texts.length; at++) {
    const define = (element: PropertyDescriptor) =>
      Object.defineProperty(list, at, { ...element, enumerable: true, configurable: true });
    define({
      get() {
        const value: T = JSON.parse(withQuotes(texts[at] ?? ""));
        define({ value, writable: true });
        return value;
      },
    });
  }
  return list;
}
/** connect/build.ts puts a hash of the bundle here. */
declare const BUNDLE_ID: string;

export interface Transform {
  run(): void;
  crashed(): void;
}

/** Names are those of connect/pipeline.yaml. */
const TO = "to";
const KEY = "key";
const RECORD = "record";

export function create(file: PlanFile, host: Host = benthos, id: string = BUNDLE_ID): Transform {
  if (file.bundle !== id || file.plan.format !== PLAN_FORMAT)
    throw new Error(
      "plan.json and enrich.cjs are from different builds: run 'bun run transform' and restart",
    );
  const plan = unpack(file.plan);
  const registry = plan.version;
  const enrich = createUsualEnrich(plan);

  function run(): void {
    const record = host.v0_msg_get_meta(RECORD);
    if (record === "") {
      deadLetter("internal", "", HIDDEN);
      return;
    }
    const { bytes, timestamp, now, key } = split(record);
    const text = bytes > LIMITS.rawBytes ? "" : host.v0_msg_as_string();
    const result = enrich(text, { key: key === "" ? null : key, timestamp, bytes }, now);
    if (result.to === "dlq") {
      if (result.bug !== undefined) throw result.bug;
      deadLetter(result.reason, result.path, result.message);
      return;
    }
    const id = result.device_id;
    // The raw key's bytes are the id's, but for a missing key and one that is no UTF-8.
    if (id !== key || key.includes(REPLACEMENT)) host.v0_msg_set_meta(KEY, id);
    host.v0_msg_set_meta("iot.registry", registry);
    host.v0_msg_set_meta(TO, "enriched");
    host.v0_msg_set_string(result.value);
  }

  function deadLetter(reason: DeadLetterReason, path: string, message: string): void {
    host.v0_msg_set_meta("iot.registry", registry);
    host.v0_msg_set_meta("iot.reason", reason);
    host.v0_msg_set_meta("iot.path", path);
    host.v0_msg_set_meta("iot.message", message);
    host.v0_msg_set_meta(TO, "raw.dlq");
  }

  return { run, crashed: () => deadLetter("internal", "", BUG) };
}

/** "bytes timestamp now key" in one piece of metadata: one call of the host instead of four. */
function split(record: string): { bytes: number; timestamp: number; now: number; key: string } {
  const first = record.indexOf(" ");
  const second = record.indexOf(" ", first + 1);
  const third = record.indexOf(" ", second + 1);
  return {
    bytes: Number(record.slice(0, first)),
    timestamp: Number(record.slice(first + 1, second)),
    now: Number(record.slice(second + 1, third)),
    key: record.slice(third + 1),
  };
}

const BUG = "a bug in the enrichment, not in the message; the service's log says more";
const HIDDEN =
  "a header named kafka_offset, kafka_partition, kafka_timestamp_ms or kafka_key hides the record's own: rename it";
