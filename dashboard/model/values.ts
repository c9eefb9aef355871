/**
 * The first measurements of a message in a few words: "voltage 119.8–121.4 V · power 6,050 W".
 *
 * In: a row. Out: at most three groups with their units, which an enriched message carries itself, so that a type that
 * came yesterday reads as well as one that was always there. Phases and other equal leaves are a range.
 */
import { asObject, factsOf, type Json, member, objectOf, type Row, textOf } from "./row.ts";

const MAX_GROUPS = 3;
const MAX_TEXT = 120;
const figures = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 5 });

/** Units as people write them. */
const UNITS: Record<string, string> = { degC: "°C", degF: "°F", "1": "", "%RH": "%RH" };

export function valuesOf(row: Row): string {
  const facts = factsOf(row);
  if (!facts.json) return row.value === null ? "tombstone" : excerpt(textOf(row));
  if (row.topic === "enriched" && facts.type === "unknown")
    return `type unknown${facts.reasons[0] ? `: ${facts.reasons[0]}` : ""}`;
  const value = objectOf(row);
  const measurements = member(member(value, "normalized"), "measurements") ?? member(value, "measurements");
  if (measurements === undefined) return excerpt(textOf(row));
  const units = member(value, "measurement_metadata");
  const words = Object.entries(measurements)
    .flatMap(([group, content]) => groupWords(group, content, member(units, group)))
    .slice(0, MAX_GROUPS);
  return words.length === 0 ? "no numbers among its measurements" : words.join(" · ");
}

function groupWords(group: string, content: unknown, definition: Json | undefined): string[] {
  if (typeof content === "number") return [`${group} ${withUnit(content, content, unitOf(definition))}`];
  const leaves = Object.entries(asObject(content) ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  const [first] = leaves;
  if (first === undefined) return [];
  const components = member(definition, "components");
  if (components === undefined) {
    const values = leaves.map(([, value]) => value);
    return [`${group} ${withUnit(Math.min(...values), Math.max(...values), unitOf(definition))}`];
  }
  const unit = unitOf(member(components, first[0])) || unitOf(definition);
  return [`${group}.${first[0]} ${withUnit(first[1], first[1], unit)}`];
}

function unitOf(definition: Json | undefined): string {
  const unit = definition?.unit;
  return typeof unit !== "string" ? "" : Object.hasOwn(UNITS, unit) ? (UNITS[unit] ?? "") : unit;
}

function withUnit(least: number, most: number, unit: string): string {
  const [from, to] = [figures.format(least), figures.format(most)];
  return `${from === to ? from : `${from}–${to}`}${unit === "" ? "" : ` ${unit}`}`;
}

/** The start of a text that is no message of ours; what cannot be printed becomes a dot. */
export function excerpt(text: string, length = MAX_TEXT): string {
  if (text === "") return "empty";
  const printable = text
    .slice(0, length)
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, "·")
    .toWellFormed();
  return text.length > length ? `${printable}…` : printable;
}
