/** What was decided about one message: its type and why, its findings, or why it is a dead letter. */
import { DEAD_LETTER_REASONS, type DeadLetterReason } from "../../schemas/dead-letter.ts";
import type { Finding } from "../../schemas/enriched.ts";
import { count } from "../format.ts";
import { typeLink } from "../links.ts";
import { factsOf, type Row } from "../model/row.ts";
import { Rest } from "./disclosure.tsx";
import { GradeState, SEVERITY_STATUS, State } from "./status.tsx";

/** A type that the registry may have. */
export const hasPage = (type: string | null): type is string => type !== null && type !== "unknown";

export function TypeVerdict({ row }: { row: Row }) {
  const { type, typeName, method, score, runnerUp, category, capabilities, completeness } = factsOf(row);
  return (
    <section class="card w5 fill" aria-labelledby="h-verdict">
      <header>
        <h2 id="h-verdict">Type verdict</h2>
        <span class="sub">{method ?? "not decided"}</span>
      </header>
      <div class="body">
        <p class="big">
          {hasPage(type) ? <a href={typeLink(type)}>{type}</a> : "unknown"}{" "}
          <small>{score === undefined ? "no score" : `${score} of 100`}</small>
        </p>
        <dl class="kv gap">
          {typeName && (
            <>
              <dt>Name</dt>
              <dd>{typeName}</dd>
            </>
          )}
          {category && (
            <>
              <dt>Category</dt>
              <dd>{category}</dd>
            </>
          )}
          <dt>Runner-up</dt>
          <dd>{runnerUp ?? "none"}</dd>
          <dt>Complete</dt>
          <dd>{completeness === undefined ? "not judged" : `${completeness} %`}</dd>
          {capabilities.length > 0 && (
            <>
              <dt>Capabilities</dt>
              <dd class="tags">
                {capabilities.map((capability) => (
                  <span class="tag">{capability}</span>
                ))}
              </dd>
            </>
          )}
        </dl>
      </div>
    </section>
  );
}

export const TypeReasons = ({ row }: { row: Row }) => (
  <section class="card w3 fill" aria-labelledby="h-why">
    <header class="rule">
      <h2 id="h-why">Reasons</h2>
    </header>
    <ul class="list tight">
      {factsOf(row).reasons.map((reason) => (
        <li>{reason}</li>
      ))}
      {factsOf(row).reasons.length === 0 && <li class="m">none given</li>}
    </ul>
  </section>
);

/** More stand behind a line; each also stands beside what it speaks of. */
const OPEN_FINDINGS = 12;

export function Findings({ row }: { row: Row }) {
  const { findings, grade } = factsOf(row);
  const rest = findings.slice(OPEN_FINDINGS);
  return (
    <section class="card w4 fill" aria-labelledby="h-findings">
      <header class="rule">
        <h2 id="h-findings">Findings</h2>
        <GradeState grade={grade} />
      </header>
      {findings.length === 0 ? (
        <p class="body top m">none</p>
      ) : (
        <FindingList findings={findings.slice(0, OPEN_FINDINGS)} />
      )}
      {rest.length > 0 && (
        <Rest words={`${count(rest.length)} more findings`}>
          <FindingList findings={rest} />
        </Rest>
      )}
    </section>
  );
}

const FindingList = ({ findings }: { findings: Finding[] }) => (
  <ul class="list tight">
    {findings.map((finding) => (
      <li>
        <State status={SEVERITY_STATUS[finding.severity]}>{finding.code}</State>
        <code class="m">{finding.path || "the message"}</code>
        {finding.expected && <span class="end m">{finding.expected}</span>}
      </li>
    ))}
  </ul>
);

export function DeadLetter({ row }: { row: Row }) {
  const reason = row.reason ?? "";
  return (
    <section class="card" aria-labelledby="h-dead">
      <header>
        <h2 id="h-dead">Dead letter</h2>
        <State status="warn">{reason}</State>
      </header>
      <div class="body">
        <dl class="kv">
          <dt>Reason</dt>
          <dd>
            {Object.hasOwn(DEAD_LETTER_REASONS, reason)
              ? DEAD_LETTER_REASONS[reason as DeadLetterReason]
              : "not a known reason"}
          </dd>
          <dt>Field</dt>
          <dd>
            <code>{row.path || "whole message"}</code>
          </dd>
          <dt>What is wrong</dt>
          <dd>{row.message ?? "not stated"}</dd>
        </dl>
      </div>
    </section>
  );
}
