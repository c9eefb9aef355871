/** What the last hour is made of: event types, device types, grades, reasons. */
import { GRADES } from "../../schemas/enriched.ts";
import type { ViewModel } from "../view.ts";
import { count } from "../format.ts";
import { messagesLink } from "../links.ts";
import { deadLetters } from "../stats.ts";
import { tallied } from "../window.ts";
import { Bars } from "./bars.tsx";
import { GRADE_STATUS, GRADE_WORD, State } from "./status.tsx";

interface Share {
  view: ViewModel;
  now: number;
}

export function EventTypes({ view, now }: Share) {
  const { bars, sum } = sharesOf(tallied(view.tallies.event, now));
  return (
    <section class="card w4 fill" aria-labelledby="h-events" id="events">
      <header>
        <h2 id="h-events">Message types</h2>
        <span class="sub">{count(sum)} in the last hour</span>
      </header>
      <Bars caption="Messages by event type in the last hour" bars={bars} total={sum} />
    </section>
  );
}

export function DeviceTypes({ view, now }: Share) {
  const { bars, sum } = sharesOf(tallied(view.tallies.type, now));
  return (
    <section class="card w4 fill" aria-labelledby="h-types" id="types">
      <header>
        <h2 id="h-types">Device types</h2>
        <span class="sub">messages in the last hour</span>
      </header>
      <Bars caption="Messages by device type in the last hour" bars={bars} total={sum} />
    </section>
  );
}

export function Quality({ view, now }: Share) {
  const grades = tallied(view.tallies.grade, now);
  const sum = [...grades.values()].reduce((a, b) => a + b, 0);
  const codes = [...tallied(view.tallies.code, now)].slice(0, 3);
  return (
    <section class="card w4 fill" aria-labelledby="h-quality" id="quality">
      <header>
        <h2 id="h-quality">Data quality</h2>
        <span class="sub">{count(sum)} in the last hour</span>
      </header>
      <Bars
        caption="Messages by grade in the last hour"
        total={sum}
        bars={GRADES.map((grade) => ({
          name: <State status={GRADE_STATUS[grade]}>{GRADE_WORD[grade]}</State>,
          value: grades.get(grade) ?? 0,
        }))}
      />
      {codes.length > 0 && (
        <p class="sub body">
          Most frequent:{" "}
          {codes.map(([code, times], i) => (
            <>
              {i > 0 && ", "}
              <span class="mono">{code}</span> {count(times)}
            </>
          ))}
        </p>
      )}
    </section>
  );
}

export function Reasons({ view, now, width = "w4" }: Share & { width?: string }) {
  const reasons = deadLetters(view, now);
  const { bars, sum } = sharesOf(reasons, (reason) => messagesLink({ topic: "dlq", reason }));
  return (
    <section class={`card ${width} fill`} aria-labelledby="h-reasons" id="reasons">
      <header>
        <h2 id="h-reasons">Dead letters</h2>
        <span class="sub">{count(sum)} in the last hour</span>
        <a class="t12" href={messagesLink({ topic: "dlq" })}>
          All kept
        </a>
      </header>
      {sum === 0 ? (
        <p class="body">
          <State status="ok">None</State>
        </p>
      ) : (
        <Bars caption="Dead letters by reason in the last hour" bars={bars} total={sum} />
      )}
    </section>
  );
}

const MAX_BARS = 6;

function sharesOf(counts: Map<string, number>, link?: (name: string) => string) {
  const sum = [...counts.values()].reduce((a, b) => a + b, 0);
  const bars = [...counts].slice(0, MAX_BARS).map(([name, value]) => ({
    name:
      link === undefined ? (
        <span class="cut">{name}</span>
      ) : (
        <a class="cut" href={link(name)}>
          {name}
        </a>
      ),
    value,
  }));
  const rest = [...counts.values()].slice(MAX_BARS).reduce((a, b) => a + b, 0);
  if (rest > 0) bars.push({ name: <span class="m">{counts.size - MAX_BARS} more</span>, value: rest });
  return { bars, sum };
}
