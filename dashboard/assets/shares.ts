/**
 * The doughnut of message types and the bars of device types by Chart.js, in place of what the server drew.
 *
 * In: `iot:draw` events with a tick's `shares`. Out: a canvas in each host `[data-shares]`; the numbers stand in the
 * table beside it. No animation, and a box of fixed height: the predecessor's charts grew for ever.
 */
import {
  ArcElement,
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  DoughnutController,
  LinearScale,
} from "chart.js";
import { count } from "../format.ts";
import type { Tick } from "./stream.ts";

Chart.register(ArcElement, BarController, BarElement, CategoryScale, DoughnutController, LinearScale);

/** The colours in the order of the legend: five hues, then the rest. */
const COLOURS = ["--s1", "--s3", "--s2", "--s4", "--s5", "--off"];
const NAME_LENGTH = 22;

const charts = new Map<HTMLElement, Chart>();
let last: NonNullable<Tick["shares"]> = {};

document.addEventListener("iot:draw", (event) => {
  const { tick, paused } = (event as CustomEvent<{ tick: Tick; paused: boolean }>).detail;
  if (tick.shares === undefined) return;
  const same = JSON.stringify(tick.shares) === JSON.stringify(last);
  last = tick.shares;
  if (!same && !paused) draw();
});

function draw(): void {
  for (const host of document.querySelectorAll<HTMLElement>("[data-shares]")) {
    const shares = last[host.dataset.shares ?? ""];
    if (shares === undefined || shares.length === 0) continue;
    const labels = shares.map(([name]) =>
      name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name,
    );
    const values = shares.map(([, value]) => value);
    const chart = charts.get(host) ?? create(host);
    chart.data.labels = labels;
    const [dataset] = chart.data.datasets;
    if (dataset !== undefined) dataset.data = values;
    chart.update("none");
  }
}

function create(host: HTMLElement): Chart {
  const canvas = document.createElement("canvas");
  host.replaceChildren(canvas);
  const chart = new Chart(canvas, host.dataset.kind === "bar" ? bars() : doughnut());
  charts.set(host, chart);
  return chart;
}

/** light-dark() is resolved where it is used as a colour. */
const probe = document.createElement("i");
probe.className = "vh";
document.body.append(probe);
function colour(name: string): string {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

// Colours are functions: asked at each update, so that they follow the theme.
const common = { animation: false as const, responsive: true, maintainAspectRatio: false, events: [] };
const ticks = () => ({
  color: () => colour("--muted"),
  font: { family: getComputedStyle(document.body).fontFamily, size: 12 },
});

const doughnut = (): ChartConfiguration<"doughnut"> => ({
  type: "doughnut",
  data: {
    labels: [],
    datasets: [
      {
        data: [],
        borderWidth: 1,
        borderColor: () => colour("--surface"),
        backgroundColor: ({ dataIndex }) => colour(COLOURS[dataIndex] ?? "--off"),
      },
    ],
  },
  options: { ...common, cutout: "72%" },
});

const bars = (): ChartConfiguration<"bar"> => ({
  type: "bar",
  data: {
    labels: [],
    datasets: [{ data: [], borderRadius: 3, maxBarThickness: 14, backgroundColor: () => colour("--accent") }],
  },
  options: {
    ...common,
    indexAxis: "y",
    scales: {
      x: {
        beginAtZero: true,
        border: { display: false },
        grid: { color: () => colour("--line") },
        ticks: { ...ticks(), maxTicksLimit: 4, callback: (value) => count(Number(value)) },
      },
      y: { border: { display: false }, grid: { display: false }, ticks: ticks() },
    },
  },
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of charts.values()) chart.update("none");
});
