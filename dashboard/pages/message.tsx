/** One message for good: its journey, the verdict with reasons, the findings beside the lines they speak of. */
import { RESERVED_MEMBERS } from "../../schemas/enriched.ts";
import { type Archive, GivenUp } from "../reading/archive.ts";
import { BytesView, ValueView } from "../components/value-view.tsx";
import { State } from "../components/status.tsx";
import { DayClock } from "../components/time.tsx";
import { DeadLetter, Findings, TypeReasons, TypeVerdict } from "../components/verdict.tsx";
import { count, latency } from "../format.ts";
import { messageLink, messagesLink, withParams } from "../links.ts";
import { factsOf, type Row } from "../model/row.ts";
import { type Frame, Layout } from "./layout.tsx";

export interface MessageParts {
  /** The message that was asked for. */
  row: Row;
  raw?: Row;
  /** Enriched message or dead letter. */
  verdict?: Row;
  /** Why the other half is not known: the brokers do not answer, or it was not found in so many reads. */
  away?: string;
}

/** The other half too: for a raw message its verdict, for a verdict its raw message. */
export async function findParts(archive: Archive, row: Row): Promise<MessageParts> {
  const own = row.topic === "raw" ? { row, raw: row } : { row, verdict: row };
  try {
    if (row.topic === "raw") return { ...own, verdict: await archive.verdictOf(row) };
    return { ...own, raw: await archive.rawOf(row) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...own, away: error instanceof GivenUp ? reason : `Kafka does not answer: ${reason}` };
  }
}

/** The raw text without its last brace begins the enriched one: nothing of it was changed. */
function holdsWhole(enriched: Row, raw: Row): boolean {
  const text = raw.value?.toString("latin1").trimEnd().slice(0, -1);
  return text !== undefined && enriched.value?.toString("latin1").startsWith(text.trimEnd()) === true;
}

const place = (row: Row): string => `${row.topic}[${row.partition}]@${count(row.offset)}`;

/** What a feed loads behind an opened row. */
export const MessageValue = ({ row }: { row: Row }) => (
  <ValueView
    value={row.value}
    findings={factsOf(row).findings}
    added={row.topic === "enriched" ? RESERVED_MEMBERS : []}
  />
);

export function MessagePage({ frame, parts }: { frame: Frame; parts: MessageParts }) {
  const { row, raw, verdict } = parts;
  return (
    <Layout
      frame={frame}
      title={place(row)}
      active="messages"
      above={{ name: "Messages", href: messagesLink({ topic: row.topic }) }}
    >
      <div class="grid">
        <Journey parts={parts} now={frame.now} />
        {verdict?.topic === "enriched" && (
          <>
            <TypeVerdict row={verdict} />
            <TypeReasons row={verdict} />
            <Findings row={verdict} />
          </>
        )}
        {verdict?.topic === "dlq" && <DeadLetter row={verdict} />}
        {verdict === undefined && (
          <section class="card">
            <div class="body top">
              <State status="off">
                {parts.away === undefined ? "No verdict found" : "Verdict unknown for now"}
              </State>{" "}
              <span class="m">
                {parts.away ?? "The enrichment has not reached it yet, or its verdict has expired."}
              </span>
            </div>
          </section>
        )}
        <RawValue frame={frame} parts={parts} />
        {verdict?.topic === "enriched" && (
          <section class="card w6 fill" aria-labelledby="h-enriched">
            <header class="rule">
              <h2 id="h-enriched">Enriched</h2>
              <span class="sub">
                <b class="s1">+</b> added members are marked,{" "}
                {raw === undefined
                  ? `${count(verdict.bytes)} B`
                  : `${count(verdict.bytes - raw.bytes)} B added`}
              </span>
              <div class="acts">
                <Take row={verdict} />
              </div>
            </header>
            <ValueView
              value={verdict.value}
              findings={factsOf(verdict).findings}
              added={RESERVED_MEMBERS}
              before={raw !== undefined && holdsWhole(verdict, raw) ? "as sent, byte for byte" : "as sent"}
            />
          </section>
        )}
      </div>
    </Layout>
  );
}

/** Says why the other half of a message is not shown. */
const missing = ({ away }: MessageParts, word: string) => (away === undefined ? word : "unknown for now");

