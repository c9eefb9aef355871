/** The device types: which there are, how many devices of each are heard, how good their messages are. */
import { API_TOPICS } from "../../schemas/api.ts";
import { State } from "../components/status.tsx";
import { type Column, Table } from "../components/table.tsx";
import { Age } from "../components/time.tsx";
import { type Device, isSilent } from "../model/devices.ts";
import { typedName } from "../model/fold.ts";
import { count, percent } from "../format.ts";
import type { Card, LivePage } from "../stream/frames.ts";
import { messagesLink, typeLink } from "../links.ts";
import { devicesByType } from "../model/stats.ts";
import { judgedUntil, total, type ViewModel } from "../model/view.ts";
import { tallied } from "../model/window.ts";
import { type Frame, FRAME_CARDS, Layout } from "./layout.tsx";

export function TypesPage({ frame }: { frame: Frame }) {
  const { view, now } = frame;
  return (
    <Layout frame={frame} title="Types" active="types" live="/live/types">
      <div class="grid">{CARDS.map(({ render }) => render({ view, now }))}</div>
    </Layout>
  );
}

const CARDS: readonly Card[] = [
  { id: "types-table", pace: "slow", render: (at) => <TypesTable {...at} /> },
  { id: "unknown", pace: "slow", render: (at) => <UnknownDevices {...at} /> },
];

export const typesLive: LivePage = {
  key: "types",
  cards: [...FRAME_CARDS, ...CARDS],
  tick: (view) => ({ counts: API_TOPICS.map((topic) => total(view, topic)), topic: "enriched" }),
};

interface TypeLine {
  key: string;
  name: string;
  category: string;
  known: boolean;
  devices: Device[];
}

/** The registry's types in its order, then types that only messages name, unknown last. */
function linesOf(view: ViewModel): TypeLine[] {
  const seen = devicesByType(view);
  const types = view.catalog?.plan.types ?? [];
  const known = types.map(({ key, name, category }) => ({
    key,
    name,
    category,
    known: true,
    devices: seen.get(key) ?? [],
  }));
  const others = [...seen]
    .filter(([key]) => !known.some((line) => line.key === key))
    .map(([key, devices]) => ({ key, name: "", category: "", known: false, devices }));
  return [...known, ...others];
}

const COLUMNS: readonly Column[] = [
  "Type",
  ["Name", "c1"],
  ["Category", "c2"],
  ["Devices", "num"],
  ["Silent", "num c1"],
  ["Messages", "num c1"],
  ["Good", "num"],
  ["Last", "num c2"],
];

function TypesTable({ view, now }: { view: ViewModel; now: number }) {
  const lines = linesOf(view);
  const messages = tallied(view.tallies.type, now);
  const typed = tallied(view.tallies.typed, now);
  const until = judgedUntil(view, now);
  return (
    <section class="card" aria-labelledby="h-types" id="types-table">
      <header class="rule">
        <h2 id="h-types">Device types</h2>
        <span class="sub">
          {count(lines.filter(({ known }) => known).length)} in the registry
          {view.catalog && ` ${view.catalog.version}`}; counts of the last hour
        </span>
      </header>
      <Table caption="Device types with their devices and messages" columns={COLUMNS}>
        {lines.map(({ key, name, category, known, devices }) => {
          const sum = messages.get(key) ?? 0;
          const good = typed.get(typedName(key, "GOOD")) ?? 0;
          const last = devices.reduce((newest, { arrived }) => Math.max(newest, arrived), 0);
          return (
            <tr>
              <th scope="row" title={key}>
                <a href={known ? typeLink(key) : messagesLink({ topic: "enriched", type: key })}>{key}</a>
              </th>
              <td class="c1">{name || <span class="m">not in this registry</span>}</td>
              <td class="c2 u">{category}</td>
              <td class="num">{count(devices.length)}</td>
              <td class="num u c1">
                {view.caughtUp
                  ? count(devices.filter((device) => isSilent(device, until, view.rhythms)).length)
                  : "–"}
              </td>
              <td class="num c1">{count(sum)}</td>
              <td class="num">{sum === 0 ? "–" : `${percent(good / sum)} %`}</td>
              <td class="num u c2">{last === 0 ? "–" : <Age at={last} now={now} />}</td>
            </tr>
          );
        })}
      </Table>
    </section>
  );
}

const MAX_GROUPS = 12;
const MAX_NAMES = 4;

/** Devices that no type fits, by reason: each reason is one thing to do. */
export function UnknownDevices({ view }: { view: ViewModel }) {
  const devices = [...view.devices.values()].filter((device) => device.type === "unknown");
  const groups = [...Map.groupBy(devices, (device) => device.reasons[0] ?? "no reason given")].sort(
    (a, b) => b[1].length - a[1].length,
  );
  return (
    <section class="card" aria-labelledby="h-unknown" id="unknown">
      <header class="rule">
        <h2 id="h-unknown">Unknown devices</h2>
        <span class="sub">{count(devices.length)} that no type fits, by reason</span>
      </header>
      {groups.length === 0 ? (
        <p class="body top">
          <State status="ok">Every device has a type</State>
        </p>
      ) : (
        <ul class="list">
          {groups.slice(0, MAX_GROUPS).map(([reason, members]) => (
            <li>
              <State status="info">{count(members.length)}</State>
              <span class="what">{reason}</span>
              <span class="end">
                {members.slice(0, MAX_NAMES).map((device, i) => (
                  <>
                    {i > 0 && ", "}
                    <a href={messagesLink({ topic: "enriched", device: device.id })}>{device.id}</a>
                  </>
                ))}
                {members.length > MAX_NAMES && ` and ${count(members.length - MAX_NAMES)} more`}
              </span>
            </li>
          ))}
          {groups.length > MAX_GROUPS && (
            <li class="m">and {count(groups.length - MAX_GROUPS)} more reasons</li>
          )}
        </ul>
      )}
    </section>
  );
}
