import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { fold } from "../model/fold.ts";
import type { ViewModel } from "../model/view.ts";
import { messagesLive } from "../pages/messages.tsx";
import { NOW, record } from "../sample.fixture.ts";
import { event } from "./frames.ts";
import { card, type HubCase, hubCase, PAGE, rows, ticks } from "./hub.fixture.ts";

let hub: HubCase;

beforeEach(() => {
  hub = hubCase();
});
afterEach(() => hub.stop());

function connect(page = PAGE) {
  const reader = hub.connect(page, new Request("http://localhost/"), undefined).body?.getReader();
  if (reader === undefined) throw new Error("no body");
  return {
    async next(): Promise<string> {
      const { value } = await reader.read();
      return new TextDecoder().decode(value);
    },
    leave: () => reader.cancel(),
  };
}

describe("a stream", () => {
  test("begins with everything: all cards, all rows, the whole series", async () => {
    hub.put(3);
    const frame = await connect().next();
    for (const id of ["stats", "fleet", "attention", "quality", "feed", "rate-caption"])
      expect(frame).toContain(`hx-target="#${id}"`);
    expect(rows(frame)).toEqual([2, 1, 0]);
    expect(ticks(frame)[0]).toMatchObject({ whole: true, build: "build-1" });
    expect(ticks(frame)[0]?.charts.rate.values.raw).toHaveLength(180);
  });

  test("then only what changed: new rows on top, and no card that stayed the same", async () => {
    hub.put();
    const client = connect();
    await client.next();
    hub.put(2, 1);
    hub.tick();
    const frame = await client.next();
    expect(rows(frame)).toEqual([2, 1]);
    expect(frame).toContain('hx-target="#feed" hx-swap="afterbegin"');
    expect(frame).toContain('hx-target="#stats"');
    expect(frame).not.toContain('hx-target="#notices"');
    expect(ticks(frame)[0]?.whole).toBe(false);
  });

  test("the count above a feed comes with its rows, not seconds later", async () => {
    for (const filter of [{}, { grade: "GOOD" }] as const) {
      const client = connect(messagesLive({ topic: "enriched", limit: 50, ...filter }));
      await client.next();
      hub.put();
      hub.tick();
      const frame = await client.next();
      const [row = -1] = rows(frame);
      expect(frame).toContain(`latest arrival first, ${row + 1} of ${row + 1}`);
      await client.leave();
    }
  });

  test("a late message makes the whole feed come again, in order", async () => {
    hub.put();
    const client = connect();
    await client.next();
    hub.put(1, -60_000);
    hub.tick();
    const frame = await client.next();
    expect(frame).toContain('hx-target="#feed" hx-swap="outerMorph"');
    expect(rows(frame)).toEqual([0, 1]);
  });

  test("of a page with a filter has every message that matches, however many come between two frames, and says so", async () => {
    hub.put(1);
    const client = connect(messagesLive({ topic: "enriched", device: "d7", limit: 50 }));
    const first = await client.next();
    expect(first).toContain("No message since 14:27:12 UTC matches: device d7");
    hub.put(3_000, 1);
    expect(hub.view.topics.enriched.newest.rows[0]?.offset).toBeGreaterThan(7);
    hub.tick(2_000);
    const frame = await client.next();
    expect(rows(frame)).toEqual([7]);
    expect(frame).toContain(
      "latest arrival first, 1 of 1 that match; searched: 3,001 of 3,001, since 14:27:12 UTC",
    );
    await client.leave();
    expect(hub.view.watches.size).toBe(0);
  });

  test("what changes in the past of the charts makes them come whole again, each two seconds at most", async () => {
    hub.view.coveredFrom = undefined;
    const client = connect();
    expect(ticks(await client.next())[0]?.charts.rate.values.raw).toEqual(Array(180).fill(null));
    // The read-back of a server that started again, while the page is open already.
    hub.view.coveredFrom = hub.now - 3_600_000;
    const whole: (number | null)[][] = [];
    for (let i = 0; i < 8; i++) {
      const messages = [record(i, "{}", { timestamp: hub.now - 60_000 })];
      fold(hub.view, { topic: "raw", partition: 0, messages, highWatermark: i + 1 }, hub.now);
      hub.tick();
      const [first] = ticks(await client.next());
      if (first?.whole) whole.push(first.charts.rate.values.raw as number[]);
      else expect(first?.charts.rate.values.raw).toHaveLength(6);
    }
    expect(whole.map((values) => values.reduce((sum: number, value) => sum + (value ?? 0), 0))).toEqual([
      4 * 12,
      8 * 12,
    ]);
    hub.tick(2_500);
    expect(ticks(await client.next())[0]?.whole).toBe(false);
  });

  test("a clock that is set back stops nothing", async () => {
    hub.put();
    const client = connect();
    await client.next();
    hub.tick(5_000);
    await client.next();
    hub.now -= 3_600_000;
    hub.put(1, 1);
    hub.tick();
    const frame = await client.next();
    expect(ticks(frame)[0]?.seq).toBe(2);
    expect(frame).toContain('hx-target="#covers"');
  });

  test("the same bytes go to every client, rendered once", async () => {
    let rendered = 0;
    const counted: typeof PAGE = {
      ...PAGE,
      cards: [
        ...PAGE.cards,
        card(() => {
          rendered++;
          return "";
        }),
      ],
    };
    const clients = Array.from({ length: 5 }, () =>
      hub.connect(counted, new Request("http://localhost/"), undefined).body?.getReader(),
    );
    await Promise.all(clients.map((client) => client?.read()));
    hub.put(1, 1);
    hub.tick();
    const frames = await Promise.all(clients.map((client) => client?.read()));
    expect(new Set(frames.map((frame) => frame?.value)).size).toBe(1);
    expect(rendered).toBe(2);
  });

  test("a client that was a little behind gets each frame it missed; one far behind gets a snapshot", async () => {
    hub.put();
    const slow = connect();
    await slow.next();
    for (let i = 0; i < 3; i++) {
      hub.put(1, i + 1);
      hub.tick();
    }
    const caughtUp = await slow.next();
    expect(ticks(caughtUp).map(({ whole }) => whole)).toEqual([false, false, false]);
    expect(rows(caughtUp)).toEqual([1, 2, 3]);
    for (let i = 0; i < 20; i++) {
      hub.put(1, 10 + i);
      hub.tick();
    }
    const snapshot = await slow.next();
    expect(ticks(snapshot).map(({ whole }) => whole)).toEqual([true]);
    expect(rows(snapshot)[0]).toBe(23);
  });

  test("without news it still comes at each tick, with what time alone changes", async () => {
    hub.put();
    const client = connect();
    await client.next();
    hub.tick(500);
    const frame = await client.next();
    expect(ticks(frame)).toHaveLength(1);
    // Ages tick in the browser.
    expect(frame).not.toContain("hx-partial");
    hub.tick(30_000);
    expect(await client.next()).toContain("Silent");
  });

  test("one address may have fifty different views, and leaves the others their own; behind a proxy who asks counts", async () => {
    const many = hubCase({ behindProxy: true });
    const of = (address: string) => ({ timeout() {}, requestIP: () => ({ address, port: 1 }) });
    const ask = (key: string, address: string, headers = {}) =>
      many.connect({ ...PAGE, key }, new Request("http://localhost/", { headers }), of(address)).status;
    const answers = Array.from({ length: 60 }, (_, at) => ask(`a${at}`, "10.0.0.1"));
    expect(answers.filter((status) => status === 200)).toHaveLength(50);
    expect(answers.at(-1)).toBe(429);
    expect(ask("a0", "10.0.0.1")).toBe(200);
    expect(ask("b", "10.0.0.2")).toBe(200);
    expect(ask("c", "10.0.0.1", { "x-forwarded-for": "1.1.1.1, 10.0.0.3" })).toBe(200);
    many.stop();
  });

  test("one address may have 3,000 streams, also of one view, and leaves the others theirs; one that ends gives its place back", async () => {
    const many = hubCase();
    const of = (address: string) => ({ timeout() {}, requestIP: () => ({ address, port: 1 }) });
    const ask = (address: string) => many.connect(PAGE, new Request("http://localhost/"), of(address));
    const answers = Array.from({ length: 3_001 }, () => ask("10.0.0.1"));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3_000);
    expect(await answers.at(-1)?.text()).toBe("10.0.0.1 has 3000 streams open: close some\n");
    expect(ask("10.0.0.2").status).toBe(200);
    await answers[0]?.body?.cancel();
    expect(ask("10.0.0.1").status).toBe(200);
    many.stop();
  });

  test("ends with a word, and lets nobody in after it", async () => {
    const client = connect();
    await client.next();
    hub.stop();
    expect(await client.next()).toContain("event: iot:bye");
    expect(hub.connect(PAGE, new Request("http://localhost/"), undefined).status).toBe(503);
  });

  test("a client that takes nothing is cut a minute after the first frame it did not take; one that is slow stays", async () => {
    const timeouts: number[] = [];
    const server = { timeout: (_: Request, seconds: number) => void timeouts.push(seconds) };
    const request = new Request("http://localhost/");
    const stuck = hub.connect(PAGE, request, server).body?.getReader();
    const slow = connect();
    await Promise.all([stuck?.read(), slow.next()]);
    hub.tick(6_000);
    await Promise.resolve();
    for (let i = 0; i < 10; i++) {
      expect(hub.clients()).toBe(2);
      expect(hub.longestWait()).toBe(i * 6_000);
      hub.tick(6_000);
      if (i === 5) await slow.next();
    }
    expect(hub.clients()).toBe(1);
    expect(hub.cut()).toBe(1);
    expect(timeouts).toEqual([0, 1]);
    // What the socket still holds may be read; then the connection is reset, and the page comes again.
    expect(await stuck?.read().catch(() => "reset")).toBe("reset");
    expect(await slow.next()).toContain("iot:tick");
  });

  test("a frame goes out in pieces, so that a socket never holds much of it; together they are the frame", async () => {
    const long = "x".repeat(200_000);
    const page = { ...PAGE, key: "long", cards: [card(() => long)] };
    const reader = hub.connect(page, new Request("http://localhost/"), undefined).body?.getReader();
    const sizes: number[] = [];
    let text = "";
    while (!text.endsWith("\n\n")) {
      const { value } = (await reader?.read()) ?? {};
      sizes.push(value?.length ?? 0);
      text += new TextDecoder().decode(value);
    }
    expect(Math.max(...sizes)).toBe(65_536);
    expect(sizes.length).toBe(4);
    expect(text).toContain(long);
    expect(ticks(text)).toHaveLength(1);
  });

  test("a view that cannot be rendered ends its own streams, is said once, and the others go on", async () => {
    const errors: Error[] = [];
    hub = hubCase({ onError: (error) => void errors.push(error) });
    const broken = {
      ...PAGE,
      key: "broken",
      tick: (_: ViewModel, at: number) => {
        if (at > NOW) throw new Error("a bug");
        return {};
      },
    };
    const reader = hub.connect(broken, new Request("http://localhost/"), undefined).body?.getReader();
    const good = connect();
    await Promise.all([reader?.read(), good.next()]);
    hub.put(1, 1);
    hub.tick();
    expect(await good.next()).toContain("iot:tick");
    expect(await reader?.read().catch(() => "reset")).toBe("reset");
    expect(hub.clients()).toBe(1);
    expect(errors.map(({ message }) => message)).toEqual(['the view "broken" cannot be rendered']);
  });

  test("a client that leaves is forgotten", async () => {
    const client = connect();
    await client.next();
    expect(hub.clients()).toBe(1);
    await client.leave();
    expect(hub.clients()).toBe(0);
  });
});

test("a line break in the data never ends an event: every line is prefixed", () => {
  expect(event("iot:x", "a\nb\rc\r\nevent: iot:tick")).toBe(
    "event: iot:x\ndata: a\ndata: b\ndata: c\ndata: event: iot:tick\n\n",
  );
});
