/** What is long shows its start, and the rest behind a line that says how much it is; without JavaScript too. */
import type { Child } from "hono/jsx";
import { count } from "../format.ts";

/** The rest of something, closed. */
export const Rest = ({ words, children }: { words: string; children: Child }) => (
  <details class="same rest">
    <summary>
      <b>{words}</b> · show
    </summary>
    {children}
  </details>
);

/** A list that is longer by only this factor is not folded. */
const SLACK = 1.25;

/** A list in words: its first `most`, and the others folded. */
export function LongList({ items, most, by = ", " }: { items: string[]; most: number; by?: string }) {
  if (items.length <= most * SLACK) return <>{items.join(by)}</>;
  return (
    <details class="disclosure">
      <summary>
        {items.slice(0, most).join(by)} <span class="m">… {count(items.length)} in all</span>
      </summary>
      {items.slice(most).join(by)}
    </details>
  );
}
