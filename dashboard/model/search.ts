/**
 * Which of the kept messages match: by device, type, grade, reason, and a text or a condition on a path.
 *
 * In: the filters of a page or of /api/messages, as they came. Out: the filters that count, or what is wrong.
 * A text is looked for in the value and the key; `voltage.phase_b > 130` compares what stands at a path of an object, and
 * is a text like another in what is none.
 */
import { API_TOPICS, type ApiTopic } from "../../schemas/api.ts";
import { DEAD_LETTER_REASONS } from "../../schemas/dead-letter.ts";
import { GRADES, METHODS } from "../../schemas/enriched.ts";
import { HOUR_MS } from "./devices.ts";
import type { Filters } from "./filters.ts";
import { COLUMN, type ViewModel } from "./view.ts";
import { sum, tallied } from "./window.ts";
import { meets, readCondition } from "./condition.ts";
import { factsOf, type Row, textOf } from "./row.ts";

export type ReadFilters = { ok: true; filters: Filters } | { ok: false; parameter: string; detail: string };

const MAX_TEXT = 256;
export const MAX_LIMIT = 500;
const TEXTS = ["device", "type", "event", "code", "q"] as const;
const CHOICES = { grade: GRADES, method: METHODS, reason: Object.keys(DEAD_LETTER_REASONS) } as const;

export const FILTER_NAMES: readonly string[] = ["topic", "limit", ...TEXTS, ...Object.keys(CHOICES)];
/** What a page reads of its address beside the filters. */
export const PAGE_PARAMETERS: readonly string[] = ["live", "refresh"];
/** What only messages of one topic have. */
const ONLY_ON: Record<string, { topic: ApiTopic; why: string }> = {
  ...Object.fromEntries(
    ["grade", "code", "method"].map((name) => [
      name,
      { topic: "enriched", why: "only enriched messages are judged" },
    ]),
  ),
  reason: { topic: "dlq", why: "only dead letters have a reason" },
};

/**
 * Empty parameters count as not there: a form sends all of its fields. A name that is no filter's is refused, since what
 * it meant to leave out would be there; `others` are names that the asker knows.
 */
export function readFilters(
  query: Record<string, string | undefined>,
  defaultLimit: number,
  others: readonly string[] = [],
): ReadFilters {
  const refused = (parameter: string, detail: string): ReadFilters => ({ ok: false, parameter, detail });
  const strange = Object.keys(query).find((name) => !FILTER_NAMES.includes(name) && !others.includes(name));
  if (strange !== undefined) return refused(strange, `not one of the filters ${FILTER_NAMES.join(", ")}`);
  const topic = query.topic ? API_TOPICS.find((name) => name === query.topic) : "enriched";
  if (topic === undefined)
    return refused("topic", `expected ${API_TOPICS.join(", ")}, found "${query.topic}"`);
  const limit = query.limit ? Number(query.limit) : defaultLimit;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    return refused("limit", `expected a whole number from 1 to ${MAX_LIMIT}, found "${query.limit}"`);
  const filters: Filters = { topic, limit };
  for (const name of TEXTS) {
    const value = query[name];
    if (!value) continue;
    if (value.length > MAX_TEXT) return refused(name, `longer than ${MAX_TEXT} characters`);
    filters[name] = value;
  }
  for (const [name, values] of Object.entries(CHOICES)) {
    const value = query[name];
    if (!value) continue;
    const choice = values.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (choice === undefined) return refused(name, `expected ${values.join(", ")}, found "${value}"`);
    Object.assign(filters, { [name]: choice });
  }
  for (const [name, only] of Object.entries(ONLY_ON))
    if (query[name] && only.topic !== topic)
      return refused(name, `${only.why}: expected topic=${only.topic}, found topic=${topic}`);
  return { ok: true, filters };
}

/** What of a filter goes along to another topic. */
export const onTopic = ({ device, q, type, event }: Filters, topic: ApiTopic) => ({
  topic,
  device,
  q,
  ...(topic !== "dlq" && { type, event }),
});

/** The other topics where the very same filter finds something, and how many. */
export function elsewhere(view: ViewModel, filters: Filters): { topic: ApiTopic; matched: number }[] {
  const names = namesOf(filters);
  return API_TOPICS.flatMap((topic) => {
    const there = { ...onTopic(filters, topic), limit: 1 };
    if (topic === filters.topic || namesOf(there) !== names) return [];
    const { matched } = search(view, there);
    return matched === 0 ? [] : [{ topic, matched }];
  });
}

/** How many messages match in the last hour, also those that are no longer kept; undefined where only a search can tell. */
export function countedInHour(view: ViewModel, filters: Filters, now: number): number | undefined {
  const { topic, limit: _, ...asked } = filters;
  const [only, another] = Object.entries(asked).filter(([, value]) => value !== undefined);
  if (only === undefined) {
    const until = Math.floor(now / view.tens.stepMs) * view.tens.stepMs + view.tens.stepMs;
    return sum(view.tens, until - HOUR_MS, until, COLUMN[topic]);
  }
  const [name, value] = only;
  const isCounted = another === undefined && topic !== "raw";
  const from = isCounted ? view.tallies[name as "type"] : undefined;
  return from === undefined ? undefined : (tallied(from, now).get(String(value)) ?? 0);
}

const namesOf = ({ topic: _, limit: __, ...rest }: Filters): string =>
  Object.entries(rest)
    .flatMap(([name, value]) => (value === undefined ? [] : [name]))
    .sort()
    .join();

/** Anything but a topic and how many of it. */
export const isFiltered = ({ topic: _, limit: __, ...rest }: Filters): boolean =>
  Object.keys(rest).length > 0;

export function matcherOf({ device, type, event, grade, code, method, reason, q }: Filters) {
  const condition = q === undefined ? undefined : readCondition(q);
  const text = q?.toLowerCase();
  return (row: Row): boolean => {
    if (reason !== undefined && row.reason !== reason) return false;
    if (device !== undefined && row.key !== device && factsOf(row).device !== device) return false;
    if (type !== undefined && (factsOf(row).type ?? "unknown") !== type) return false;
    if (event !== undefined && (factsOf(row).event ?? "none") !== event) return false;
    if (grade !== undefined && factsOf(row).grade !== grade) return false;
    if (method !== undefined && factsOf(row).method !== method) return false;
    if (code !== undefined && !factsOf(row).findings.some((finding) => finding.code === code)) return false;
    // "temp=1" may also be what stands in a text that is no JSON.
    if (condition !== undefined && factsOf(row).json) return meets(row, condition);
    return text === undefined || holds(row, text);
  };
}

function holds(row: Row, text: string): boolean {
  if (row.key?.toLowerCase().includes(text) || row.reason === text) return true;
  return textOf(row).toLowerCase().includes(text);
}

/** Newest first; `matched` counts all, `rows` holds at most the limit. */
export function search(view: ViewModel, filters: Filters): { rows: Row[]; matched: number; kept: number } {
  const all = view.topics[filters.topic].newest.rows;
  const matches = matcherOf(filters);
  const rows: Row[] = [];
  let matched = 0;
  for (let i = all.length - 1; i >= 0; i--) {
    const row = all[i];
    if (row === undefined || !matches(row)) continue;
    matched++;
    if (rows.length < filters.limit) rows.push(row);
  }
  return { rows, matched, kept: all.length };
}
