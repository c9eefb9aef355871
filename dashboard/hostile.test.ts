import { describe, expect, test } from "bun:test";
import { NAUGHTY } from "../enrich/naughty.case.ts";
import { counts } from "./count-elements.case.ts";
import { fold } from "./fold.ts";
import { dead, enriched, NOW, raw, record } from "./sample.case.ts";
import { appFor } from "./serve.case.ts";
import { createView, setKafka } from "./view.ts";

describe("much of everything", () => {
  test("ten thousand devices, two hundred types and messages of 60 KB keep every page small", async () => {
    const target = createView(NOW);
    setKafka(target, true, NOW);
    const strange = "ä·\u2028#?/%".repeat(18).slice(0, 122);
    for (let i = 0; i < 10_000; i++) {
      const value = enriched({ device_id: `${strange}${i}`, device_type: `type-${i % 200}` });
      fold(
        target,
        {
          topic: "enriched",
          partition: 0,
          messages: [record(i, value, { source: i, key: "k" })],
          highWatermark: i + 1,
        },
        NOW,
      );
    }
    const big = raw({ filler: Array.from({ length: 5_000 }, (_, i) => i * 1.5) });
    fold(target, { topic: "raw", partition: 0, messages: [record(0, big)], highWatermark: 1 }, NOW);
    const served = await appFor({ view: target, now: () => NOW });
    for (const path of ["/", "/types", "/messages", "/messages?topic=raw", "/messages/raw/0/0"]) {
      const answer = await served.app.request(path, { headers: { host: "localhost" } });
      expect([path, answer.status]).toEqual([path, 200]);
      const html = await answer.text();
      expect([path, html.length < 700_000]).toEqual([path, true]);
      expect([path, Bun.gzipSync(html).length < 60_000]).toEqual([path, true]);
    }
  });
});

describe("hostile content", () => {
  const PAYLOADS = [
    `"><script>alert(1)</script>`,
    `<img src=x onerror=alert(1)>`,
    `' onmouseover='alert(1)`,
    `<hx-partial hx-target="#feed" hx-swap="outerHTML">x</hx-partial>`,
    `<div hx-get="/x" hx-trigger="load">`,
    `</title></textarea></noscript><svg/onload=alert(1)>`,
    `\u0000\u202e\ud800${"\u0301".repeat(30)}`,
    "javascript:alert(1)",
    "data: x\r\n\r\nevent: iot:tick\r\ndata: {}",
    // Without those that mean something here: no text, no type.
    ...NAUGHTY.filter((text) => text !== "" && text !== "unknown"),
    // Each of the first characters, and what is special in HTML around it.
    ...Array.from(
      { length: 480 },
      (_, code) => `<${String.fromCodePoint(code)}"'>&${String.fromCodePoint(code)};`,
    ),
  ];

  test("of more than 500 kinds adds no element and no handler, in any field of any page", async () => {
    expect(PAYLOADS.length).toBeGreaterThan(500);
    const harmless = await render((i) => `plain-${PAYLOADS.indexOf(PAYLOADS[i] ?? "")}`);
    const hostile = await render((i) => PAYLOADS[i] ?? "");
    expect(hostile).toEqual(harmless);
  });

  async function render(text: (i: number) => string) {
    const target = createView(NOW);
    setKafka(target, true, NOW);
    PAYLOADS.forEach((_, i) => {
      const evil = text(i);
      const findings = [{ code: evil, path: evil, expected: evil, severity: "bad" as const }];
      const value = enriched({
        device_id: evil,
        device_type: evil,
        event_type: evil,
        grade: "BAD",
        findings,
      });
      const message = record(i, value, { source: i, key: evil });
      fold(target, { topic: "enriched", partition: 0, messages: [message], highWatermark: i + 1 }, NOW);
      fold(
        target,
        {
          topic: "raw",
          partition: 0,
          messages: [record(i, raw({ device_id: evil, event_type: evil, [evil]: evil }), { key: evil })],
          highWatermark: i + 1,
        },
        NOW,
      );
      fold(
        target,
        { topic: "dlq", partition: 0, messages: [dead(i, evil, evil)], highWatermark: i + 1 },
        NOW,
      );
    });
    const served = await appFor({ view: target, now: () => NOW });
    const selectors = [
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
    ];
    const paths = [
      "/",
      "/?tab=raw",
      "/?tab=dlq",
      "/messages?limit=500",
      "/messages?topic=raw&limit=500",
      "/messages?topic=dlq&limit=500",
      "/types",
      "/pipeline",
      "/messages/enriched/0/3",
      "/messages/raw/0/1",
      "/messages/dlq/0/2",
      `/messages?q=${encodeURIComponent(text(0))}&device=${encodeURIComponent(text(1))}`,
    ];
    return Promise.all(
      paths.map(async (path) => {
        const answer = await served.app.request(path, { headers: { host: "localhost" } });
        return counts(await answer.text(), ...selectors);
      }),
    );
  }
});
