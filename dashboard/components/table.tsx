/** The frame of a table: a caption for those who hear it, and a head of columns; the rows are the caller's. */
import type { Child } from "hono/jsx";

/** `num` aligns right; `c1`, `c2`, `c3` leave a narrow card, `c3` first. */
export type Column = string | [name: string, className: string];

interface TableProps {
  id?: string;
  caption: string;
  columns: readonly Column[];
  children: Child;
}

export const Table = ({ id, caption, columns, children }: TableProps) => (
  <div class="scroll" id={id}>
    <table class="tbl">
      <caption class="vh">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => {
            const [name, className] = typeof column === "string" ? [column] : column;
            return (
              <th scope="col" class={className}>
                {name}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);
