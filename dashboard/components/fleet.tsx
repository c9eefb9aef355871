/** One mark for each device seen in the last hour, by type: trouble is found by shape at a glance. */
import { type Device, isSilent, MAX_DEVICES, type Rhythms } from "../model/devices.ts";
import { judgedUntil, type ViewModel } from "../model/view.ts";
import { count } from "../format.ts";
import { messagesLink, typeLink } from "../links.ts";
import { typeOf } from "../model/catalog.ts";
import { devicesByType } from "../model/stats.ts";
import { fleetNotKnown } from "./notices.tsx";
import { GRADE_STATUS, StatusIcon, State, type Status } from "./status.tsx";

/** Types that have a line of their own; the rest share one. */
const MAX_TYPES = 12;
/** Marks drawn; of a larger fleet those in trouble come first and the rest is a number. */
const MAX_MARKS = 160;
/** The number of marks from which a name stands above them, and they have the whole width. */
const DENSE_FROM = 60;

/** A fleet whose card is high: what stands beside it has room for more. */
export const isLarge = (view: ViewModel): boolean => view.devices.size > DENSE_FROM;

interface Mark {
  device: Device;
  status: Status;
  word: string;
}

const WORDS: Record<Status, string> = {
  ok: "good",
  info: "unknown",
  warn: "uncertain",
  crit: "bad",
  off: "silent",
};
const WORST_FIRST: Status[] = ["crit", "warn", "off", "info", "ok"];

export function markOf(device: Device, until: number, rhythms: Rhythms): Status {
  if (isSilent(device, until, rhythms)) return "off";
  if (device.type === "unknown") return "info";
  return device.grade === undefined ? "info" : GRADE_STATUS[device.grade];
}

export function Fleet({ view, now }: { view: ViewModel; now: number }) {
  const marks = new Map<Status, number>();
  const until = judgedUntil(view, now);
  const groups = [...devicesByType(view)].map(([type, devices]) => {
    const all = devices.map((device): Mark => {
      const status = markOf(device, until, view.rhythms);
      marks.set(status, (marks.get(status) ?? 0) + 1);
      return { device, status, word: WORDS[status] };
    });
    return { type, href: hrefOf(view, type), marks: all };
  });
  const lines = groups.length <= MAX_TYPES ? groups : withRest(groups);
  const unknown = fleetNotKnown(view, now);
  const share = Math.min(1, MAX_MARKS / Math.max(1, view.devices.size));
  return (
    <section class="card w4 fill" aria-labelledby="h-fleet" id="fleet">
      <header>
        <h2 id="h-fleet">Fleet</h2>
        {unknown === undefined ? (
          <span class="sub">one mark per device, last hour</span>
        ) : (
          <State status="off">{unknown}</State>
        )}
      </header>
      {view.devices.size === 0 ? (
        <p class="body m">No device has been seen yet.</p>
      ) : !view.caughtUp ? (
        <p class="body m">
          {count(view.devices.size)} devices so far. How they are is told when all is read.
        </p>
      ) : (
        <div class="body">
          <dl class={isLarge(view) ? "heat dense" : "heat"}>
            {lines.map((group) => (
              <Group {...group} limit={Math.ceil(group.marks.length * share)} />
            ))}
          </dl>
          <ul class="leg">
            {WORST_FIRST.toReversed()
              .filter((status) => marks.has(status))
              .map((status) => (
                <li>
                  <State status={status}>
                    {count(marks.get(status) ?? 0)} {unknown && (marks.get(status) === 1 ? "was " : "were ")}
                    {WORDS[status]}
                  </State>
                </li>
              ))}
          </ul>
          {view.devicesDropped > 0 && (
            <p class="sub">
              {count(view.devicesDropped)} longest silent ones left out: {count(MAX_DEVICES)} are kept
            </p>
          )}
        </div>
      )}
    </section>
  );
}

/** The largest types, and one line for the marks of all others. */
function withRest(groups: TypeMarks[]): TypeMarks[] {
  const sorted = groups.toSorted((a, b) => b.marks.length - a.marks.length);
  const rest = sorted.slice(MAX_TYPES - 1);
  return [
    ...sorted.slice(0, MAX_TYPES - 1),
    { type: `${count(rest.length)} more types`, marks: rest.flatMap(({ marks }) => marks) },
  ];
}

/** The page of a type that the registry has, else its messages. */
const hrefOf = ({ catalog }: ViewModel, type: string): string =>
  typeOf(catalog, type) === undefined ? messagesLink({ topic: "enriched", type }) : typeLink(type);

interface TypeMarks {
  type: string;
  href?: string;
  marks: Mark[];
}

function Group({ type, href, marks, limit }: TypeMarks & { limit: number }) {
  const shown =
    marks.length <= limit
      ? marks
      : marks
          .toSorted((a, b) => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status))
          .slice(0, limit);
  return (
    <>
      <dt>
        {href === undefined ? (
          <span class="cut">{type}</span>
        ) : (
          <a class="cut" href={href}>
            {type}
          </a>
        )}{" "}
        {count(marks.length)}
      </dt>
      <dd>
        {shown.map(({ device, status, word }) => (
          <a
            class={status}
            href={messagesLink({ topic: "enriched", device: device.id })}
            title={`${device.id}: ${word}`}
          >
            <StatusIcon status={status} />
            <span class="vh">
              {device.id} {word}
            </span>
          </a>
        ))}
        {shown.length < marks.length && <span>and {count(marks.length - shown.length)} more</span>}
      </dd>
    </>
  );
}
