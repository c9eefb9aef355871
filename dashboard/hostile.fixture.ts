/** Texts that break naive pages, in every field of messages that anybody may send; and what a page is counted by. */
import { loadRegistry } from "../config/registry-file.ts";
import { NAUGHTY } from "../enrich/naughty.case.ts";
import type { Grade } from "../schemas/enriched.ts";
import { HEADERS } from "../schemas/topics.ts";
import { hostileCatalog, hostileServices } from "./hostile-registry.fixture.ts";
import { encode } from "./links.ts";
import { fold } from "./model/fold.ts";
import { dead, enriched, NOW, raw, record } from "./sample.fixture.ts";
import type { InMessage } from "../kafka/message.ts";
import { createView, setCatalog, setKafka, type ViewModel } from "./model/view.ts";

/** The worst come last: the newest stand on every page. */
export const PAYLOADS = [
  // Each of the first characters, and what is special in HTML around it.
  ...Array.from(
    { length: 480 },
    (_, code) => `<${String.fromCodePoint(code)}"'>&${String.fromCodePoint(code)};`,
  ),
  // Without those that mean something here: no text, no type.
  ...NAUGHTY.filter((text) => text !== "" && text !== "unknown"),
  `\u0000\u202e\ud800${"\u0301".repeat(30)}`,
  "javascript:alert(1)",
  "data: x\r\n\r\nevent: iot:tick\r\ndata: {}",
  `"><script>alert(1)</script>`,
  `<img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  `<hx-partial hx-target="#feed" hx-swap="outerHTML">x</hx-partial>`,
  `<div hx-get="/x" hx-trigger="load">`,
  `</title></textarea></noscript><svg/onload=alert(1)>`,
];

/** How many of the last are in every place, also where there is room for a few only. */
const WORST = 12;

export const hostile = (i: number): string => PAYLOADS[i] ?? "";
/** A text as long as the hostile one in JSON, so that lines break and fold alike, and equal where that one is equal. */
export const harmless = (i: number): string =>
  `plain-${PAYLOADS.indexOf(hostile(i))}`.padEnd(JSON.stringify(hostile(i)).length - 2, "x");

/** What a page must not have more of than with harmless texts. */
export const SELECTORS = [
  "*",
  "script",
  "img",
  "svg",
  "a",
  "div",
  "details",
  "template",
  "[onerror]",
  "[onload]",
  "[onmouseover]",
  "[hx-get]",
  "input",
  "a[href^=javascript]",
  "hx-partial",
  "option",
  "li",
];

/** Pages that show them. */
export const hostilePaths = (text: (i: number) => string): string[] => [
  "/",
  "/?tab=raw",
  "/?tab=dlq",
  "/messages?limit=500",
  "/messages?topic=raw&limit=500",
  "/messages?topic=dlq&limit=500",
  "/types",
  "/pipeline",
  ...[1, 2, 3, 6].flatMap((last) =>
    ["enriched", "raw", "dlq"].map((topic) => `/messages/${topic}/0/${PAYLOADS.length - last}`),
  ),
  ...[1, 2, 6]
    .map((last) => encode(text(PAYLOADS.length - last)))
    .flatMap((evil) => [`/messages?q=${evil}&device=${evil}&type=${evil}&event=${evil}`, `/types/${evil}`]),
];

/** What is asked for is wrong, and the page says it. */
export const wrongPaths = (evil: string): string[] =>
  [
    "/messages?grade=",
    "/messages?topic=",
    "/messages?limit=",
    "/messages?",
    "/?tab=",
    "/types/no-",
    "/none/",
    "/messages/",
  ].map((path) => path + encode(evil));

/** Their streams, whose first frame has every part again. */
export const HOSTILE_STREAMS = [
  "/live/overview",
  "/live/overview?tab=raw",
  "/live/overview?tab=dlq",
  "/live/messages?limit=500",
  "/live/types",
  "/live/pipeline",
];

/** An enriched message with `evil` in every field that a device or a registry fills. */
export function hostileMessage(
  offset: number,
  evil: string,
  now = NOW,
  {
    device_id = evil,
    device_type = evil,
    grade = "BAD",
  }: { device_id?: string; device_type?: string; grade?: Grade } = {},
): InMessage {
  const value = enriched({
    device_id,
    device_type,
    event_type: evil,
    grade,
    findings: (["bad", "uncertain"] as const).map((severity) => ({
      code: evil,
      path: evil,
      expected: evil,
      severity,
    })),
    timestamp: new Date(now).toISOString(),
    measurements: { [evil]: 5, voltage: { [evil]: 6 } },
    definitions: { [evil]: { unit: evil }, voltage: { components: { [evil]: { unit: evil } } } },
    metadata: { device_type_name: evil, device_category: evil, capabilities: [evil, evil] },
    detection: { runner_up: evil, reasons: [evil, evil] },
  });
  const headers = { [HEADERS.registry]: evil };
  return record(offset, value, { source: offset, key: device_id, timestamp: now, headers });
}

/** `text` of each payload's number stands in each field. */
export function hostileView(text: (i: number) => string, now = NOW): ViewModel {
  const target = createView(now);
  setKafka(target, true, now);
  const texts = PAYLOADS.map((_, i) => text(i));
  const worst = texts.slice(-WORST);
  const put = (topic: "raw" | "enriched" | "dlq", partition: number, message: InMessage) =>
    fold(target, { topic, partition, messages: [message], highWatermark: message.offset + 1 }, now);
  setCatalog(target, hostileCatalog(worst, texts.at(-1) ?? ""));
  hostileServices(target, worst);
  // Devices that need attention: those that no type fits, and a few of each grade.
  worst.toReversed().forEach((evil, i) => {
    put("enriched", 1, hostileMessage(i, evil, now, { device_id: evil + evil, device_type: "unknown" }));
  });
  worst.slice(-4).forEach((evil, i) => {
    const grade = i % 2 === 0 ? "BAD" : "UNCERTAIN";
    put("enriched", 2, hostileMessage(i, evil, now, { device_id: evil + evil + evil, grade }));
  });
  texts.forEach((evil, i) => {
    put("enriched", 0, hostileMessage(i, evil, now, { grade: "GOOD" }));
    const measurements = { [evil]: 5 };
    const sent = raw({ device_id: evil, device_type: evil, event_type: evil, measurements, [evil]: evil });
    put("raw", 0, record(i, sent, { key: evil }));
    const headers = { [HEADERS.path]: evil, [HEADERS.message]: evil, [HEADERS.registry]: evil };
    put("dlq", 0, dead(i, evil, evil, now, headers));
  });
  return target;
}

/** Legal, and as hard to show as may be: no place to break, from right to left, marks over marks, what HTML escapes. */
export const STRANGE_ID = "Wide\u202e\u05d0<%#?/&'\"\u0301\u2028".repeat(6).padEnd(121, "W");
const WORD = "unbreakable_".repeat(25);

/** Ten thousand devices, two hundred types, a message of 60 KB of each kind, and a registry that was refused. */
export async function hugeView(now = NOW): Promise<ViewModel> {
  const view = createView(now);
  setKafka(view, true, now);
  view.coveredFrom = now - 3_600_000;
  view.caughtUp = true;
  const put = (topic: "raw" | "enriched" | "dlq", message: InMessage) =>
    fold(view, { topic, partition: 0, messages: [message], highWatermark: message.offset + 1 }, now);

  for (let i = 0; i < 10_000; i++) {
    const device_id = STRANGE_ID + String(i).padStart(7, "0");
    const device_type = i % 7 === 0 ? "unknown" : `type-${i % 200}-${WORD.slice(0, 50)}`;
    const findings = Array.from({ length: i % 500 === 0 ? 40 : 0 }, (_, n) => ({
      code: `${n}.${WORD}`,
      path: `/${WORD}/${n}`,
      expected: WORD,
      severity: "bad" as const,
    }));
    const value = enriched({
      device_id,
      device_type,
      event_type: WORD,
      findings,
      grade: findings.length > 0 ? "BAD" : "GOOD",
    });
    put("enriched", record(i, value, { source: i, key: device_id, timestamp: now - (10_000 - i) }));
  }
  const members = Object.fromEntries(
    Array.from({ length: 900 }, (_, i) => [`member_${i}`, { value: i * 1.5, text: "some words here" }]),
  );
  put("raw", record(0, raw(members)));
  put("raw", record(1, raw({ filler: Array.from({ length: 9_000 }, (_, i) => i * 1.5) })));
  put("raw", record(2, raw({ one: "W".repeat(60_000) }), { key: STRANGE_ID }));
  put("enriched", record(20_000, enriched({ measurements: members }), { source: 20_000 }));
  put("dlq", dead(0, "x".repeat(65_000), "not_json"));
  put("dlq", dead(1, "some words and more ".repeat(3_250), "not_json"));
  put("dlq", dead(2, JSON.stringify(members), "not_object"));
  put(
    "dlq",
    dead(
      3,
      Uint8Array.from({ length: 65_000 }, (_, i) => (i * 7_919) % 256),
      "not_utf8",
    ),
  );
  put("dlq", dead(4, "{", WORD));
  const loaded = await loadRegistry("test/registry/device-registry.json");
  const [first] = Object.values(loaded.registry.device_types);
  if (first !== undefined) {
    first.description = WORD;
    first.manufacturers = [{ name: WORD, models: [WORD, ...WORD], specifications: { [WORD]: WORD } }];
  }
  for (const leaf of loaded.plan.types[0]?.leaves.slice(-3) ?? [])
    leaf.valid_values = Array.from({ length: 200 }, (_, i) => `${i}_${WORD.slice(0, 30)}`);
  const refusal = { at: new Date(now).toISOString(), reasons: [`/${WORD}: unknown key`, "another"] };
  setCatalog(view, { ...loaded, refusal: () => refusal });
  return view;
}

/** Pages that show them, and how high each may be at 390 px: a few screens, whatever it was sent. */
export const HUGE_PAGES: readonly [path: string, most: number][] = [
  ["/", 7_000],
  ["/messages", 4_000],
  ["/messages?topic=raw", 3_000],
  ["/messages?topic=dlq", 3_000],
  ["/messages/raw/0/0", 4_500],
  ["/messages/raw/0/1", 4_500],
  ["/messages/raw/0/2", 2_500],
  ["/messages/enriched/0/20000", 5_500],
  ["/messages/enriched/0/9500", 9_000],
  ["/messages/dlq/0/0", 4_000],
  ["/messages/dlq/0/1", 4_000],
  ["/messages/dlq/0/2", 4_500],
  ["/messages/dlq/0/3", 4_000],
  ["/messages/dlq/0/4", 3_000],
  ["/types", 9_000],
  ["/types/smart_breaker", 9_000],
  ["/pipeline", 4_500],
];
