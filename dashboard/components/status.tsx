/** Status is shape + word + colour: circle ok, triangle warning, octagon critical, ring silent, diamond information. */
import type { Child } from "hono/jsx";
import type { Grade, Severity } from "../../schemas/enriched.ts";

export type Status = "ok" | "warn" | "crit" | "off" | "info";

export const StatusIcon = ({ status, size = 12 }: { status: Status; size?: number }) => (
  <svg class={status} width={size} height={size} aria-hidden="true">
    <use href={`#${status}`} />
  </svg>
);

/** The shape has the colour, the word stays ink. */
export const State = ({ status, children }: { status: Status; children: Child }) => (
  <span class={`st ${status}`}>
    <StatusIcon status={status} />
    {children}
  </span>
);

export const GRADE_STATUS: Record<Grade, Status> = { GOOD: "ok", UNCERTAIN: "warn", BAD: "crit" };
export const GRADE_WORD: Record<Grade, string> = { GOOD: "Good", UNCERTAIN: "Uncertain", BAD: "Bad" };
export const SEVERITY_STATUS: Record<Severity, Status> = { bad: "crit", uncertain: "warn", info: "info" };

export const GradeState = ({ grade }: { grade: Grade | undefined }) =>
  grade === undefined ? (
    <State status="off">Not judged</State>
  ) : (
    <State status={GRADE_STATUS[grade]}>{GRADE_WORD[grade]}</State>
  );

export const Icon = ({ name, size = 16 }: { name: string; size?: number }) => (
  <svg class="ic" width={size} height={size} aria-hidden="true">
    <use href={`#i-${name}`} />
  </svg>
);

/** Every shape and icon once a page; the rest refers to them. */
export const Sprite = () => (
  <svg width="0" height="0" aria-hidden="true" class="vh">
    <defs>
      <symbol id="ok" viewBox="0 0 12 12">
        <circle cx="6" cy="6" r="4.5" fill="currentColor" />
      </symbol>
      <symbol id="warn" viewBox="0 0 12 12">
        <path d="M6 .8 11.6 11H.4z" fill="currentColor" />
      </symbol>
      <symbol id="crit" viewBox="0 0 12 12">
        <path d="M3.7.5h4.6l3.2 3.2v4.6l-3.2 3.2H3.7L.5 8.3V3.7z" fill="currentColor" />
      </symbol>
      <symbol id="info" viewBox="0 0 12 12">
        <path d="m6 .6 5.4 5.4L6 11.4.6 6z" fill="currentColor" />
      </symbol>
      <symbol id="off" viewBox="0 0 12 12">
        <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.75" />
      </symbol>
      <symbol id="i-mark" viewBox="0 0 20 20">
        <path d="M2 5h10M5 10h13M2 15h7" stroke-width="2.5" />
      </symbol>
      <symbol id="i-overview" viewBox="0 0 16 16">
        <path d="M2.5 2.5h4.5v5H2.5zM9 2.5h4.5v3H9zM2.5 9.5H7v4H2.5zM9 7.5h4.5v6H9z" />
      </symbol>
      <symbol id="i-types" viewBox="0 0 16 16">
        <path d="m8 2 6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3" />
      </symbol>
      <symbol id="i-messages" viewBox="0 0 16 16">
        <path d="M2 3.5h12M2 8h12M2 12.5h7" />
      </symbol>
      <symbol id="i-pipeline" viewBox="0 0 16 16">
        <path d="M1.5 6h4v4h-4zM10.5 2h4v4h-4zM10.5 10h4v4h-4zM5.5 8H8M10.5 4H8v8h2.5" />
      </symbol>
    </defs>
  </svg>
);
