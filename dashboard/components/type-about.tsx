/** What the registry tells of one device type: its name and capabilities, its examples, who makes it. */
import { GRADES } from "../../schemas/enriched.ts";
import { type CatalogType, rhythmWords } from "../model/catalog.ts";
import { count } from "../format.ts";
import { LongList } from "./disclosure.tsx";
import { JsonView } from "./json-view.tsx";
import { GradeState } from "./status.tsx";

interface Props {
  entry: CatalogType;
}

export function About({ entry }: Props) {
  const { key, type } = entry;
  const words = [type.description, rhythmWords(entry)].filter(Boolean).join(". ").replace("..", ".");
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
            ["Requested retention", type.retention_policy?.replaceAll("_", " ")],
            ["Locations", type.locations?.join(", ")],
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

export function Examples({ entry }: Props) {
  const examples = [...(entry.type.examples ?? []), ...entry.shapes.flatMap((shape) => shape.examples ?? [])];
  if (examples.length === 0) return null;
  return (
    <section class="card" aria-labelledby="h-examples">
      <header class="rule">
        <h2 id="h-examples">Examples</h2>
        <span class="sub">judged at each load; open one to see the message</span>
      </header>
      <ul class="list tight">
        {examples.map(({ name, message, expect: { grade } }) => (
          <li>
            <details>
              <summary>
                <span class="what">{name}</span>
                {grade && (
                  <span class="end">
                    <GradeState grade={GRADES.find((one) => one === grade)} />
                  </span>
                )}
              </summary>
              <JsonView text={JSON.stringify(message)} />
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Makers({ entry }: Props) {
  const makers = entry.type.manufacturers ?? [];
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
              <dd>
                <LongList items={models} most={20} />
              </dd>
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
