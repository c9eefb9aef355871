/**
 * The cards of one device type: what the registry says of it, and how its messages are.
 *
 * Long for being seven small cards that share nothing but their type.
 */
import { GRADES } from "../../schemas/enriched.ts";
import {
  alarmWords,
  type CatalogType,
  checkWords,
  detectRules,
  measurementRows,
  rhythmWords,
} from "../catalog.ts";
import { typedName } from "../fold.ts";
import { count } from "../format.ts";
import { messagesLink } from "../links.ts";
import type { ViewModel } from "../view.ts";
import { tallied } from "../window.ts";
import { GRADE_STATUS, GRADE_WORD, GradeState, State } from "./status.tsx";

interface Props {
  found: CatalogType;
}

export function About({ found }: Props) {
  const { key, type } = found;
  const words = [type.description, rhythmWords(found)].filter(Boolean).join(". ").replace("..", ".");
  return (
    <section class="card" aria-labelledby="h-about">
      <header>
        <h2 class="big" id="h-about">
          {type.name}
        </h2>
        <span class="sub mono">
          {key} {type.version}
        </span>
      </header>
      <div class="body">
        <p class="m">{words}</p>
        <p class="tags gap">
          {type.capabilities?.map((capability) => (
            <span class="tag">{capability}</span>
          ))}
        </p>
        <dl class="kv gap">
          {[
            ["Category", type.category],
            ["Format", type.data_format],
            ["Kept", type.retention_policy?.replaceAll("_", " ")],
            ["Locations", type.locations?.join(", ")],
            ["Vendors' shapes", found.shapes.map((shape) => shape.name ?? shape.id).join("; ")],
          ]
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </>
            ))}
        </dl>
      </div>
    </section>
  );
}

export function Measurements({ found }: Props) {
  const rows = measurementRows(found);
  return (
    <section class="card" aria-labelledby="h-measurements">
      <header class="rule">
        <h2 id="h-measurements">Measurements</h2>
        <span class="sub">outside operating is uncertain, outside physical is bad</span>
      </header>
      <div class="scroll">
        <table class="tbl">
          <caption class="vh">Measurements with unit and ranges</caption>
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col">Leaf</th>
              <th scope="col">Unit</th>
              <th scope="col" class="num">
                Operating
              </th>
              <th scope="col" class="num c1">
                Physical
              </th>
              <th scope="col" class="c2">
                Quantity
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr title={row.description}>
                <th scope="row">
                  {rows[i - 1]?.group === row.group ? (
                    <span class="vh">{row.group}</span>
                  ) : (
                    <b>{row.group}</b>
                  )}
                </th>
                <td class="mono wrap">{row.leaves}</td>
                <td class="u">{row.unit}</td>
                <td class="num">{row.operating}</td>
                <td class="num u c1">{row.physical}</td>
                <td class="u c2">
                  {row.quantity}
                  {row.kind && ` (${row.kind})`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Alarms({ found }: Props) {
  const alarms = alarmWords(found);
  if (alarms.length === 0) return null;
  return (
    <section class="card" aria-labelledby="h-rules">
      <header class="rule">
        <h2 id="h-rules">Alarm rules</h2>
        <span class="sub">as the registry has them</span>
      </header>
      <table class="tbl">
        <caption class="vh">Alarm rules</caption>
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Severity</th>
            <th scope="col">Raised when</th>
          </tr>
        </thead>
        <tbody>
          {alarms.map(({ id, severity, when }) => (
            <tr>
              <th scope="row">{id}</th>
              <td>{severity}</td>
              <td class="mono wrap">{when}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function Numbers({ view, now, typeKey }: { view: ViewModel; now: number; typeKey: string }) {
  const typed = tallied(view.tallies.typed, now);
  const prefix = typedName(typeKey, "");
  const mine = new Map(
    [...typed].flatMap(([name, n]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), n] as const] : [],
    ),
  );
  const devices = [...view.devices.values()].filter((device) => device.type === typeKey).length;
  const codes = [...mine].filter(([name]) => !GRADES.some((grade) => grade === name));
  return (
    <section class="card" aria-labelledby="h-numbers" id="numbers">
      <header class="rule">
        <h2 id="h-numbers">Last hour</h2>
        <span class="sub">
          {devices === 1 ? "1 device" : `${count(devices)} devices`},{" "}
          {count(tallied(view.tallies.type, now).get(typeKey) ?? 0)} messages
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
        {codes.map(([code, times]) => (
          <li>
            <a href={messagesLink({ topic: "enriched", type: typeKey, code })}>
              <code>{code}</code>
            </a>
            <span class="end">{count(times)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Recognised({ found }: Props) {
  const rules = detectRules(found);
  const checks = checkWords(found);
  return (
    <section class="card" aria-labelledby="h-recognised">
      <header>
        <h2 id="h-recognised">How it is recognised</h2>
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
          <dt>Margin</dt>
          <dd>{found.plan.detect.min_margin} points over the next type</dd>
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

export function Examples({ found }: Props) {
  const examples = [...(found.type.examples ?? []), ...found.shapes.flatMap((shape) => shape.examples ?? [])];
  if (examples.length === 0) return null;
  return (
    <section class="card" aria-labelledby="h-examples">
      <header class="rule">
        <h2 id="h-examples">Examples</h2>
        <span class="sub">judged at each load</span>
      </header>
      <ul class="list tight">
        {examples.map(({ name, expect: { grade } }) => (
          <li>
            <span class="what">{name}</span>
            {grade && (
              <span class="end">
                <GradeState grade={GRADES.find((one) => one === grade)} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Makers({ found }: Props) {
  const makers = found.type.manufacturers ?? [];
  if (makers.length === 0) return null;
  return (
    <section class="card" aria-labelledby="h-makers">
      <header>
        <h2 id="h-makers">Manufacturers</h2>
        <span class="sub">{count(makers.length)}</span>
      </header>
      <div class="body">
        <dl class="kv">
          {makers.map(({ name, models = [], specifications = {} }) => (
            <>
              <dt>
                <b>{name}</b>
              </dt>
              <dd>{models.join(", ")}</dd>
              {Object.entries(specifications).map(([key, value]) => (
                <>
                  <dt>{key.replaceAll("_", " ")}</dt>
                  <dd>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
                </>
              ))}
            </>
          ))}
        </dl>
      </div>
    </section>
  );
}
