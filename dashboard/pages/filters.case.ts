/** Filters over the messages of full.fixture.ts: what is asked for and what is found, and how rows are read. */

/** Partition and offset of every message of a topic, newest first. */
export const ALL: Record<string, string[]> = {
  enriched: ["0/2", "0/1", "1/1", "0/0", "1/0"],
  raw: ["0/45", "0/41", "1/10", "0/44", "0/43", "0/42", "0/40", "1/9"],
  dlq: ["0/2", "0/1", "0/0"],
};

/** What is asked for, and the partition and offset of what matches, newest first. */
export const FILTERS: [topic: string, query: Record<string, string>, found: string[]][] = [
  ["enriched", {}, ALL.enriched ?? []],
  ["enriched", { device: "meter-1" }, ["0/1"]],
  ["enriched", { type: "smart_breaker" }, ["1/1", "0/0"]],
  ["enriched", { type: "unknown" }, ["0/2"]],
  ["enriched", { event: "status_change" }, ["1/1"]],
  ["enriched", { grade: "BAD" }, ["0/1"]],
  ["enriched", { grade: "UNCERTAIN" }, ["1/1"]],
  ["enriched", { code: "range.operating" }, ["0/1"]],
  ["enriched", { method: "detected" }, ["0/1"]],
  ["enriched", { q: "PRESSURE" }, ["0/2"]],
  ["enriched", { q: "voltage.phase_b > 130" }, ["1/1"]],
  ["enriched", { type: "smart_breaker", grade: "GOOD" }, ["0/0"]],
  ["enriched", { limit: "2" }, ["0/2", "0/1"]],
  ["enriched", { device: "nobody" }, []],
  ["raw", { device: "meter-1" }, ["0/41"]],
  ["raw", { type: "smart_breaker" }, ["1/10"]],
  ["raw", { event: "status_change" }, ["1/10"]],
  ["raw", { q: "pressure" }, ["0/45"]],
  ["raw", { q: "energy.value >= 18412" }, ["0/41"]],
  ["dlq", { device: "list-1" }, ["0/2"]],
  ["dlq", { reason: "not_json" }, ["0/1", "0/0"]],
  ["dlq", { reason: "not_object" }, ["0/2"]],
  ["dlq", { q: '{"a' }, ["0/0"]],
];

export interface RowAddress {
  partition: number;
  offset: number;
}
export const addressOf = ({ partition, offset }: RowAddress) => `${partition}/${offset}`;
/** The rows of a page or of a frame. */
export const rowsOf = (html: string) =>
  [...html.matchAll(/ id="m-[a-z]+-(\d+)-(\d+)"/g)].map(([, partition, offset]) => `${partition}/${offset}`);

/** How the rows of an export are read. */
export const EXPORTS: Record<string, (text: string) => string[]> = {
  csv: (text) =>
    text
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(",").slice(1, 3).join("/")),
  json: (text) => (JSON.parse(text) as RowAddress[]).map(addressOf),
  ndjson: (text) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => addressOf(JSON.parse(line) as RowAddress)),
};
