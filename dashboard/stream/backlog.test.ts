import { describe, expect, test } from "bun:test";
import { before, createBacklog, give, isDue, isStuck, learn, room } from "./backlog.ts";

const KIB = 1_024;

/** A client, and time that passes by half seconds with a reading each. */
function client(isListed = true) {
  const of = createBacklog(isListed);
  let now = 0;
  return {
    of,
    give: (kib: number) => give(of, kib * KIB),
    /** `kib`: what the kernel holds. */
    read(kib: number | undefined, { held = false, seconds = 0.5 } = {}) {
      now += seconds * 1_000;
      learn(of, kib === undefined ? undefined : kib * KIB, before(of, held), now);
    },
    room: () => room(of) / KIB,
  };
}

describe("a client", () => {
  test("may be given 64 KiB, then nothing until it is known that it took some", () => {
    const { give, read, room } = client();
    expect(room()).toBe(64);
    give(40);
    expect(room()).toBe(24);
    give(24);
    expect(room()).toBe(0);
    read(64);
    expect(room()).toBe(0);
    read(0);
    expect(room()).toBe(64);
  });

  test("that is behind gets small pieces, and no crumbs", () => {
    const { give, read, room } = client();
    give(64);
    read(20);
    expect(room()).toBe(16);
    give(16);
    expect(room()).toBe(16);
    give(16);
    expect(room()).toBe(0);
  });

  test("that takes all it is given may be given more at once, up to 256 KiB; one that is behind no more than at first", () => {
    const { give, read, room } = client();
    const fill = () => {
      let kib = 0;
      for (let piece = room(); piece > 0; piece = room()) {
        give(piece);
        kib += piece;
      }
      return kib;
    };
    const waits = [1, 2, 3, 4].map(() => {
      const kib = fill();
      read(0);
      return kib;
    });
    expect(waits).toEqual([64, 128, 256, 256]);
    read(40);
    expect(fill()).toBe(16);
  });

  test("is due to be looked at when half of what may wait was given, and while it is behind", () => {
    const { of, give, read } = client();
    give(32);
    expect(isDue(of)).toBe(false);
    give(1);
    expect(isDue(of)).toBe(true);
    read(0);
    expect(isDue(of)).toBe(false);
    read(1);
    expect(isDue(of)).toBe(true);
    expect(isDue(createBacklog(false))).toBe(false);
  });

  test("what is given while the kernel is read counts as if it were not in it", () => {
    const { of, give: more, room } = client();
    more(20);
    const then = before(of, false);
    more(30);
    learn(of, 0, then, 1);
    expect(room()).toBe(34);
  });

  test("is stuck after 8 s in which something waited and none of it was taken", () => {
    const { of, give, read } = client();
    give(64);
    read(10);
    for (let i = 0; i < 15; i++) {
      read(10);
      expect(isStuck(of)).toBe(false);
    }
    read(10);
    expect(isStuck(of)).toBe(true);
  });

  test("that takes a little now and then is never stuck, nor is one that has all it was given", () => {
    const slow = client();
    const quiet = client();
    quiet.give(1);
    slow.give(64);
    let queued = 64;
    for (let i = 1; i < 200; i++) {
      if (i % 15 === 0) queued -= 1;
      slow.read(queued);
      quiet.read(0);
      expect([i, isStuck(slow.of), isStuck(quiet.of)]).toEqual([i, false, false]);
    }
  });

  test("what the socket may still hold here does not count as taken, and counts when it no longer does", () => {
    const { of, give, read } = client();
    give(32);
    for (let i = 0; i < 16; i++) read(30, { held: true });
    expect(isStuck(of)).toBe(false);
    // The kernel is as full as before, but what was held here is in it.
    read(30);
    for (let i = 0; i < 15; i++) read(30);
    expect(isStuck(of)).toBe(false);
    read(30);
    expect(isStuck(of)).toBe(true);
  });

  test("a machine that slept makes nobody stuck", () => {
    const { of, give, read } = client();
    give(64);
    read(10);
    read(10);
    read(10, { seconds: 3_600 });
    read(10, { seconds: -60 });
    expect(isStuck(of)).toBe(false);
  });

  test("that the list overlooks once stays as it was; one that it does not have is given all and judged by others", () => {
    const { of, give, read, room } = client();
    give(64);
    read(64);
    read(undefined);
    expect(room()).toBe(0);
    read(64);
    read(undefined);
    expect(room()).toBe(0);
    read(undefined);
    expect(of.isListed).toBe(false);
    for (let i = 0; i < 40; i++) {
      give(64);
      expect(room()).toBe(64);
    }
    expect(isStuck(of)).toBe(false);
    read(10);
    expect(of.isListed).toBe(true);
  });

  test("that the kernel tells nothing of is given all", () => {
    const { give, room } = client(false);
    for (let i = 0; i < 40; i++) give(64);
    expect(room()).toBe(64);
  });
});
