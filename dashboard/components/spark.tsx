/** A small line without axes, drawn on the server. */

const WIDTH = 96;
const HEIGHT = 24;
const MARGIN = 3;
const LEAST_SHARE = 2 / 3;

export function Spark({ points }: { points: number[] }) {
  const most = Math.max(...points);
  // A flat series must look flat: a wobble of less than a third does not fill the height.
  const least = Math.min(...points, most * LEAST_SHARE);
  const span = most - least || 1;
  const x = (i: number) => (1 + (i * (WIDTH - 4)) / (points.length - 1)).toFixed(0);
  const y = (value: number) =>
    (most === 0
      ? HEIGHT - MARGIN
      : HEIGHT - MARGIN - ((value - least) / span) * (HEIGHT - 2 * MARGIN)
    ).toFixed(1);
  const line = points.map((value, i) => `${x(i)},${y(value)}`).join(" ");
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline class="ln" points={line} />
      <circle cx={x(points.length - 1)} cy={y(points.at(-1) ?? 0)} r="1.75" />
    </svg>
  );
}
