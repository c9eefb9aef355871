import { describe, expect, test } from "bun:test";
import { app, assets, get, loaded, page, places, registry, view } from "./app.fixture.ts";
import { counts } from "./count-elements.fixture.ts";
import { fold } from "./model/fold.ts";
import type { GroupFacts } from "./reading/group.ts";
import { dead, NOW, raw } from "./sample.fixture.ts";
import { appFor } from "./serve.fixture.ts";
import { setKafka } from "./model/view.ts";

describe("pages", () => {
  test.each([
    "/",
    "/?tab=raw&range=60",
    "/?tab=dlq",
    "/messages",
    "/messages?topic=raw",
    "/messages/raw/2/40",
    "/types",
    "/types/smart_breaker",
    "/pipeline?range=60",
    "/docs",
    "/none",
  ])("%s has one h1, one main, no inline script or style, and at most one stream", async (path) => {
    const html = await page(path);
    const [h1, main, inline, style, streams] = await counts(
      html,
      "h1",
      "main",
      "script:not([src])",
      "[style]",
      "#live",
    );
    expect([h1, main, inline, style]).toEqual([1, 1, 0, 0]);
    expect(streams).toBeLessThanOrEqual(1);
    expect(html).not.toMatch(/\bon[a-z]+=/);
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  });

  test("the overview says what the API says", async () => {
    const html = await page("/");
    for (const words of ["Raw messages", "41", "Kafka connected", "breaker-001", "1 uncertain, 0 bad in 1 h"])
      expect(html).toContain(words);
  });

  test("without JavaScript every tab is a link, a row opens, and the page can load itself again", async () => {
    const html = await page("/?tab=dlq");
    expect(html).toContain('href="/?tab=raw#latest"');
    expect(html).toContain("what not_utf8 means");
    const [details, noscript] = await counts(html, "#feed details", "noscript");
    expect([details, noscript]).toEqual([1, 1]);
    expect((await get("/?refresh=10")).headers.get("refresh")).toBe("10");
    expect((await get("/?refresh=1")).headers.get("refresh")).toBeNull();
  });

  test("brokers away: said with its time, and what is known stays", async () => {
    setKafka(view, false, NOW + 1, "connect ECONNREFUSED");
    const later = await appFor({ view, now: () => NOW + 3_600_000, places });
    const html = await (await later.app.request("/", { headers: { host: "localhost" } })).text();
    setKafka(view, true, NOW);
    expect(html).toContain("Kafka away since 14:27:12");
    // Nobody can tell now whether a device is silent.
    expect(html).not.toContain("Silent");
    expect(html).toContain("breaker-001");
  });

  test("a wrong filter and a wrong place get a page that says so and links back", async () => {
    const wrong = await get("/messages?topic=everything");
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toContain("expected raw, enriched, dlq");
    for (const path of ["/?range=2", "/?tab=nix", "/pipeline?range=2"]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 400]);
      expect(await answer.text()).toContain(`href="${path.split("?")[0]}">`);
    }
    expect(await page("/messages/raw/2/99999")).toContain(
      "not there yet: the next offset of this partition is 41",
    );
    expect(await page("/messages/raw/2/1")).toContain("raw[2]@1 is no longer kept");
    expect(await page("/messages/raw/9/1")).toContain("the topic has the partitions 2.");
    for (const path of [
      "/messages/raw/2/99999",
      "/messages/nix/0/0",
      "/messages/raw/0/-1",
      "/messages/raw/x/1",
    ]) {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('<a class="btn" href="/messages');
    }
  });

  test("types show what the registry says and what was heard, and a refused file is said", async () => {
    const html = await page("/types");
    expect(await counts(html, "#types-table tbody tr")).toEqual([loaded.plan.types.length]);
    expect(html).toContain('href="/types/smart_breaker"');
    const one = await page("/types/smart_breaker");
    for (const words of [
      "Smart Circuit Breaker",
      "110 to 130",
      "voltage_monitoring",
      "SB-2000",
      "1 device, 1 message",
    ])
      expect(one).toContain(words);
    expect((await get("/types/constructor")).status).toBe(404);
    expect((await get("/live/types/nix")).status).toBe(404);
    registry.refusal = {
      at: "2026-11-24T13:52:10.000Z",
      reasons: ["/device_types/x: unknown key", "second"],
    };
    const refused = await page("/types");
    registry.refusal = null;
    expect(refused).toContain("Registry file refused at 13:52:10 UTC");
    expect(refused).toContain("unknown key and 1 more");
  });

  test("the pipeline tells lag, what is known of the accounts, and dead letters by reason", async () => {
    const html = await page("/pipeline");
    for (const words of ["lag 2", "accounts not known yet", "not_utf8", loaded.version])
      expect(html).toContain(words);
    expect(html).toContain('href="/messages?topic=dlq&amp;reason=not_utf8"');
  });

  test("the last refusal is still told when the file was put right", async () => {
    expect(await page("/pipeline")).toContain("none since the start");
    registry.past = { at: "2026-11-24T13:52:10.000Z", reasons: ["/device_types/x: unknown key"] };
    const html = await page("/pipeline");
    registry.past = null;
    expect(html).toContain("2026-11-24 13:52:10 UTC, fixed since: /device_types/x: unknown key");
    expect(html).not.toContain("The current file was refused");
  });

  test("an enricher on Connect is known by its group, and before that is known nothing is called absent", async () => {
    const members = [{ clientId: "connect", host: "/10.0.0.7" }];
    const known: [GroupFacts | undefined, string][] = [
      [undefined, "not known yet"],
      [{ at: NOW, lags: [], members }, "known from its consumer group: connect sends no heartbeat"],
    ];
    for (const [facts, words] of known) {
      const group = { last: () => facts, first: async () => facts };
      const served = await appFor({ view, now: () => NOW, group });
      const answer = await served.app.request("/pipeline", { headers: { host: "localhost" } });
      const html = (await answer.text()).toLowerCase();
      expect(html).toContain(words);
      expect(html).not.toContain("absent");
    }
  });

  test("a permalink shows raw and verdict, from memory or from the broker", async () => {
    for (const path of ["/messages/raw/2/40", "/messages/enriched/2/7"]) {
      const html = await page(path);
      expect(html).toContain("raw[2]@40");
      expect(html).toContain("enriched[2]@7");
      const [added, notes] = await counts(html, ".json .add", ".json .note");
      expect(added).toBeGreaterThan(10);
      expect(notes).toBeGreaterThan(0);
    }
    // A message of the same time stands before the one whose source it is.
    expect(await page("/messages/raw/2/9")).toContain("enriched[2]@5");
    expect(await page("/messages/dlq/2/3?view=bytes")).toContain("ff fe");
  });

  test("what matches can be taken as a file, and its text as it was sent", async () => {
    const csv = await get("/messages/export?format=csv&topic=dlq&reason=not_utf8");
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect((await csv.text()).split("\r\n")).toHaveLength(3);
    expect((await get("/messages/export?format=xlsx")).status).toBe(400);
    expect(await page("/messages/raw/2/40?part=text")).toBe(
      raw({ measurements: { power: { active: 1.5e3 } } }),
    );
  });

  test("a filter that nothing matches is said in words, with a way out; a topic without messages says what to do", async () => {
    const html = await page("/messages?grade=BAD&device=nobody");
    expect(html).toContain("The one message kept does not match: device nobody, grade BAD");
    expect(html).toContain('<a class="btn" href="/messages?topic=enriched">');
    // The search in the bar stays on the tab.
    const [kept] = await counts(await page("/messages?topic=dlq"), '.bar input[name="topic"][value="dlq"]');
    expect(kept).toBe(1);
  });

  test("lines that were sent keep their number, the last brace too; added ones have none", async () => {
    const numbers = [...(await page("/messages/enriched/2/7")).matchAll(/data-n="(\d+)"/g)].map(([, n]) => n);
    const half = numbers.length / 2;
    expect(numbers.slice(half)).toEqual(numbers.slice(0, half));
  });

  test("what is long is folded after 4 KB, and whole in a file", async () => {
    fold(
      view,
      { topic: "dlq", partition: 2, messages: [dead(4, "x".repeat(65_000), "not_json")], highWatermark: 5 },
      NOW,
    );
    const html = await page("/messages/dlq/2/4");
    expect(html.indexOf("<b>60,904 more characters</b>")).toBeGreaterThan(0);
    const saved = await get("/messages/dlq/2/4?part=bytes");
    expect(saved.headers.get("content-disposition")).toContain('filename="dlq-2-4.bin"');
    expect((await saved.arrayBuffer()).byteLength).toBe(65_000);
  });

  test("theme and density are kept, and lead to no other site", async () => {
    const answer = await get("/view?theme=dark&back=/messages");
    expect(answer.headers.get("location")).toBe("/messages");
    expect(answer.headers.get("set-cookie")).toContain("theme=dark");
    expect(await (await get("/", { cookie: "theme=dark; density=compact" })).text()).toContain(
      '<html lang="en" data-theme="dark" data-density="compact">',
    );
    const elsewhere = ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:1"];
    const hidden = [
      "/\t/evil.example",
      "/\n/evil.example",
      "\t//evil.example",
      "/.//evil.example",
      "http://[",
    ];
    for (const back of [...elsewhere, ...hidden])
      expect((await get(`/view?back=${encodeURIComponent(back)}`)).headers.get("location")).toBe("/");
  });
});

