/** A table whose rows carry a bar, a count and a share: types, grades, events, reasons. */
import type { Child } from "hono/jsx";
import { count, percent } from "../format.ts";

export interface Bar {
  name: Child;
  value: number;
  /** The sum of what has no line of its own: no bar, which would be the longest. */
  rest?: boolean;
}

export function Bars({ caption, bars, total }: { caption: string; bars: Bar[]; total: number }) {
  if (bars.length === 0) return <p class="body m">Nothing yet.</p>;
  const most = Math.max(1, ...bars.map(({ value, rest }) => (rest ? 0 : value)));
  return (
    <table class="tbl bars">
      <caption class="vh">{caption}</caption>
      <thead class="vh">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Bar</th>
          <th scope="col">Count</th>
          <th scope="col">Share</th>
        </tr>
      </thead>
      <tbody>
        {bars.map(({ name, value, rest }) => (
          <tr>
            <th scope="row">{name}</th>
            <td>
              {!rest && (
                <meter class="a" max={most} value={value} aria-hidden="true">
                  {value}
                </meter>
              )}
            </td>
            <td class="num">{count(value)}</td>
            <td class="num u">{total === 0 ? "–" : `${percent(value / total)} %`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
