/** What stands behind a row of a feed: the verdict in a few lines, or the start of the message. */
import type { Child } from "hono/jsx";
import type { ApiTopic } from "../../schemas/api.ts";
import { DEAD_LETTER_REASONS, type DeadLetterReason } from "../../schemas/dead-letter.ts";
import { count, latency } from "../format.ts";
import { messageLink } from "../links.ts";
import { factsOf, type Row, textOf } from "../model/row.ts";
import { excerpt } from "../model/values.ts";
import { SEVERITY_STATUS, State } from "./status.tsx";

const EXCERPT = 400;

export const DETAILS: Record<ApiTopic, (row: Row) => Child> = {
  raw: rawDetails,
  enriched: enrichedDetails,
  dlq: deadDetails,
};

function rawDetails(row: Row) {
  return <code class="excerpt">{excerpt(textOf(row), EXCERPT)}</code>;
}

const MAX_FINDINGS = 8;

function enrichedDetails(row: Row) {
  const facts = factsOf(row);
  const { type, typeName, category, method, score, findings, reasons, capabilities, completeness } = facts;
  return (
    <>
      {findings.length > 0 && (
        <ul class="findings">
          {findings.slice(0, MAX_FINDINGS).map((finding) => (
            <li>
              <State status={SEVERITY_STATUS[finding.severity]}>{finding.code}</State>{" "}
              <code>{finding.path || "the message"}</code>
              {finding.expected && <span class="m">, expected {finding.expected}</span>}
            </li>
          ))}
          {findings.length > MAX_FINDINGS && <li class="m">and {findings.length - MAX_FINDINGS} more</li>}
        </ul>
      )}
      <p>
        {typeName ?? type ?? "unknown"}
        {category && <span class="m"> ({category})</span>}
        <span class="m">
          , {method ?? "not decided"}
          {score !== undefined && `, score ${score}`}
          {reasons[0] && `: ${reasons[0]}`}
        </span>
      </p>
      {capabilities.length > 0 && (
        <p class="tags">
          {capabilities.map((capability) => (
            <span class="tag">{capability}</span>
          ))}
        </p>
      )}
      <p class="m">
        {completeness !== undefined && `${completeness} % complete · `}
        {facts.enrichedAt !== undefined &&
          `${latency(Math.max(0, facts.enrichedAt - row.timestamp))} after its raw message`}
        {row.source !== undefined && (
          <>
            {" "}
            <a class="mono" href={messageLink("raw", row.partition, row.source)}>
              raw[{row.partition}]@{count(row.source)}
            </a>
          </>
        )}
        {row.registry && <span class="mono"> · registry {row.registry}</span>}
      </p>
    </>
  );
}

function deadDetails(row: Row) {
  const reason = row.reason ?? "";
  const meaning = Object.hasOwn(DEAD_LETTER_REASONS, reason)
    ? DEAD_LETTER_REASONS[reason as DeadLetterReason]
    : "not a known reason";
  return (
    <>
      <p>
        <State status="warn">{reason}</State> <span class="m">{meaning}</span>
      </p>
      <p>
        {row.message} <code>{row.path}</code>
      </p>
      <code class="excerpt">{excerpt(textOf(row), EXCERPT)}</code>
    </>
  );
}
