/** Trouble first: what a person should look at now, worst first, a handful of lines. */
import type { Child } from "hono/jsx";
import { whole } from "../model/catalog.ts";
import { type Device, isSilent, rhythmOf, type Rhythms } from "../model/devices.ts";
import { enrichers } from "../model/presence.ts";
import { standing } from "../model/standing.ts";
import { judgedUntil, type ViewModel, waiting } from "../model/view.ts";
import { clockSeconds, count } from "../format.ts";
import type { GroupFacts } from "../reading/group.ts";
import { messageLink, messagesLink } from "../links.ts";
import { deadLetters } from "../model/stats.ts";
import { isLarge } from "./fleet.tsx";
import { fleetNotKnown } from "./notices.tsx";
import { GRADE_WORD, State, type Status } from "./status.tsx";
import { Age } from "./time.tsx";

const MAX_LINES = 6;
/** How many lines fit beside a large fleet. */
const MORE_LINES = 12;
const MAX_NAMES = 3;

interface Line {
  status: Status;
  word: string;
  who: Child;
  what: Child;
  end?: Child;
}

interface Props {
  view: ViewModel;
  group: GroupFacts | undefined;
  now: number;
}

export function Attention({ view, group, now }: Props) {
  const { lines, devices } = findTrouble(view, group, now);
  const unknown = fleetNotKnown(view, now);
  const most = isLarge(view) ? MORE_LINES : MAX_LINES;
  return (
    <section class="card w8 fill" aria-labelledby="h-attention" id="attention">
      <header class="rule">
        <h2 id="h-attention">Needs attention</h2>
        <span class="sub">
          {view.caughtUp && `${count(devices)} of ${count(view.devices.size)} devices`}
          {view.caughtUp && unknown && ", "}
          {unknown}
        </span>
        <a class="t12" href={messagesLink({ topic: "enriched", grade: "BAD" })}>
          Messages graded bad
        </a>
      </header>
      {lines.length === 0 ? (
        <p class="body top">
          {!view.caughtUp ? (
            <State status="off">Messages of the last hour are being read</State>
          ) : view.devices.size === 0 ? (
            <State status="off">Nothing to judge yet</State>
          ) : unknown ? (
            <State status="off">All was well; the current state is {unknown}</State>
          ) : (
            <State status="ok">All devices are reporting, and all is well</State>
          )}
        </p>
      ) : (
        <ul class="list">
          {lines.slice(0, most).map((line) => (
            <li>
              <State status={line.status}>{line.word}</State>
              <b>{line.who}</b>
              <p class="what">{line.what}</p>
              {line.end && <span class="end m">{line.end}</span>}
            </li>
          ))}
          {lines.length > most && (
            <li class="m">and {count(lines.length - most)} more, marked in the fleet</li>
          )}
        </ul>
      )}
    </section>
  );
}

function findTrouble(
  view: ViewModel,
  group: GroupFacts | undefined,
  now: number,
): { lines: Line[]; devices: number } {
  if (!view.caughtUp) return { lines: [], devices: 0 };
  const until = judgedUntil(view, now);
  const bad: Line[] = [];
  const uncertain: Line[] = [];
  const silent: { line: Line; arrived: number }[] = [];
  const unknown: Device[] = [];
  for (const device of view.devices.values()) {
    if (isSilent(device, until, view.rhythms))
      silent.push({ line: silentLine(device, view.rhythms, now), arrived: device.arrived });
    else if (device.type === "unknown") unknown.push(device);
    else if (device.grade === "BAD") bad.push(judgedLine(device, now, "crit", "Bad"));
    else if (device.grade === "UNCERTAIN") uncertain.push(judgedLine(device, now, "warn", "Uncertain"));
  }
  // The longest silent first.
  silent.sort((a, b) => a.arrived - b.arrived);
  const lines = [
    ...enricherLine(view, group, now),
    ...bad,
    ...uncertain,
    ...deadLine(view, now),
    ...silent.map(({ line }) => line),
    ...unknownLine(unknown),
  ];
  return { lines, devices: bad.length + uncertain.length + silent.length + unknown.length };
}

const deviceLink = (id: string) => (
  <a class="cut" href={messagesLink({ topic: "enriched", device: id })}>
    {id}
  </a>
);