function Journey({ parts, now }: { parts: MessageParts; now: number }) {
  const { row, raw, verdict } = parts;
  const { measured, enrichedAt, json } = factsOf(verdict ?? row);
  const arrived = row.timestamp;
  return (
    <section class="card" aria-labelledby="h-journey">
      <h2 class="vh" id="h-journey">
        Journey
      </h2>
      <ol class="steps">
        <li>
          <span class="sub">Measured</span>
          <b>
            {measured !== undefined ? (
              <DayClock at={measured} now={now} />
            ) : json ? (
              "no time sent"
            ) : (
              "cannot be read"
            )}
          </b>
          <span class="sub">{measured !== undefined && "device clock"}</span>
        </li>
        <li>
          <span class="sub">Arrived</span>
          <b>
            <DayClock at={arrived} now={now} />
          </b>
          <span class="sub">{measured !== undefined && after(arrived - measured, "measuring")}</span>
        </li>
        <li>
          <span class="sub">Raw</span>
          {raw === undefined ? (
            <b>{missing(parts, "expired")}</b>
          ) : (
            <PlaceLink row={raw} here={raw === row} />
          )}
          <span class="sub">key {row.key ?? "none"}</span>
        </li>
        <li>
          <span class="sub">{verdict?.topic === "dlq" ? "Dead letter" : "Enriched"}</span>
          {verdict === undefined ? (
            <b>{missing(parts, "not found")}</b>
          ) : (
            <PlaceLink row={verdict} here={verdict === row} />
          )}
          <span class="sub">{enrichedAt !== undefined && after(enrichedAt - arrived, "arrival")}</span>
        </li>
        <li>
          <span class="sub">Size</span>
          <b>
            {count((raw ?? row).bytes)} B
            {raw !== undefined && verdict?.topic === "enriched" && ` to ${count(verdict.bytes)} B`}
          </b>
          <span class="sub">{verdict?.registry && <>registry {verdict.registry}</>}</span>
        </li>
      </ol>
    </section>
  );
}

const after = (ms: number, what: string): string =>
  ms < 0 ? `${latency(-ms)} before ${what}` : `${latency(ms)} after ${what}`;

const PlaceLink = ({ row, here }: { row: Row; here: boolean }) =>
  here ? (
    <b class="mono">{place(row)}</b>
  ) : (
    <a class="mono" href={messageLink(row.topic, row.partition, row.offset)}>
      {place(row)}
    </a>
  );

/** The whole value, as it was sent: to the clipboard, or as a file. */
const Take = ({ row }: { row: Row }) => {
  const link = messageLink(row.topic, row.partition, row.offset);
  return (
    <>
      <button class="btn sm scripted" type="button" data-copy={withParams(link, { part: "text" })}>
        Copy
      </button>
      <a class="btn sm" href={withParams(link, { part: "bytes" })} download="">
        Save
      </a>
    </>
  );
};

function RawValue({ frame, parts }: { frame: Frame; parts: MessageParts }) {
  const { raw, verdict, away } = parts;
  // The value of a dead letter is the raw bytes.
  const shown = raw ?? (verdict?.topic === "dlq" ? verdict : undefined);
  const bytes = frame.query.view === "bytes";
  const wide = verdict?.topic === "enriched" ? "card w6 fill" : "card";
  return (
    <section class={wide} aria-labelledby="h-raw">
      <header class="rule">
        <h2 id="h-raw">Raw</h2>
        <span class="sub">
          {shown === undefined ? missing(parts, "expired") : `as sent, ${count(shown.bytes)} B`}
        </span>
        <div class="acts">
          <nav class="seg" aria-label="Raw view">
            <a href={frame.path} aria-current={bytes ? undefined : "true"}>
              Lines
            </a>
            <a href={withParams(frame.path, { view: "bytes" })} aria-current={bytes ? "true" : undefined}>
              Bytes
            </a>
          </nav>
          {shown !== undefined && <Take row={shown} />}
        </div>
      </header>
      {shown === undefined ? (
        <p class="body top m">{away ?? "The raw message is no longer kept."}</p>
      ) : bytes && shown.value !== null ? (
        <BytesView bytes={shown.value} />
      ) : (
        <ValueView
          value={shown.value}
          findings={verdict?.topic === "enriched" ? factsOf(verdict).findings : []}
        />
      )}
    </section>
  );
}
