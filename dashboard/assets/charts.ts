/**
 * Line charts by uPlot, in place of the pictures that the server drew.
 *
 * In: hosts `[data-chart]` with their lines; `iot:draw` events with a tick. Out: a canvas in each host; its numbers stand
 * in the caption and the table. Values are kept by time, so a frame that comes twice or late corrects a line instead of
 * adding to it. Cursors move together.
 */
import uPlot from "uplot";
import {
  alone,
  axisWords,
  drawnFrom,
  GRID_LINES,
  niceTop,
  timeTicks,
  timeWords,
  type Unit,
} from "../components/axis.ts";
import { clockSeconds, count, latency } from "../format.ts";
import { aligned, type Points, take } from "./points.ts";
import type { Tick } from "./stream.ts";

interface Spec {
  spanMs: number;
  unit: Unit;
  lines: { name: string; words: string; colour: string; fill?: boolean }[];
}

interface Chart extends Points {
  host: HTMLElement;
  spec: Spec;
  plot?: uPlot;
}

const charts = new Map(
  [...document.querySelectorAll<HTMLElement>("[data-chart]")].map((host): [string, Chart] => [
    host.id,
    { host, spec: JSON.parse(host.dataset.chart ?? "") as Spec, points: new Map(), stepS: 1, begin: 0 },
  ]),
);
let drawing = false;

document.addEventListener("iot:draw", (event) => {
  const { tick, paused } = (event as CustomEvent<{ tick: Tick; paused: boolean }>).detail;
  for (const [id, series] of Object.entries(tick.charts ?? {})) {
    const chart = charts.get(id);
    if (chart !== undefined) take(chart, series, tick.whole);
  }
  if (!paused) draw();
});

/** Once a frame of the screen at most, and not while nobody looks. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    for (const chart of charts.values()) if (chart.points.size > 0) drawOne(chart);
  });
}

function drawOne(chart: Chart): void {
  const data = aligned(chart);
  if (chart.plot === undefined) {
    chart.host.replaceChildren();
    chart.plot = new uPlot(options(chart), data, chart.host);
  }
  const { plot, spec, stepS, begin } = chart;
  const last = data[0].at(-1) ?? 1;
  plot.batch(() => {
    plot.setData(data, false);
    plot.setScale("x", {
      min: drawnFrom(begin, last * 1000, stepS * 1000, spec.spanMs) / 1000,
      max: last,
    });
    plot.setScale("y", { min: 0, max: niceTop(mostOf(data)) });
  });
}

const mostOf = (data: uPlot.AlignedData): number =>
  Math.max(0, ...data.slice(1).flatMap((line) => [...line].map((value) => value ?? 0)));

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

/** Points are drawn of values between two gaps only. */
const ALONE: uPlot.Series.Points = {
  show: false,
  size: 4,
  filter: (plot, line) => alone(plot.data[line] ?? []),
};

function options({ host, spec }: Chart): uPlot.Options {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: resolved("--muted"), font, ticks: { show: false } };
  const grid = { stroke: resolved("--line"), width: 1 };
  return {
    ...size(host),
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { setScale: false, x: false, y: false },
      sync: { key: "iot" },
    },
    padding: [8, 16, 0, 0],
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    series: [
      {},
      ...spec.lines.map(({ name, colour, fill }) => ({
        label: name,
        stroke: resolved(colour),
        width: 1.5,
        points: { ...ALONE, fill: resolved(colour) },
        ...(fill && { fill: resolved(colour, 0.14) }),
      })),
    ],
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        gap: 8,
        splits: (_, __, min, max) => timeTicks(min * 1000, max * 1000).map((at) => at / 1000),
        values: ({ scales: { x } }, splits) =>
          splits.map((at) => timeWords(at * 1000, ((x?.max ?? 0) - (x?.min ?? 0)) * 1000)),
      },
      {
        ...axis,
        grid,
        // This equals the padding in charts.css, so that nothing moves when the picture is taken over.
        size: spec.unit === "ms" ? 72 : 48,
        gap: 8,
        splits: (_, __, ___, max) =>
          Array.from({ length: GRID_LINES + 1 }, (____, i) => (max * i) / GRID_LINES),
        values: (_, splits) => splits.map((value) => axisWords(value, spec.unit)),
      },
    ],
    hooks: { setCursor: [(chart) => tell(chart, spec)] },
  };
}

const size = (element: HTMLElement) => ({ width: element.clientWidth, height: element.clientHeight });

/** What stands under the pointer goes into the head of the card: no box that covers the lines. */
function tell(chart: uPlot, { lines, unit }: Spec): void {
  const note = chart.root.closest("section")?.querySelector(".at");
  if (!note) return;
  const at = chart.cursor.idx;
  if (at === null || at === undefined) {
    note.textContent = "";
    return;
  }
  const words = lines.map(({ words: name }, i) => {
    const value = chart.data[i + 1]?.[at];
    if (value === null || value === undefined) return `${name} –`;
    return `${name} ${unit === "ms" ? latency(value) : count(value)}`;
  });
  note.textContent = `${clockSeconds((chart.data[0][at] ?? 0) * 1000)}  ${words.join(" · ")}`;
}

for (const chart of charts.values())
  new ResizeObserver(() => chart.plot?.setSize(size(chart.host))).observe(chart.host);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { plot } of charts.values()) plot?.redraw(false);
});
