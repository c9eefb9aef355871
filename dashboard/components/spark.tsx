/** A small line without axes, drawn on the server. */

const WIDTH = 96;
const HEIGHT = 24;
const MARGIN = 3;
const LEAST_SHARE = 2 / 3;

/** Nothing for less than two values; a gap where one is not known. */
export function Spark({ points }: { points: readonly (number | null)[] }) {
  const known = points.filter((value) => value !== null);
  if (known.length < 2) return null;
  const most = Math.max(...known);
  // A flat series must look flat: a wobble of less than a third does not fill the height.
  const least = Math.min(...known, most * LEAST_SHARE);
  const span = most - least || 1;
  const x = (i: number) => (1 + (i * (WIDTH - 4)) / (points.length - 1)).toFixed(0);
  const y = (value: number) =>
    (most === 0
      ? HEIGHT - MARGIN
      : HEIGHT - MARGIN - ((value - least) / span) * (HEIGHT - 2 * MARGIN)
    ).toFixed(1);
  const last = points.at(-1) ?? null;
  const places = points.map((value, i) => (value === null ? "" : `${x(i)},${y(value)}`));
  const lines = places.join(" ").split(/ {2,}/);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {lines
        .map((line) => line.trim())
        .filter((line) => line.includes(" "))
        .map((line) => (
          <polyline class="ln" points={line} />
        ))}
      {last !== null && <circle cx={x(points.length - 1)} cy={y(last)} r="1.75" />}
    </svg>
  );
}