describe("the guard", () => {
  test("the policy allows no inline script and no other site, on every kind of answer", async () => {
    for (const path of ["/", "/none", "/api/stats", "/api/nix", assets.href("live.js")]) {
      const policy = (await get(path)).headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain("unsafe");
      expect(policy).not.toMatch(/[*]|https?:/);
    }
  });

  test.each([
    ["127.0.0.1:5001", 200],
    ["localhost:5001", 200],
    ["[::1]:5001", 200],
    ["dashboard:5001", 200],
    ["LOCALHOST", 200],
    ["evil.example", 403],
    ["127.0.0.1.evil.example:5001", 403],
    ["localhost.evil.example", 403],
    ["", 403],
  ])("Host %s gets %i", async (host, status) => {
    expect((await app.request("/api/stats", { headers: { host } })).status).toBe(status);
  });

  test("a page of another site may link here, and may read nothing", async () => {
    const from = (headers: Record<string, string>) =>
      (async () => (await get("/api/stats", headers)).status)();
    expect(await from({ origin: "https://evil.example" })).toBe(403);
    expect(await from({ origin: "null" })).toBe(403);
    expect(await from({ origin: "http://127.0.0.1:5001" })).toBe(200);
    expect(await from({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" })).toBe(403);
    expect(await from({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toBe(200);
    expect(await from({ "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" })).toBe(200);
  });
});
