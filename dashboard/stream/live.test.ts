import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { JSX } from "hono/jsx/jsx-runtime";
import { fold } from "../model/fold.ts";
import { createView, setKafka, type ViewModel } from "../model/view.ts";
import { event } from "./frames.ts";
import { createHub, type Hub } from "./live.ts";
import { overviewLive } from "../pages/overview.tsx";
import { enriched, record } from "../sample.case.ts";

const PAGE = overviewLive({ tab: "enriched", range: "15" });
const T = Date.UTC(2026, 10, 24, 14, 27, 12);

let now = T;
let view: ViewModel;
let hub: Hub;
let beat: () => void;
let offset = 0;

/** The hub's timer is ours: a test ticks when it wants to. */
const timers = {
  start(tick: () => void) {
    beat = tick;
    return () => {};
  },
};

beforeEach(() => {
  now = T;
  offset = 0;
  view = createView(now);
  view.coveredFrom = now - 3_600_000;
  setKafka(view, true, now);
  hub = createHub(view, "build-1", { clock: () => now, start: timers.start });
});
afterEach(() => hub.stop());

function put(count = 1, ms = 0): void {
  const messages = Array.from({ length: count }, () => {
    const at = offset++;
    return record(at, enriched({ device_id: `d${at}` }), { source: at, timestamp: now + ms, key: `d${at}` });
  });
  fold(view, { topic: "enriched", partition: 0, messages, highWatermark: offset }, now);
}

function tick(ms = 500): void {
  now += ms;
  setKafka(view, true, now);
  beat();
}

function connect() {
  const reader = hub.connect(PAGE, new Request("http://localhost/"), undefined).body?.getReader();
  if (reader === undefined) throw new Error("no body");
  return {
    async next(): Promise<string> {
      const { value } = await reader.read();
      return new TextDecoder().decode(value);
    },
    leave: () => reader.cancel(),
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 4_000; !condition(); await Bun.sleep(1))
    if (Date.now() > deadline) throw new Error("not within 4 s");
}

const rows = (frame: string) =>
  [...frame.matchAll(/id="m-enriched-0-(\d+)"/g)].map((match) => Number(match[1]));
const ticks = (frame: string) =>
  [...frame.matchAll(/event: iot:tick\ndata: (.*)/g)].map(
    (match) =>
      JSON.parse(match[1] ?? "") as {
        whole: boolean;
        seq: number;
        charts: { rate: { values: { raw: unknown[] } } };
      },
  );

