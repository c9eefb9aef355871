/**
 * Headers of what we write to `iot.enriched` and `iot.raw.dlq`: UTF-8 text, names in topics.ts.
 *
 * A dead letter's value is the raw bytes; its verdict stands only here. Source: design.md section 3.
 */
import { type Static, Type } from "@sinclair/typebox";
import { DEAD_LETTER_REASONS, LIMITS } from "./dead-letter.ts";
import { HEADERS } from "./topics.ts";

const ours = {
  [HEADERS.sourceOffset]: Type.String({
    pattern: "^(0|[1-9][0-9]*)$",
    description: "Offset of the raw message; its partition number and record timestamp are the same as here",
  }),
  [HEADERS.sourceEpoch]: Type.Optional(
    Type.String({
      pattern: "^[1-9][0-9]*$",
      description:
        "When it was noticed that iot.raw had been deleted and created again, ms since 1970; absent: 0. Source offsets rise within an epoch",
    }),
  ),
  [HEADERS.registry]: Type.String({
    pattern: "^.+\\+[0-9a-f]{8}$",
    description: "registry_version: metadata.version + '+' + 8 hex digits of the file's SHA-256",
  }),
};

export const EnrichedHeaders = Type.Object(ours, {
  $id: "enriched-headers",
  title: "Headers of an enriched message",
  additionalProperties: false,
});
export type EnrichedHeaders = Static<typeof EnrichedHeaders>;

export const DeadLetterHeaders = Type.Object(
  {
    ...ours,
    [HEADERS.sourceLastOffset]: Type.Optional(
      Type.String({
        pattern: "^(0|[1-9][0-9]*)$",
        description:
          "For reason undecodable only: the last offset of the batch; its value is empty, its key null",
      }),
    ),
    [HEADERS.reason]: Type.Union(
      Object.entries(DEAD_LETTER_REASONS).map(([reason, description]) =>
        Type.Literal(reason, { description }),
      ),
      { description: "Why it cannot be enriched" },
    ),
    [HEADERS.path]: Type.String({
      maxLength: LIMITS.pathHeaderBytes,
      pattern: "^(/|$)",
      description: "JSON Pointer to the fault in the raw message; empty: the whole of it",
    }),
    [HEADERS.message]: Type.String({
      maxLength: LIMITS.messageHeaderBytes,
      description: "What is wrong and what would be right",
    }),
  },
  {
    $id: "dead-letter",
    title: "Headers of a dead letter",
    description: "The value of iot.raw.dlq is the raw bytes, never re-serialised; these headers say why.",
    additionalProperties: false,
  },
);
export type DeadLetterHeaders = Static<typeof DeadLetterHeaders>;
