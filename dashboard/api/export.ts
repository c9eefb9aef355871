/**
 * The messages that match, as a file: CSV, JSON or NDJSON. Values are the producer's own bytes.
 *
 * A spreadsheet runs what begins with = + - @: such a field of a CSV is preceded by an apostrophe.
 * Source: RFC 4180; OWASP, CSV injection.
 */
import { messageJson } from "./message-json.ts";
import { iso } from "../format.ts";
import { factsOf, type Row, textOf } from "../model/row.ts";

export const FORMATS = ["csv", "json", "ndjson"] as const;
export type Format = (typeof FORMATS)[number];

const TYPES: Record<Format, string> = {
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  ndjson: "application/x-ndjson",
};

const COLUMNS = {
  topic: (row: Row) => row.topic,
  partition: (row: Row) => row.partition,
  offset: (row: Row) => row.offset,
  timestamp: (row: Row) => iso(row.timestamp),
  key: (row: Row) => row.key,
  device_id: (row: Row) => factsOf(row).device,
  device_type: (row: Row) => factsOf(row).type,
  event_type: (row: Row) => factsOf(row).event,
  method: (row: Row) => factsOf(row).method,
  grade: (row: Row) => factsOf(row).grade,
  findings: (row: Row) =>
    factsOf(row)
      .findings.map((finding) => finding.code)
      .join(" "),
  reason: (row: Row) => row.reason,
  path: (row: Row) => row.path,
  message: (row: Row) => row.message,
  value: (row: Row) => textOf(row),
} as const;

/** Rows made at a time: a file of megabytes never stands in memory whole. */
const PIECE = 50;

export function exportResponse(rows: Row[], format: Format, name: string): Response {
  const pieces = texts(rows, format);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = pieces.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      "content-type": TYPES[format],
      "content-disposition": `attachment; filename="${name}.${format}"`,
      "cache-control": "no-store",
    },
  });
}

/** The value of one message, byte for byte. */
export const fileOf = (row: Row): Response =>
  new Response(row.value === null ? "" : new Uint8Array(row.value), {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${row.topic}-${row.partition}-${row.offset}.${factsOf(row).json ? "json" : "bin"}"`,
      "cache-control": "no-store",
    },
  });

function* texts(rows: Row[], format: Format): Generator<string> {
  if (format === "csv") yield `${Object.keys(COLUMNS).join(",")}\r\n`;
  if (format === "json") yield "[";
  for (let at = 0; at < rows.length; at += PIECE) {
    const piece = rows.slice(at, at + PIECE);
    if (format === "csv") yield piece.map(csvLine).join("");
    else if (format === "ndjson") yield piece.map((row) => `${oneLine(messageJson(row))}\n`).join("");
    else yield (at > 0 ? ",\n" : "") + piece.map(messageJson).join(",\n");
  }
  if (format === "json") yield "]\n";
}

/** A value may hold line breaks between its tokens; inside its strings they are always escaped. */
const oneLine = (json: string): string => json.replace(/[\r\n]+/g, " ");

const csvLine = (row: Row): string =>
  `${Object.values(COLUMNS)
    .map((read) => csvField(read(row)))
    .join(",")}\r\n`;

export function csvField(value: string | number | null | undefined): string {
  if (typeof value === "number") return String(value);
  const text = value ?? "";
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  // Where a semicolon parts the fields, what stands behind one would begin a field, a formula even.
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
