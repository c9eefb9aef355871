/**
 * Messages of one topic, newest first: a line each, and its details behind it.
 *
 * A row never changes once it stands on a page (`data-keep`), so a live page may put new rows on top and leave an open
 * one alone. Without JavaScript the details tell the verdict and link to the whole message.
 */
import type { Child } from "hono/jsx";
import type { ApiTopic } from "../../schemas/api.ts";
import { clockSeconds, count, exact, iso } from "../format.ts";
import { messageLink, messagesLink, typeLink } from "../links.ts";
import { factsOf, type Row } from "../model/row.ts";
import { valuesOf } from "../model/values.ts";
import { DETAILS } from "./feed-details.tsx";
import { GradeState } from "./status.tsx";
import { Clock } from "./time.tsx";
import { hasPage } from "./verdict.tsx";

export const rowId = (row: Row): string => `m-${row.topic}-${row.partition}-${row.offset}`;

/** `limit`: how many rows a live page keeps. */
export function Feed({ topic, rows, limit }: { topic: ApiTopic; rows: Row[]; limit: number }) {
  return (
    <ol class={`feed ${topic}`} id="feed" data-limit={limit}>
      {rows.map((row) => (
        <FeedRow row={row} />
      ))}
    </ol>
  );
}

/** Names of the columns, which the rows keep to. */
export function FeedHead({ topic }: { topic: ApiTopic }) {
  const names: Record<ApiTopic, [string, string][]> = {
    raw: [
      ["", "Arrived"],
      ["c3", "Offset"],
      ["", "Device"],
      ["c2", "Type"],
      ["c3", "Event"],
      ["c2", "Values"],
      ["num c1", "Bytes"],
    ],
    enriched: [
      ["", "Arrived"],
      ["c3", "Offset"],
      ["", "Device"],
      ["c2", "Type"],
      ["c3", "Event"],
      ["c2", "Values"],
      ["", "Grade"],
      ["c2", "Findings"],
      ["num c1", "Bytes"],
    ],
    dlq: [
      ["", "Arrived"],
      ["c3", "Raw offset"],
      ["", "Key"],
      ["", "Reason"],
      ["c2", "Field"],
      ["c2", "What is wrong"],
      ["num c1", "Bytes"],
    ],
  };
  return (
    <div class={`feed-head ${topic}`} aria-hidden="true">
      {names[topic].map(([className, name]) => (
        <span class={className}>{name}</span>
      ))}
    </div>
  );
}

const CELLS: Record<ApiTopic, (row: Row) => Child> = {
  raw: rawCells,
  enriched: enrichedCells,
  dlq: deadCells,
};

export function FeedRow({ row }: { row: Row }) {
  const { device, type } = factsOf(row);
  return (
    <li id={rowId(row)} data-keep="">
      <details>
        <summary>{CELLS[row.topic](row)}</summary>
        <div class="detail">
          {DETAILS[row.topic](row)}
          <p class="m">
            <a class="whole" href={messageLink(row.topic, row.partition, row.offset)}>
              {row.topic === "raw" ? "Whole message" : "Raw and verdict side by side"}
            </a>
            {device !== null && row.topic !== "dlq" && (
              <>
                {" · "}
                <a href={messagesLink({ topic: row.topic, device })}>All messages of this device</a>
              </>
            )}
            {hasPage(type) && row.topic === "enriched" && (
              <>
                {" · "}
                <a href={typeLink(type)}>About this type</a>
              </>
            )}
          </p>
        </div>
      </details>
    </li>
  );
}

const Offset = ({ partition, offset }: { partition: number; offset: number }) => (
  <span class="mono u c3">
    [{partition}]@{count(offset)}
  </span>
);
/** Less between measuring and arrival is how clocks and lines are. */
const APART_MS = 60_000;
const DAY_MS = 86_400_000;

/** When it arrived, which is the order of a feed; and when it was measured, where that is another time. */
function Times({ row }: { row: Row }) {
  const { measured = row.time } = factsOf(row);
  const late = row.time - measured;
  if (Math.abs(late) <= APART_MS) return <Clock at={row.time} />;
  return (
    <span>
      <Clock at={row.time} />
      <time class="apart" datetime={iso(measured)} title={`measured ${exact(measured)}`}>
        {late > 0 ? "late" : "ahead"}{" "}
        {Math.abs(late) < DAY_MS ? clockSeconds(measured) : iso(measured).slice(0, 10)}
      </time>
    </span>
  );
}

const Bytes = ({ row }: { row: Row }) => <span class="num u c1">{count(row.bytes)}</span>;
const Device = ({ row }: { row: Row }) => <span class="cut">{factsOf(row).device ?? "none"}</span>;

function rawCells(row: Row) {
  const facts = factsOf(row);
  return (
    <>
      <Times row={row} />
      <Offset partition={row.partition} offset={row.offset} />
      <Device row={row} />
      <span class="c2 u cut">{facts.type ?? "not declared"}</span>
      <span class="c3 u cut">{facts.event ?? ""}</span>
      <span class="c2 cut">{valuesOf(row)}</span>
      <Bytes row={row} />
    </>
  );
}

function enrichedCells(row: Row) {
  const { type, event, findings, grade } = factsOf(row);
  const notes = findings.filter((finding) => finding.severity !== "info");
  return (
    <>
      <Times row={row} />
      <Offset partition={row.partition} offset={row.offset} />
      <Device row={row} />
      <span class="c2 u cut">{type ?? "unknown"}</span>
      <span class="c3 u cut">{event ?? ""}</span>
      <span class="c2 cut">{valuesOf(row)}</span>
      <GradeState grade={grade} />
      <span class="c2 mono cut">
        {notes[0]?.code}
        {notes.length > 1 && ` +${notes.length - 1}`}
      </span>
      <Bytes row={row} />
    </>
  );
}

function deadCells(row: Row) {
  return (
    <>
      <Clock at={row.time} />
      <Offset partition={row.partition} offset={row.source ?? row.offset} />
      <span class="cut">{row.key ?? "none"}</span>
      <span class="mono cut">{row.reason}</span>
      <span class="c2 mono u cut">{row.path || "whole message"}</span>
      <span class="c2 cut">{row.message}</span>
      <Bytes row={row} />
    </>
  );
}
