/**
 * What each page tells, by its place on the page: a table, so that nothing can be left out or blanked unseen. Long since it has a
 * line for each thing told.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { attributesOf, counts, wordsOf } from "../count-elements.fixture.ts";
import { FULL_GROUP, fullView, REGISTRY } from "../full.fixture.ts";
import { NOW } from "../sample.fixture.ts";
import { appFor } from "../serve.fixture.ts";

/** Words that stand in the elements of a selector, or how many elements there are. */
/** An address in an attribute is as the HTML writes it, with `&amp;`. */
type Told = [what: string, selector: string, expected: readonly string[] | number];

const card = (id: string) => `section[aria-labelledby=h-${id}]`;
const stat = (n: number) => `#stats .stat:nth-child(${n})`;
const step = (n: number) => `.steps li:nth-child(${n})`;
const row = (n: number) => `tbody tr:nth-child(${n})`;

const PAGES: Record<string, Told[]> = {
  "/messages/enriched/0/1": [
    ["the type, its score and how it was decided", card("verdict"), ["detected", "smart_meter", "64 of 100"]],
    ["name and category", card("verdict"), ["Name Smart Energy Meter", "Category energy_monitoring"]],
    ["the runner-up", card("verdict"), ["Runner-up smart_meter_3p"]],
    ["how complete it is", card("verdict"), ["Complete 67 %"]],
    ["capabilities", `${card("verdict")} .tag`, ["energy_monitoring demand_monitoring"]],
    ["every reason", `${card("why")} li`, ["energy is measured", "nothing forbids it"]],
    ["the grade", `${card("findings")} header`, ["Bad"]],
    ["each finding with its path", `${card("findings")} li:nth-child(1)`, ["missing /measurements/demand"]],
    ["what was expected", `${card("findings")} li:nth-child(2)`, ["power_factor/value 0.8 to 1"]],
    [
      "a finding beside its line, in raw and enriched",
      '.json li.hit[data-p="/measurements/power_factor/value"]',
      ['"value" : 0.36 range.operating 0.8 to 1', '0.36 range.operating 0.8 to 1 "value"'],
    ],
    [
      "what is missing beside the line where its parent opens",
      '.json li.hit[data-p="/measurements"]',
      ["missing demand in kW"],
    ],
    ["no finding beside any other line", ".json li.hit", 4],
    ["what was added, marked", '.json li.add[data-p="/device_metadata/device_type"]', 1],
    ["that nothing of what was sent is marked as added", '.json li.add[data-p^="/measurements"]', 0],
    ["when it was measured", step(1), ["Measured 14:27:08.100 device clock"]],
    ["when it arrived, and how long that took", step(2), ["Arrived 14:27:10.100 2.0 s after measuring"]],
    ["its raw message and key", step(3), ["Raw raw[0]@41 key meter-1"]],
    ["when it was enriched", step(4), ["Enriched enriched[0]@1 7 ms after arrival"]],
    ["sizes and the registry that judged", step(5), ["162 B to 1,137 B", REGISTRY]],
    ["a link to its raw message", '.steps a[href="/messages/raw/0/41"]', 1],
    ["that the sent text stands in the enriched one", "summary", ["as sent, byte for byte"]],
    ["a way to take both halves", "a[download]", 2],
  ],
  "/messages/enriched/0/2": [
    ["that no type fits, and the nearest", card("verdict"), ["unknown 31 of 100", "Runner-up smart_meter"]],
    ["why", card("why"), ["nearest smart_meter, 31 of 100"]],
  ],
  "/messages/raw/0/41": [
    ["the verdict of its enriched message", card("verdict"), ["smart_meter 64 of 100"]],
    ["a link to it", '.steps a[href="/messages/enriched/0/1"]', 1],
  ],
  "/messages/dlq/0/2": [
    ["the reason and what it means", card("dead"), ["not_object", "JSON, but not an object"]],
    ["the field", card("dead"), ["Field /not_object/path"]],
    ["what is wrong", card("dead"), ["what not_object means"]],
    ["when it arrived", step(2), ["14:27:09.200"]],
    ["its raw message and key", step(3), ["raw[0]@44 key list-1"]],
    ["its place", step(4), ["Dead letter dlq[0]@2"]],
    ["the bytes", card("raw"), ["[ 1, 2 ]"]],
  ],
  "/": [
    ["how many devices are in trouble", card("attention"), ["4 of 5 devices"]],
    [
      "a bad device: code, path, expected, how many more, age",
      "#attention li:nth-child(1)",
      ["Bad meter-1 missing at /measurements/demand , expected demand in kW 3.9 s"],
    ],
    ["an uncertain device", "#attention li:nth-child(2)", ["Uncertain breaker-2 unit at"]],
    ["dead letters", "#attention li:nth-child(3)", ["Dead letters 3 messages", "most often not_json"]],
    [
      "a silent device",
      "#attention li:nth-child(4)",
      ["Silent sensor-9 No data, expected every 30 s, offline after 3 min 30 min"],
    ],
    [
      "unknown devices and why",
      "#attention li:nth-child(5)",
      ["1 device No type fits mystery-1 ; nearest smart_meter, 31 of 100"],
    ],
    ["a mark for each device", "#fleet dd a", 5],
    ["a good mark", '#fleet a.ok[title="breaker-1: good"] svg.ok', 1],
    ["an uncertain mark", '#fleet a.warn[title="breaker-2: uncertain"] svg.warn', 1],
    ["a bad mark", '#fleet a.crit[title="meter-1: bad"] svg.crit', 1],
    ["a silent mark", '#fleet a.off[title="sensor-9: silent"] svg.off', 1],
    ["a mark of unknown type", '#fleet a.info[title="mystery-1: unknown"] svg.info', 1],
    ["the fleet by type", "#fleet dt", ["smart_breaker 2", "environmental_sensor 1", "unknown 1"]],
    ["the fleet in figures", "#fleet .leg", ["1 good", "1 unknown", "1 silent", "1 uncertain", "1 bad"]],
    ["raw messages and partitions", stat(1), ["59", "2 partitions"]],
    ["enriched messages and how many came again", stat(2), ["Enriched 6", "2 repeats"]],
    ["dead letters", stat(3), ["Dead letters 4 3 in the last hour"]],
    [
      "the rate, its window and the state of Kafka",
      stat(4),
      ["Rate, mean of 1 min 0.1 msg/s", "Kafka connected"],
    ],
    ["the last raw message", stat(5), ["0.5 s ago 14:27:11.500 UTC"]],
    [
      "the last enriched message, and how late",
      stat(6),
      ["0.4 s ago", "8 ms after its raw message, p95 8 ms"],
    ],
    ["the share of good messages", stat(7), ["60.0 %", "1 uncertain, 1 bad"]],
    ["devices reporting", stat(8), ["4 of 5", "1 silent, 1 of unknown type"]],
    ["trends of the totals", "#stats .stat:nth-child(-n+3) .spark polyline", 3],
    ["the rates in the chart's caption", "#rate-caption", ["Raw 60/min (0–60)", "Enriched 24/min (0–24)"]],
    ["dead letters in the chart's caption", "#rate-caption", ["Dead letters 36/min · 3 in 15 min"]],
    ["the rates as a table", `#rate-table ${row(1)}`, ["14:26:10 5 2 3"]],
    ["each line of the chart", "#rate path.ln", 3],
    ["the scale of the chart", "#rate text", ["80"]],
    ["event types", card("events"), ["2 event types", "telemetry 4 80.0 %", "status_change 1 20.0 %"]],
    ["a ring of them", "#event-ring circle", 2],
    ["device types as bars", "#type-bars meter", 4],
    ["device types in words", "#types figcaption", ["smart_breaker 2 (40.0 %)", "unknown 1 (20.0 %)"]],
    ["device types as a table", `#types .numbers ${row(1)}`, ["smart_breaker 2 40.0 %"]],
    ["grades", "#quality table", ["Good 3 3 60.0 %", "Uncertain 1 1 20.0 %", "Bad 1 1 20.0 %"]],
    ["the most frequent findings", "#quality p", ["missing 1, range.operating 1, unit 1"]],
    ["dead letters by reason", `#reasons ${row(1)}`, ["not_json 2 2 66.7 %"]],
    ["each reason", `#reasons ${row(2)}`, ["not_object 1 1 33.3 %"]],
    ["a way to those of a reason", '#reasons a[href="/messages?topic=dlq&amp;reason=not_object"]', 1],
    ["unknown devices by why", "#unknown li", ["1 nearest smart_meter, 31 of 100 mystery-1"]],
    ["a way to an unknown device", '#unknown a[href="/messages?topic=enriched&amp;device=mystery-1"]', 1],
    ["the newest messages", "#feed > li", 5],
    [
      "a row: values with units, grade, worst finding and how many more",
      "#feed > li:nth-child(2) summary",
      ["14:27:10.100", "meter-1", "energy 18,413 kWh · power_factor 0.36", "Bad missing +1", "1,137"],
    ],
    [
      "what stands behind it",
      "#feed > li:nth-child(2) .detail",
      [
        "missing /measurements/demand , expected demand in kW",
        "Smart Energy Meter (energy_monitoring) , detected, score 64: energy is measured",
        "67 % complete · 7 ms after its raw message raw[0]@41",
        REGISTRY,
      ],
    ],
    ["how many of how many", "#latest-count", ["5 of 6"]],
    ["what the figures cover", "#covers", ["13:27 UTC", "5 devices", "although 2 arrived again"]],
    ["registry and Kafka in the rail", "#rail-footer", [REGISTRY, "Kafka connected"]],
  ],
  "/?tab=dlq": [
    [
      "a dead letter: raw offset, key, reason, field, what is wrong",
      "#feed > li:nth-child(1) summary",
      ["[0]@44 list-1 not_object /not_object/path what not_object means"],
    ],
    ["its meaning and its bytes", "#feed > li:nth-child(1) .detail", ["JSON, but not an object", "[1, 2]"]],
  ],
  "/?tab=raw": [
    [
      "a raw message: device, declared type, values",
      "#feed > li:nth-child(3) summary",
      ["breaker-2 smart_breaker", "voltage 118–133.1"],
    ],
    ["that no type is declared", "#feed > li:nth-child(1) summary", ["mystery-1 not declared"]],
    ["its text", "#feed > li:nth-child(1) .detail", ['{"device_id":"mystery-1"']],
  ],
  "/types/smart_meter": [
    ["its name, key and version", card("about"), ["Smart Energy Meter smart_meter 2.0.0"]],
    ["what it is", card("about"), ["Meter of the energy"]],
    ["its rhythm", card("about"), ["A message every 1 min, offline after 5 min"]],
    ["its capabilities", `${card("about")} .tag`, ["demand_monitoring", "consumption_tracking"]],
    [
      "category, format, how long it shall be kept",
      card("about"),
      ["energy_monitoring Format json Requested retention 365 days"],
    ],
    ["where it stands", card("about"), ["main_distribution, tenant_panel_1"]],
    [
      "a measurement with unit, ranges, quantity, kind",
      `${card("measurements")} ${row(1)}`,
      ["energy value physical 0 to 1,000,000,000 kWh", "0 to 1,000,000,000", "active energy (counter)"],
    ],
    ["operating and physical range", `${card("measurements")} ${row(3)}`, ["value physical ±1 0.8 to 1 ±1"]],
    [
      "that alarm rules are not evaluated",
      `${card("rules")} header`,
      ["declared in the registry; not evaluated yet"],
    ],
    ["alarm rules", card("rules"), ["low_power_factor warning power_factor < 0.8 for 15 min"]],
    ["devices and messages of this type", "#numbers header", ["1 device, 1 message"]],
    ["its grades", "#numbers li:nth-child(3)", ["Bad 1"]],
    ["no message of another type", "#numbers li:nth-child(1)", ["Good 0"]],
    ["its findings", "#numbers", ["missing 1", "range.operating 1"]],
    [
      "a way to a finding",
      '#numbers a[href="/messages?topic=enriched&amp;type=smart_meter&amp;code=missing"]',
      1,
    ],
    ["what it is recognised by", card("recognised"), ["energy demand", "status.breaker", "humidity"]],
    ["the margin", card("recognised"), ["20 points"]],
    ["examples", card("examples"), ["a healthy meter", "export is negative demand"]],
    ["what an example must be", card("examples"), ["never bad Uncertain"]],
    ["the message of an example", card("examples"), ['"energy" : 902.1']],
    ["makers and models", card("makers"), ["GridMetrics", "GM-100, GM-300"]],
    ["specifications", card("makers"), ["accuracy class Class 1", "communication protocol Modbus TCP/IP"]],
    ["messages of this type, and no other", "#feed > li", 1],
    ["which", "#feed", ["meter-1"]],
  ],
  "/types/smart_breaker": [
    ["checks in words", card("recognised"), ["within"]],
    ["devices and messages of this type", "#numbers header", ["2 devices, 2 messages"]],
    ["messages of this type, and no other", "#feed > li", 2],
  ],
  "/types/smart_plug": [["that no message is kept", "#none-of-type", ["No messages of this type are kept"]]],
  "/types": [
    [
      "a type: name, category, devices, silent, messages, good, last",
      `#types-table ${row(1)}`,
      ["smart_breaker Smart Circuit Breaker electrical_protection 2 0 2 50.0 % 2.5 s"],
    ],
    ["silent devices of a type", `#types-table ${row(3)}`, ["environmental_monitoring 1 1 1 100 % 30 min"]],
    ["messages of no type", `#types-table ${row(13)}`, ["unknown", "1 0 1 100 %"]],
    ["how many types there are", card("types"), ["12 in the registry"]],
    ["unknown devices by why", "#unknown li", ["1 nearest smart_meter, 31 of 100 mystery-1"]],
  ],
  "/pipeline": [
    [
      "that nothing is missing",
      card("flow"),
      ["52 raw messages processed", "43 enriched, 9 dead letters", "difference 0"],
    ],
    ["which window rates are of", card("flow"), ["rates are means over the last minute"]],
    ["producers", ".flow > li:nth-child(1)", ["0.1 msg/s simulator, other producers", "1 of 1 degraded"]],
    ["raw messages and the lag", ".flow > li:nth-child(2)", ["59", "2 partitions", "lag 7"]],
    ["enrichment and its latency", ".flow > li:nth-child(3)", ["0.07 msg/s", "p95 8 ms in 5 min", "1 up"]],
    ["enriched messages and how many came again", ".flow > li:nth-child(4)", ["6 2 repeats"]],
    ["dead letters", ".flow > li:nth-child(4)", ["4 3 in the last hour"]],
    ["latency p50", "#latency-caption li:nth-child(1)", ["p50 8 ms (at most 16 ms in 15 min)"]],
    ["latency p95", "#latency-caption li:nth-child(2)", ["p95 8 ms (at most 64 ms in 15 min)"]],
    ["latency p99", "#latency-caption li:nth-child(3)", ["p99 8 ms (at most 1.0 s in 15 min)"]],
    ["latency as a table", "#latency-table", ["16 64 1,024"]],
    ["latency as lines", "#latency path.ln", 3],
    ["rates", "#rate-caption", ["Raw 60/min (0–60)", "Enriched 24/min (0–24)", "3 in 15 min"]],
    ["how many services are up", card("services"), ["1 of 2 up, 1 degraded"]],
    [
      "a service: instance, state, up for, heartbeat, lag, registry, version",
      `#services ${row(1)}`,
      [`enrich host-a:11 Up 2 h 5 min since 12:22 2.0 s 7 ${REGISTRY} 0.9.1`],
    ],
    [
      "the same below the line, where there is no room beside it",
      `#services ${row(2)}.below`,
      [`host-a:11, up 2 h 5 min since 12:22 , heartbeat 2.0 s ago, registry ${REGISTRY} , version 0.9.1`],
    ],
    [
      "a degraded one",
      `#services ${row(3)}`,
      ["simulator host-b:12 Degraded 1 min 5 s since 14:26 2.0 s – – 0.8.7"],
    ],
    ["why it is degraded", `#services ${row(5)}`, ["the broker is slow"]],
    ["dead letters by reason", `#reasons ${row(1)}`, ["not_json 2"]],
    ["ends and lag by partition", `#partitions ${row(1)}`, ["0 46 4 4 2"]],
    ["each partition", `#partitions ${row(2)}`, ["1 13 2 0 5"]],
    ["which registry is here, and which judged last", "#registry", ["Here 2.", `Newest verdict ${REGISTRY}`]],
    ["when it was loaded", "#registry", ["Loaded 2026-11-23 09:12:31 UTC"]],
    ["types and shapes", "#registry", ["Types, shapes 12, 33"]],
    ["the last refusal", "#registry", ["2026-11-23 09:11:05 UTC", "/sites: unknown key"]],
    ["who has another registry", "#registry", ["1 service uses another", `enrich host-a:11 ${REGISTRY}`]],
  ],
};

