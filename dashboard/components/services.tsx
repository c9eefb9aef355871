/** Who is up, since when, with which registry; and what the registry here is. */
import { clockMinutes, count, duration, exact, iso } from "../format.ts";
import type { GroupFacts } from "../reading/group.ts";
import { isHere, type Presence, presence, type ServiceLine } from "../model/presence.ts";
import type { ViewModel } from "../model/view.ts";
import { notKnown } from "./notices.tsx";
import { State, type Status } from "./status.tsx";
import { type Column, Table } from "./table.tsx";
import { Age } from "./time.tsx";

interface Props {
  view: ViewModel;
  group: GroupFacts | undefined;
  now: number;
}

const LOOK: Record<Presence, [Status, string]> = {
  up: ["ok", "Up"],
  degraded: ["warn", "Degraded"],
  stopped: ["off", "Stopped"],
  absent: ["crit", "Absent"],
};

const COLUMNS: readonly Column[] = [
  "Service",
  "State",
  ["Up for", "num c1"],
  ["Heartbeat", "num c1"],
  ["Lag", "num"],
  ["Registry", "c2"],
  ["Version", "c2"],
];

export function Services({ view, group, now }: Props) {
  const lines = presence(view, group, now);
  const up = lines.filter((line) => line.presence === "up").length;
  const degraded = lines.filter((line) => line.presence === "degraded").length;
  const unknown = notKnown(view);
  return (
    <section class="card w8 fill" aria-labelledby="h-services" id="services">
      <header class="rule">
        <h2 id="h-services">Services</h2>
        <span class="sub">
          {unknown ??
            `${count(up)} of ${count(lines.length)} up${degraded > 0 ? `, ${count(degraded)} degraded` : ""}`}
          , a heartbeat each 5 s
        </span>
      </header>
      <Table caption="Services and their last heartbeat" columns={COLUMNS}>
        {lines.map((line) => {
          const [status, word] =
            unknown !== undefined && isHere(line) ? (["off", "Not known"] as const) : LOOK[line.presence];
          return (
            <>
              <tr>
                <th scope="row">
                  {line.service} <span class="u c1">{line.instance}</span>
                </th>
                <td>
                  <State status={status}>{word}</State>
                </td>
                <td class="num u c1">
                  {unknown === undefined ? <UpFor line={line} now={now} none="–" /> : "–"}
                </td>
                <td class="num c1">{line.beat === undefined ? "–" : <Age at={line.beat} now={now} />}</td>
                <td class="num">
                  {line.lag === undefined || !isHere(line) || unknown !== undefined ? "–" : count(line.lag)}
                </td>
                <td class="mono u c2">{line.registry ?? "–"}</td>
                <td class="u c2">{line.version ?? "–"}</td>
              </tr>
              <tr class="below">
                <td colspan={COLUMNS.length} class="wrap u t12">
                  {line.instance}
                  {unknown === undefined && isHere(line) && (
                    <>
                      , up <UpFor line={line} now={now} />
                    </>
                  )}
                  {line.beat !== undefined && (
                    <>
                      , heartbeat <Age at={line.beat} now={now} /> ago
                    </>
                  )}
                  {line.registry && (
                    <>
                      , registry <span class="mono">{line.registry}</span>
                    </>
                  )}
                  {line.version && `, version ${line.version}`}
                </td>
              </tr>
              {line.reasons.length > 0 && (
                <tr>
                  <td colspan={COLUMNS.length} class="wrap m t12">
                    {line.reasons.slice(0, 3).join("; ")}
                  </td>
                </tr>
              )}
            </>
          );
        })}
      </Table>
      {lines.length === 0 && <p class="body top m">No heartbeat has arrived in the last hour.</p>}
    </section>
  );
}

const DAY_MS = 86_400_000;

/** "3 h 5 min since 11:22"; the day where that was on another one. */
function UpFor({ line, now, none = "" }: { line: ServiceLine; now: number; none?: string }) {
  const { startedAt } = line;
  if (startedAt === undefined || Number.isNaN(startedAt) || !isHere(line)) return <>{none}</>;
  const up = now - startedAt;
  return (
    <time datetime={iso(startedAt)} title={`started ${exact(startedAt)}`}>
      {duration(up)} since {up < DAY_MS ? clockMinutes(startedAt) : iso(startedAt).slice(0, 10)}
    </time>
  );
}

const MAX_OTHERS = 6;
const second = (iso: string) => `${iso.slice(0, 19).replace("T", " ")} UTC`;

export function RegistryCard({ view, group, now }: Props) {
  const { catalog, judgedBy } = view;
  const lines = presence(view, group, now).filter((line) => isHere(line) && line.registry !== undefined);
  const others = lines.filter((line) => line.registry !== catalog?.version);
  const unknown = notKnown(view);
  const past = catalog?.pastRefusal?.();
  const refusal = catalog?.refusal() ?? lines.find((line) => line.refusal !== undefined)?.refusal;
  return (
    <section class="card w4 fill" aria-labelledby="h-registry" id="registry">
      <header class="rule">
        <h2 id="h-registry">Registry</h2>
        {catalog && (
          <State status={unknown !== undefined ? "off" : others.length === 0 ? "ok" : "warn"}>
            {unknown ??
              (others.length === 0
                ? "the same everywhere"
                : `${others.length === 1 ? "1 service uses" : `${others.length} services use`} another`)}
          </State>
        )}
      </header>
      <div class="body top">
        <dl class="kv">
          <dt>Here</dt>
          <dd class="mono">{catalog?.version ?? "none loaded"}</dd>
          <dt>Newest verdict</dt>
          <dd class="mono">{judgedBy ?? "none seen"}</dd>
          {catalog && (
            <>
              <dt>Loaded</dt>
              <dd>{exact(Date.parse(catalog.loadedAt)).replace(/\.\d+/, "")}</dd>
              <dt>Types, shapes</dt>
              <dd>
                {count(catalog.plan.types.length)}, {count(catalog.plan.shapes.length)}
              </dd>
            </>
          )}
          <dt>Last refusal</dt>
          <dd>
            {refusal
              ? second(refusal.at)
              : past
                ? `${second(past.at)}, fixed since: ${past.reasons[0]}`
                : "none since the start"}
          </dd>
          {others.slice(0, MAX_OTHERS).map((line) => (
            <>
              <dt>
                {line.service} {line.instance}
              </dt>
              <dd class="mono">{line.registry}</dd>
            </>
          ))}
          {others.length > MAX_OTHERS && (
            <>
              <dt>Others</dt>
              <dd>{count(others.length - MAX_OTHERS)} more</dd>
            </>
          )}
        </dl>
        {refusal && (
          <div class="gap">
            <State status="warn">
              <b>The current file was refused</b>
            </State>
            <ul class="t12 m">
              {refusal.reasons.slice(0, 5).map((reason) => (
                <li>{reason}</li>
              ))}
            </ul>
            <p class="t12 m">The previous version stays in use.</p>
          </div>
        )}
      </div>
    </section>
  );
}
