/**
 * The rate chart by uPlot, in place of the picture that the server drew.
 *
 * In: `iot:draw` events with a tick. Out: a canvas in `#rate`; its numbers stand in the caption and the table.
 * Values are kept by time, so a frame that comes twice or late corrects the line instead of adding to it.
 */
import uPlot from "uplot";
import { clockMinutes, clockSeconds, count } from "../format.ts";
import type { Tick } from "./stream.ts";

const TOPICS = [
  { name: "raw", colour: "--off", fill: true },
  { name: "enriched", colour: "--s1", fill: false },
  { name: "dlq", colour: "--s4", fill: false },
] as const;

const host = document.querySelector<HTMLElement>("#rate");
const spanS = Number(host?.dataset.span ?? 0) / 1000;
/** Start of a step in s -> values per minute of raw, enriched, dlq. */
let points = new Map<number, (number | null)[]>();
let stepS = 1;
let plot: uPlot | undefined;
let drawing = false;

document.addEventListener("iot:draw", (event) => {
  const { tick, paused } = (event as CustomEvent<{ tick: Tick; paused: boolean }>).detail;
  if (host === null || tick.rate === undefined) return;
  const { from, stepMs, values } = tick.rate;
  stepS = stepMs / 1000;
  if (tick.whole) points = new Map();
  values.raw?.forEach((_, i) => {
    points.set(
      from / 1000 + i * stepS,
      TOPICS.map(({ name }) => values[name]?.[i] ?? null),
    );
  });
  const newest = from / 1000 + ((values.raw?.length ?? 1) - 1) * stepS;
  for (const time of points.keys()) if (time < newest - spanS + stepS) points.delete(time);
  if (!paused) draw();
});

/** Once a frame of the screen at most, and not while nobody looks. */
function draw(): void {
  if (drawing || host === null) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const data = aligned();
    if (plot === undefined) host.replaceChildren();
    plot ??= new uPlot(options(host), data, host);
    const chart = plot;
    const last = data[0].at(-1) ?? 1;
    chart.batch(() => {
      chart.setData(data, false);
      chart.setScale("x", { min: last - spanS + stepS, max: last });
      chart.setScale("y", { min: 0, max: top(data) });
    });
  });
}

function aligned(): uPlot.AlignedData {
  const times = [...points.keys()].sort((a, b) => a - b);
  return [
    times,
    ...TOPICS.map((_, i) => times.map((time) => points.get(time)?.[i] ?? null)),
  ] as uPlot.AlignedData;
}

/** The same steps as on the server: 4, 8, 20, 40, 80, 200 … */
function top(data: uPlot.AlignedData): number {
  const most = Math.max(0, ...data.slice(1).flatMap((line) => [...line].map((value) => value ?? 0)));
  let value = 4;
  for (let i = 0; value < most * 1.05; i++) value *= i % 3 === 1 ? 2.5 : 2;
  return value;
}

/** light-dark() is resolved where it is used as a colour, not in the custom property itself. */
const probe = document.createElement("i");
probe.className = "vh";
document.body.append(probe);
const resolved =
  (name: string, alpha = 1) =>
  (): string => {
    probe.style.color = `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`;
    return getComputedStyle(probe).color;
  };

function options(element: HTMLElement): uPlot.Options {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: resolved("--muted"), font, ticks: { show: false } };
  const grid = { stroke: resolved("--line"), width: 1 };
  return {
    ...size(element),
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { setScale: false, x: false, y: false } },
    padding: [8, 16, 0, 0],
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    series: [
      {},
      ...TOPICS.map(({ name, colour: token, fill }) => ({
        label: name,
        stroke: resolved(token),
        width: 1.5,
        points: { show: false },
        ...(fill ? { fill: resolved(token, 0.14) } : {}),
      })),
    ],
    axes: [
      { ...axis, grid: { show: false }, size: 24, gap: 4, values: (_, splits) => splits.map(label) },
      {
        ...axis,
        grid,
        size: 48,
        gap: 8,
        splits: (_, __, ___, max) => [0, 1, 2, 3, 4].map((i) => (max * i) / 4),
        values: (_, splits) => splits.map(count),
      },
    ],
    hooks: { setCursor: [tell] },
  };
}

const label = (seconds: number): string =>
  spanS <= 300 ? clockSeconds(seconds * 1000) : clockMinutes(seconds * 1000);

const size = (element: HTMLElement) => ({ width: element.clientWidth, height: element.clientHeight });

/** The value under the pointer goes into the title of the chart: no box that covers the line. */
function tell(chart: uPlot): void {
  const at = chart.cursor.idx;
  const note = document.querySelector("#rate-at");
  if (note === null) return;
  if (at === null || at === undefined) {
    note.textContent = "";
    return;
  }
  const values = chart.data.slice(1).map((line) => line[at]);
  const words = values.map((value) => (value === null || value === undefined ? "–" : count(value)));
  note.textContent = `${clockSeconds((chart.data[0][at] ?? 0) * 1000)}: ${words.join(" · ")}`;
}

if (host !== null) {
  new ResizeObserver(() => plot?.setSize(size(host))).observe(host);
  const redraw = () => plot?.redraw(false);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
