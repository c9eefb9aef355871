import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { card, type HubCase, hubCase, PAGE, rows, ticks, until } from "./hub.case.ts";

/** 40 KB that are new each time. */
const BIG: typeof PAGE = {
  ...PAGE,
  key: "big",
  cards: [card((now) => `${now} ${"x".repeat(40_000)}`)],
};

describe("a client whose socket takes more than its peer does", () => {
  const PEER = { address: "127.0.0.1", port: 37_858 };
  /** Bytes; undefined: the kernel's list does not have it. */
  let given: number;
  let taken: number | undefined;
  let tells: boolean;
  let readings: number;
  let hub: HubCase;
  let timeouts: number[];
  const server = {
    port: 5_001,
    requestIP: () => PEER,
    timeout: (_: Request, seconds: number) => void timeouts.push(seconds),
  };

  beforeEach(() => {
    given = 0;
    taken = Number.POSITIVE_INFINITY;
    tells = true;
    readings = 0;
    timeouts = [];
    hub = hubCase({
      async queues(port) {
        expect(port).toBe(5_001);
        readings++;
        if (!tells) return undefined;
        return new Map(taken === undefined ? [] : [["0100007F:93E2", Math.max(0, given - taken)]]);
      },
    });
  });

  afterEach(() => hub.stop());

  /** A tick, and what the kernel is found to hold after it. */
  async function tickAndLook(ms = 500): Promise<void> {
    const before = readings;
    hub.tick(ms);
    await until(() => readings > before);
  }
  /** One that takes from its socket whatever comes. */
  async function take(page = BIG) {
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

  test("gets no more while 64 KiB wait for it, and when it has taken them gets what is new", async () => {
    taken = 0;
    const frames = await take();
    for (let i = 0; i < 12; i++) {
      hub.put(1, i);
      await tickAndLook();
    }
    expect(given).toBeWithin(32_768, 65_537);
    expect(hub.longestWait()).toBeGreaterThan(4_000);
    const before = frames.length;
    taken = Number.POSITIVE_INFINITY;
    await tickAndLook();
    const since = () => frames.slice(before).join("");
    await until(() => rows(since()).includes(11));
    // What was left of a frame that was begun, then all that is new, as one that comes anew has it.
    expect(ticks(since()).map(({ whole }) => whole)).toContain(true);
    expect(hub.longestWait()).toBe(0);
  });

  test("that takes nothing for 8 s is cut, and its socket closed", async () => {
    taken = 0;
    await take();
    for (let i = 0; i < 16; i++) {
      await tickAndLook();
      expect([i, hub.clients()]).toEqual([i, 1]);
    }
    await tickAndLook();
    await until(() => hub.clients() === 0);
    expect(hub.cut()).toBe(1);
    expect(timeouts).toEqual([0, 1]);
  });

  test("that takes a little each few seconds stays", async () => {
    taken = 0;
    await take();
    for (let i = 0; i < 60; i++) {
      if (i % 15 === 0) taken += 100;
      hub.put(1, i);
      await tickAndLook();
    }
    expect(hub.clients()).toBe(1);
  });

  test("gets a frame that is larger than may wait piece by piece, as soon as the kernel tells that it took one, without a tick", async () => {
    const long = "x".repeat(300_000);
    const frames = await take({
      ...PAGE,
      key: "long",
      cards: [card(() => long)],
    });
    await until(() => frames.join("").endsWith("\n\n"));
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(65_536);
    expect(frames.join("")).toContain(long);
    expect(readings).toBeGreaterThanOrEqual(2);
  });

  test("that the kernel does not tell of gets all that its socket takes", async () => {
    taken = undefined;
    const frames = await take();
    for (let i = 0; i < 2; i++) await tickAndLook();
    for (let i = 0; i < 10; i++) {
      const before = given;
      hub.tick();
      await until(() => given > before + 40_000);
    }
    expect(ticks(frames.join("")).at(-1)?.seq).toBe(12);
    expect(readings).toBe(2);
  });

  test("gets all that its socket takes on a machine whose kernel tells nothing, which is asked once", async () => {
    tells = false;
    const frames = await take();
    await tickAndLook();
    const late = await take();
    for (let i = 0; i < 10; i++) {
      const before = given;
      hub.tick();
      await until(() => given > before + 80_000);
    }
    for (const all of [frames, late]) expect(ticks(all.join("")).at(-1)?.seq).toBe(11);
    expect(readings).toBe(1);
  });
});