function judgedLine(device: Device, now: number, status: Status, word: string): Line {
  const severity = status === "crit" ? "bad" : "uncertain";
  const findings = device.findings.filter((finding) => finding.severity === severity);
  const first = findings[0];
  const more = findings.length > 1 ? ` and ${findings.length - 1} more` : "";
  return {
    status,
    word,
    who: deviceLink(device.id),
    what: (
      <a class="plain" href={messageLink("enriched", device.partition, device.offset)}>
        {first === undefined ? (
          "graded without a finding"
        ) : (
          <>
            {first.code} at <code>{first.path || "the message"}</code>
            {first.expected && `, expected ${first.expected}`}
            {more}
          </>
        )}
      </a>
    ),
    end: <Age at={device.measured} now={now} />,
  };
}

function silentLine(device: Device, rhythms: Rhythms, now: number): Line {
  const rhythm = rhythmOf(device, rhythms);
  const expected =
    rhythm &&
    `, expected every ${whole(rhythm.expected_ms)}, offline after ${whole(rhythm.offline_after_ms)}`;
  const { grade } = device;
  const last = grade === "BAD" || grade === "UNCERTAIN" ? `, last ${GRADE_WORD[grade]}` : "";
  return {
    status: "off",
    word: "Silent",
    who: deviceLink(device.id),
    what: `No data${last}${expected ?? ""}`,
    end: <Age at={device.arrived} now={now} />,
  };
}

/** Says that no enricher is up, or that it is behind: nothing is judged then, so nothing else here is news. */
function enricherLine(view: ViewModel, group: GroupFacts | undefined, now: number): Line[] {
  const { lines, state } = enrichers(view, group, now);
  const waits = waiting(view);
  const isMissed = state === "none up" && (lines.length > 0 || waits > 0);
  const isBehind = state === "up" && standing(view, now).state === "behind";
  if (!view.kafka.connected || !(isMissed || isBehind)) return [];
  const since = clockSeconds(judgedUntil(view, now));
  return [
    {
      status: isMissed ? "crit" : "warn",
      word: "Enricher",
      who: <a href="/pipeline">{isMissed ? "none up" : "behind"}</a>,
      what:
        waits === 0
          ? "nothing is waiting for it yet"
          : `${waits === 1 ? "1 message is" : `${count(waits)} messages are`} waiting; which devices have fallen silent since ${since} UTC is unknown`,
    },
  ];
}

function unknownLine(devices: Device[]): Line[] {
  const [first] = devices;
  if (first === undefined) return [];
  const names = devices.slice(0, MAX_NAMES).map((device) => device.id);
  const rest = devices.length > MAX_NAMES ? ` and ${count(devices.length - MAX_NAMES)} more` : "";
  return [
    {
      status: "info",
      word: "Unknown",
      who: (
        <a href={messagesLink({ topic: "enriched", type: "unknown" })}>
          {devices.length === 1 ? "1 device" : `${count(devices.length)} devices`}
        </a>
      ),
      what: (
        <>
          No type fits{" "}
          {names.map((name, i) => (
            <>
              {i > 0 && ", "}
              <bdi>{name}</bdi>
            </>
          ))}
          {rest}
          {first.reasons[0] && `; ${first.reasons[0]}`}
        </>
      ),
    },
  ];
}

function deadLine(view: ViewModel, now: number): Line[] {
  const reasons = [...deadLetters(view, now)];
  const [most, second] = reasons;
  if (most === undefined) return [];
  const all = reasons.reduce((sum, [, times]) => sum + times, 0);
  const isTie = second !== undefined && second[1] === most[1];
  return [
    {
      status: "warn",
      word: "Dead letters",
      who: <a href={messagesLink({ topic: "dlq" })}>{all === 1 ? "1 message" : `${count(all)} messages`}</a>,
      what: (
        <>
          not enriched in the last hour
          {isTie ? (
            `: ${count(reasons.length)} reasons`
          ) : (
            <>
              {", "}
              {second ? "most often " : all > 1 && "all "}
              <code>{most[0]}</code>
            </>
          )}
        </>
      ),
    },
  ];
}
