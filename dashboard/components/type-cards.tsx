/** The cards of one device type: what it measures, what raises an alarm, how it is recognised, how its messages are. */
import { GRADES } from "../../schemas/enriched.ts";
import {
  alarmWords,
  type CatalogType,
  checkWords,
  detectRules,
  measurementRows,
  shapeRules,
} from "../model/catalog.ts";
import { typedName } from "../model/fold.ts";
import { count } from "../format.ts";
import { messagesLink } from "../links.ts";
import type { ViewModel } from "../model/view.ts";
import { tallied } from "../model/window.ts";
import { LongList } from "./disclosure.tsx";
import { GRADE_STATUS, GRADE_WORD, State } from "./status.tsx";
import { type Column, Table } from "./table.tsx";

interface Props {
  entry: CatalogType;
}

const COLUMNS: readonly Column[] = [
  "Group",
  "Leaf",
  "Unit",
  ["Operating", "num"],
  ["Physical", "num c1"],
  ["Quantity", "c2"],
];

/** Characters of a range; what is longer is a list of values, and may wrap. */
const ONE_LINE = 24;

export function Measurements({ entry }: Props) {
  const rows = measurementRows(entry);
  return (
    <section class="card" aria-labelledby="h-measurements">
      <header class="rule">
        <h2 id="h-measurements">Measurements</h2>
        <span class="sub">outside operating is uncertain, outside physical is bad</span>
      </header>
      <Table caption="Measurements with unit and ranges" columns={COLUMNS}>
        {rows.map((row, i) => (
          <tr title={row.description}>
            <th scope="row">
              {rows[i - 1]?.group === row.group ? <span class="vh">{row.group}</span> : <b>{row.group}</b>}
            </th>
            <td class="mono wrap">
              <LongList items={row.leaves.split(", ")} most={12} />
              {row.physical && <span class="below u">physical {row.physical}</span>}
            </td>
            <td class="u">{row.unit}</td>
            <td class={row.operating.length > ONE_LINE ? "num wrap" : "num"}>
              <LongList items={row.operating.split(" or ")} most={6} by=" or " />
            </td>
            <td class="num u c1">{row.physical}</td>
            <td class="u c2">
              {row.quantity}
              {row.kind && ` (${row.kind})`}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

export function Alarms({ entry }: Props) {
  const alarms = alarmWords(entry);
  if (alarms.length === 0) return null;
  return (
    <section class="card" aria-labelledby="h-rules">
      <header class="rule">
        <h2 id="h-rules">Alarm rules</h2>
        <span class="sub">declared in the registry; not evaluated yet</span>
      </header>
      <Table caption="Alarm rules" columns={["Rule", "Severity", "Would be raised when"]}>
        {alarms.map(({ id, severity, when }) => (
          <tr>
            <th scope="row">{id}</th>
            <td>{severity}</td>
            <td class="mono wrap">{when}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

const MAX_CODES = 12;

export function Numbers({ view, now, typeKey }: { view: ViewModel; now: number; typeKey: string }) {
  const typed = tallied(view.tallies.typed, now);
  const prefix = typedName(typeKey, "");
  const mine = new Map(
    [...typed].flatMap(([name, n]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), n] as const] : [],
    ),
  );
  const devices = [...view.devices.values()].filter((device) => device.type === typeKey).length;
  const messages = tallied(view.tallies.type, now).get(typeKey) ?? 0;
  const codes = [...mine].filter(([name]) => !GRADES.some((grade) => grade === name));
  return (
    <section class="card" aria-labelledby="h-numbers" id="numbers">
      <header class="rule">
        <h2 id="h-numbers">Last hour</h2>
        <span class="sub">
          {devices === 1 ? "1 device" : `${count(devices)} devices`},{" "}
          {messages === 1 ? "1 message" : `${count(messages)} messages`}
        </span>
      </header>
      <ul class="list tight">
        {GRADES.map((grade) => (
          <li>
            <a class="plain" href={messagesLink({ topic: "enriched", type: typeKey, grade })}>
              <State status={GRADE_STATUS[grade]}>{GRADE_WORD[grade]}</State>
            </a>
            <span class="end">{count(mine.get(grade) ?? 0)}</span>
          </li>
        ))}
        {codes.slice(0, MAX_CODES).map(([code, times]) => (
          <li>
            <a href={messagesLink({ topic: "enriched", type: typeKey, code })}>
              <code>{code}</code>
            </a>
            <span class="end">{count(times)}</span>
          </li>
        ))}
        {codes.length > MAX_CODES && <li class="m">and {count(codes.length - MAX_CODES)} more findings</li>}
      </ul>
    </section>
  );
}

/** Whole messages of vendors that are of this type, by what tells them. */
export function Shapes({ entry }: Props) {
  const shapes = shapeRules(entry);
  if (shapes.length === 0) return null;
  return (
    <section class="card" aria-labelledby="h-shapes" id="shapes">
      <header class="rule">
        <h2 id="h-shapes">Vendors' shapes</h2>
        <span class="sub">all conditions of a row must hold in the message as sent</span>
      </header>
      <Table caption="Vendors' shapes and how they are recognised" columns={["Shape", "Recognised by"]}>
        {shapes.map(({ id, name, paths }) => (
          <tr title={id}>
            <th scope="row" class="wrap">
              {name}
            </th>
            <td class="wrap">
              <p class="tags">
                {paths.map((path) => (
                  <code class="tag">{path}</code>
                ))}
              </p>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

export function Recognised({ entry }: Props) {
  const rules = detectRules(entry);
  const checks = checkWords(entry);
  const shapes = entry.shapes.length;
  return (
    <section class="card" aria-labelledby="h-recognised">
      <header>
        <h2 id="h-recognised">How it is recognised</h2>
        <span class="sub">when a message does not declare it</span>
      </header>
      <div class="body">
        <dl class="kv">
          {rules.map(({ name, paths }) => (
            <>
              <dt>{name}</dt>
              <dd class="tags">
                {paths.map((path) => (
                  <code class="tag">{path}</code>
                ))}
              </dd>
            </>
          ))}
          {shapes > 0 && (
            <>
              <dt>{rules.length > 0 ? "Or as" : "As"}</dt>
              <dd>
                <a href="#shapes">
                  {shapes === 1 ? "a vendor's shape" : `one of ${count(shapes)} vendors' shapes`}
                </a>
              </dd>
            </>
          )}
          <dt>Margin</dt>
          <dd>{entry.plan.detect.min_margin} points over the next type</dd>
          {checks.length > 0 && (
            <>
              <dt>Checks</dt>
              <dd>{checks.join("; ")}</dd>
            </>
          )}
        </dl>
      </div>
    </section>
  );
}
