/**
 * What a line chart knows: a value of each line by time, put together from frames.
 *
 * In: series of a tick, whole or the last steps of one. Out: uPlot's aligned data; null = not known, drawn as a gap.
 */
import type { Tick } from "./stream.ts";

export interface Points {
  spec: { spanMs: number; lines: { name: string }[] };
  /** Start of a step in s -> a value of each line. */
  points: Map<number, (number | null)[]>;
  stepS: number;
  /** When anything began to be known, ms. */
  begin: number;
}

export function take(
  chart: Points,
  { from, stepMs, begin, values }: NonNullable<Tick["charts"]>[string],
  whole: boolean,
): void {
  const { spec } = chart;
  if (whole) chart.points = new Map();
  chart.stepS = stepMs / 1000;
  chart.begin = begin;
  const length = values[spec.lines[0]?.name ?? ""]?.length ?? 0;
  for (let i = 0; i < length; i++)
    chart.points.set(
      from / 1000 + i * chart.stepS,
      spec.lines.map(({ name }) => values[name]?.[i] ?? null),
    );
  const oldest = from / 1000 + length * chart.stepS - spec.spanMs / 1000;
  for (const time of chart.points.keys()) if (time < oldest) chart.points.delete(time);
}

export function aligned({ points, spec }: Points): [number[], ...(number | null)[][]] {
  const times = [...points.keys()].sort((a, b) => a - b);
  return [times, ...spec.lines.map((_, i) => times.map((time) => points.get(time)?.[i] ?? null))];
}
