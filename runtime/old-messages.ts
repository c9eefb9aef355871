/** What a topic's settings do to a message whose record timestamp is old, in words for `bun run topics --check`. */

/** The settings that decide; a broker that lacks one has no such limit. */
export const TIME_SETTINGS = ["retention.ms", "message.timestamp.type", "message.timestamp.before.max.ms"];

const [RETENTION, TYPE, BEFORE] = TIME_SETTINGS as [string, string, string];
const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
  ["ms", 1],
] as const;

/** Undefined: nothing, such a message is kept as any other. */
export function whatBecomesOfOld(topic: string, settings: ReadonlyMap<string, string>): string | undefined {
  if (settings.get(TYPE) === "LogAppendTime")
    return `${topic}: record timestamps are replaced by the time of arrival (${TYPE}=LogAppendTime), so none is old`;
  const retention = limit(settings.get(RETENTION));
  const refusal = limit(settings.get(BEFORE));
  const old = (ms: number) => `a message whose record timestamp is more than ${words(ms)} old`;
  const deleted = `${old(retention)} is accepted, and deleted soon, whether it has been read or not (${RETENTION})`;
  const refused = `${old(refusal)} is refused (${BEFORE})`;
  const parts = [
    retention < refusal ? deleted : [],
    refusal < Number.POSITIVE_INFINITY ? refused : [],
  ].flat();
  return parts.length === 0 ? undefined : `${topic}: ${parts.join("; ")}`;
}

/** -1 and Kafka's greatest number stand for none. */
function limit(value = "-1"): number {
  const ms = Number(value);
  return ms < 0 || ms > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : ms;
}

function words(ms: number): string {
  const [unit, size] = UNITS.find(([, one]) => ms >= one && ms % one === 0) ?? ["ms", 1];
  const count = ms / size;
  return `${count} ${unit}${count === 1 || unit === "ms" ? "" : "s"}`;
}