/** Element by element, the parts that a page's stream keeps up to date. */
const STREAMS: Record<string, string[]> = {
  "/live/overview": [
    "notices rail-footer attention fleet stats rate-caption latest-count empty",
    "rate-table events types quality reasons unknown covers feed",
  ],
  "/live/pipeline": [
    "notices rail-footer flow latency-caption rate-caption",
    "latency-table rate-table reasons services registry partitions",
  ],
  "/live/types": ["notices rail-footer types-table unknown"],
  "/live/types/smart_meter": ["notices rail-footer numbers none-of-type feed"],
  "/live/messages": ["notices rail-footer feed-count nothing feed"],
};

let app: Awaited<ReturnType<typeof appFor>>["app"];
const kept = new Map<string, Promise<string>>();
beforeAll(async () => {
  ({ app } = await appFor({ view: fullView(), now: () => NOW, group: FULL_GROUP }));
});

const ask = async (path: string) => await app.request(path, { headers: { host: "localhost" } });
async function page(path: string): Promise<string> {
  const html = kept.get(path) ?? ask(path).then((answer) => answer.text());
  kept.set(path, html);
  return html;
}
/** The first frame of a stream: the whole of what it keeps up to date. */
async function frame(path: string): Promise<string> {
  const reader = (await ask(path)).body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

describe.each(Object.keys(PAGES))("%s tells", (path) => {
  test.each(PAGES[path] ?? [])("%s", async (_, selector, expected) => {
    const html = await page(path);
    if (typeof expected === "number") expect(await counts(html, selector)).toEqual([expected]);
    else {
      const words = await wordsOf(html, selector);
      for (const part of expected) expect(words).toContain(part);
    }
  });
});

describe("a stream", () => {
  test.each(Object.keys(STREAMS))(
    "%s keeps every part of its page up to date, as the page has it",
    async (path) => {
      const sent = await frame(path);
      const html = await page(path.slice("/live".length).replace("/overview", "/"));
      for (const id of STREAMS[path]?.join(" ").split(" ") ?? []) {
        expect(sent).toContain(`hx-target="#${id}"`);
        expect([id, await wordsOf(sent, `#${id}`)]).toEqual([id, await wordsOf(html, `#${id}`)]);
      }
    },
  );
});

describe("a trend", () => {
  test("rises where messages came", async () => {
    const lines = await attributesOf(await page("/"), "#stats .spark polyline", "points");
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const points of lines) {
      const heights = points.split(" ").map((point) => Number(point.split(",")[1]));
      expect(Math.min(...heights)).toBe(heights.at(-1) ?? Number.NaN);
      expect(Math.max(...heights)).toBeGreaterThan(heights.at(-1) ?? Number.NaN);
    }
  });
});