describe("a stream", () => {
  test("begins with everything: all cards, all rows, the whole series", async () => {
    put(3);
    const frame = await connect().next();
    for (const id of ["stats", "fleet", "attention", "quality", "feed", "rate-caption"])
      expect(frame).toContain(`hx-target="#${id}"`);
    expect(rows(frame)).toEqual([2, 1, 0]);
    expect(ticks(frame)[0]).toMatchObject({ whole: true, build: "build-1" });
    expect(ticks(frame)[0]?.charts.rate.values.raw).toHaveLength(180);
  });

  test("then only what changed: new rows on top, and no card that stayed the same", async () => {
    put();
    const client = connect();
    await client.next();
    put(2, 1);
    tick();
    const frame = await client.next();
    expect(rows(frame)).toEqual([2, 1]);
    expect(frame).toContain('hx-target="#feed" hx-swap="afterbegin"');
    expect(frame).toContain('hx-target="#stats"');
    expect(frame).not.toContain('hx-target="#notices"');
    expect(ticks(frame)[0]?.whole).toBe(false);
  });

  test("a late message makes the whole feed come again, in order", async () => {
    put();
    const client = connect();
    await client.next();
    put(1, -60_000);
    tick();
    const frame = await client.next();
    expect(frame).toContain('hx-target="#feed" hx-swap="outerMorph"');
    expect(rows(frame)).toEqual([0, 1]);
  });

  test("what changes in the past of the charts makes them come whole again, each two seconds at most", async () => {
    view.coveredFrom = undefined;
    const client = connect();
    expect(ticks(await client.next())[0]?.charts.rate.values.raw).toEqual(Array(180).fill(null));
    // The read-back of a server that started again, while the page is open already.
    view.coveredFrom = now - 3_600_000;
    const whole: (number | null)[][] = [];
    for (let i = 0; i < 8; i++) {
      const messages = [record(i, "{}", { timestamp: now - 60_000 })];
      fold(view, { topic: "raw", partition: 0, messages, highWatermark: i + 1 }, now);
      tick();
      const [first] = ticks(await client.next());
      if (first?.whole) whole.push(first.charts.rate.values.raw as number[]);
      else expect(first?.charts.rate.values.raw).toHaveLength(6);
    }
    expect(whole.map((values) => values.reduce((sum: number, value) => sum + (value ?? 0), 0))).toEqual([
      4 * 12,
      8 * 12,
    ]);
    tick(2_500);
    expect(ticks(await client.next())[0]?.whole).toBe(false);
  });

  test("a clock that is set back stops nothing", async () => {
    put();
    const client = connect();
    await client.next();
    tick(5_000);
    await client.next();
    now -= 3_600_000;
    put(1, 1);
    tick();
    const frame = await client.next();
    expect(ticks(frame)[0]?.seq).toBe(2);
    expect(frame).toContain('hx-target="#covers"');
  });

  test("the same bytes go to every client, rendered once", async () => {
    let rendered = 0;
    const counted: typeof PAGE = {
      ...PAGE,
      cards(v, at) {
        rendered++;
        return PAGE.cards(v, at);
      },
    };
    const clients = Array.from({ length: 5 }, () =>
      hub.connect(counted, new Request("http://localhost/"), undefined).body?.getReader(),
    );
    await Promise.all(clients.map((client) => client?.read()));
    put(1, 1);
    tick();
    const frames = await Promise.all(clients.map((client) => client?.read()));
    expect(new Set(frames.map((frame) => frame?.value)).size).toBe(1);
    expect(rendered).toBe(2);
  });

  test("a client that was a little behind gets each frame it missed; one far behind gets a snapshot", async () => {
    put();
    const slow = connect();
    await slow.next();
    for (let i = 0; i < 3; i++) {
      put(1, i + 1);
      tick();
    }
    const caughtUp = await slow.next();
    expect(ticks(caughtUp).map(({ whole }) => whole)).toEqual([false, false, false]);
    expect(rows(caughtUp)).toEqual([1, 2, 3]);
    for (let i = 0; i < 20; i++) {
      put(1, 10 + i);
      tick();
    }
    const snapshot = await slow.next();
    expect(ticks(snapshot).map(({ whole }) => whole)).toEqual([true]);
    expect(rows(snapshot)[0]).toBe(23);
  });

  test("without news it still comes at each tick, with what time alone changes", async () => {
    put();
    const client = connect();
    await client.next();
    tick(500);
    const frame = await client.next();
    expect(ticks(frame)).toHaveLength(1);
    // Ages tick in the browser.
    expect(frame).not.toContain("hx-partial");
    tick(15_000);
    expect(await client.next()).toContain("Silent");
  });

  test("ends with a word, and lets nobody in after it", async () => {
    const client = connect();
    await client.next();
    hub.stop();
    expect(await client.next()).toContain("event: iot:bye");
    expect(hub.connect(PAGE, new Request("http://localhost/"), undefined).status).toBe(503);
  });

  test("a client that takes nothing is cut 10 s after the first frame it did not take; one that is slow stays", async () => {
    const timeouts: number[] = [];
    const server = { timeout: (_: Request, seconds: number) => void timeouts.push(seconds) };
    const request = new Request("http://localhost/");
    const stuck = hub.connect(PAGE, request, server).body?.getReader();
    const slow = connect();
    await Promise.all([stuck?.read(), slow.next()]);
    tick(1_000);
    await Promise.resolve();
    for (let i = 0; i < 10; i++) {
      expect(hub.clients()).toBe(2);
      expect(hub.longestWait()).toBe(i * 1_000);
      tick(1_000);
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
    const page = { ...PAGE, key: "long", cards: () => ({ stats: long as unknown as JSX.Element }) };
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

  describe("of a client whose socket takes more than its peer does", () => {
    const PEER = { address: "127.0.0.1", port: 37_858 };
    /** Bytes; undefined: the kernel's list does not have it. */
    let given: number;
    let taken: number | undefined;
    let readings: number;
    let timeouts: number[];
    const server = {
      port: 5_001,
      requestIP: () => PEER,
      timeout: (_: Request, seconds: number) => void timeouts.push(seconds),
    };

    beforeEach(() => {
      given = 0;
      taken = Number.POSITIVE_INFINITY;
      readings = 0;
      timeouts = [];
      hub.stop();
      hub = createHub(view, "build-1", {
        clock: () => now,
        start: timers.start,
        async queues(port) {
          expect(port).toBe(5_001);
          readings++;
          return new Map(taken === undefined ? [] : [["0100007F:93E2", Math.max(0, given - taken)]]);
        },
      });
    });

    /** A tick, and what the kernel is found to hold after it. */
    async function tickAndLook(ms = 500): Promise<void> {
      const before = readings;
      tick(ms);
      await until(() => readings > before);
    }
    /** One that takes from its socket whatever comes. */
    async function take(page = PAGE) {
      const frames: string[] = [];
      const reader = hub.connect(page, new Request("http://localhost/"), server).body?.getReader();
      const next = async (): Promise<void> => {
        const { value, done } = (await reader?.read()) ?? {};
        if (done !== false) return;
        frames.push(new TextDecoder().decode(value));
        given += value?.length ?? 0;
        return next();
      };
      // One that is cut is reset.
      next().catch(() => {});
      await until(() => frames.length > 0);
      return frames;
    }

    test("no more than 64 KiB waits for it, and when it has taken them it gets what is new", async () => {
      taken = 0;
      const frames = await take();
      for (let i = 0; i < 18; i++) {
        put(1, i);
        await tickAndLook();
      }
      expect(given).toBeWithin(32_768, 65_537);
      expect(hub.longestWait()).toBeGreaterThan(4_000);
      const before = frames.length;
      taken = Number.POSITIVE_INFINITY;
      await tickAndLook();
      await until(() => frames.length > before);
      const text = frames.slice(before).join("");
      expect(rows(text)[0]).toBe(17);
      expect(ticks(text)[0]?.whole).toBe(true);
      expect(hub.longestWait()).toBe(0);
    });

    test("one that takes nothing for 10 s is cut, and its socket closed", async () => {
      taken = 0;
      await take();
      for (let i = 0; i < 20; i++) {
        await tickAndLook();
        expect([i, hub.clients()]).toEqual([i, 1]);
      }
      for (let i = 0; i < 3; i++) await tickAndLook();
      expect(hub.clients()).toBe(0);
      expect(hub.cut()).toBe(1);
      expect(timeouts).toEqual([0, 1]);
    });

    test("one that takes a little each few seconds stays", async () => {
      taken = 0;
      await take();
      for (let i = 0; i < 60; i++) {
        if (i % 15 === 0) taken += 100;
        put(1, i);
        await tickAndLook();
      }
      expect(hub.clients()).toBe(1);
    });

    test("a frame larger than may wait goes on as soon as the kernel tells that there is room, without a tick", async () => {
      const long = "x".repeat(300_000);
      const frames = await take({
        ...PAGE,
        key: "long",
        cards: () => ({ stats: long as unknown as JSX.Element }),
      });
      await until(() => frames.join("").endsWith("\n\n"));
      expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(65_536);
      expect(frames.join("")).toContain(long);
      expect(readings).toBeGreaterThanOrEqual(4);
    });

    test("one that the kernel does not tell of gets all that its socket takes", async () => {
      taken = undefined;
      const frames = await take();
      for (let i = 0; i < 10; i++) {
        put(1, i);
        await tickAndLook();
      }
      await until(() => ticks(frames.join("")).length === 11);
    });
  });

  test("a view that cannot be rendered ends its own streams, is said once, and the others go on", async () => {
    const errors: Error[] = [];
    hub.stop();
    hub = createHub(view, "build-1", {
      clock: () => now,
      start: timers.start,
      onError: (error) => void errors.push(error),
    });
    const broken = {
      ...PAGE,
      key: "broken",
      tick: (_: ViewModel, at: number) => {
        if (at > T) throw new Error("a bug");
        return {};
      },
    };
    const reader = hub.connect(broken, new Request("http://localhost/"), undefined).body?.getReader();
    const good = connect();
    await Promise.all([reader?.read(), good.next()]);
    put(1, 1);
    tick();
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
