/** The newest of a topic: ordered by time, bounded by count and bytes. Late ones find their place, the oldest leave. */

export interface Timed {
  time: number;
  bytes: number;
}

export interface Newest<T extends Timed> {
  /** Oldest first. */
  rows: T[];
  bytes: number;
  maxRows: number;
  maxBytes: number;
}

export function createNewest<T extends Timed>(maxRows: number, maxBytes: number): Newest<T> {
  return { rows: [], bytes: 0, maxRows, maxBytes };
}

/** False if it is older than all that is kept and there is no room. */
export function keep<T extends Timed>(newest: Newest<T>, row: T): boolean {
  const { rows } = newest;
  const full = rows.length >= newest.maxRows || newest.bytes + row.bytes > newest.maxBytes;
  const oldest = rows[0];
  if (full && oldest !== undefined && row.time < oldest.time) return false;
  let at = rows.length;
  while (at > 0 && (rows[at - 1]?.time ?? 0) > row.time) at--;
  if (at === rows.length) rows.push(row);
  else rows.splice(at, 0, row);
  newest.bytes += row.bytes;
  while (rows.length > newest.maxRows || (newest.bytes > newest.maxBytes && rows.length > 1))
    newest.bytes -= rows.shift()?.bytes ?? 0;
  return true;
}
