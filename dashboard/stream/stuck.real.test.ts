import { expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { setKafka } from "../model/view.ts";
import { seeded, send } from "../seeded.case.ts";
import { serveDashboard } from "../serve.case.ts";
import { createQueueReader, peerOf } from "./kernel-queue.ts";

const isLinux = process.platform === "linux";
const LIMIT_MS = 15_000;
const LIMIT_BYTES = 262_144;

test.skipIf(!isLinux)(
  "a client that never reads is dropped within 15 s of its connect and costs 256 KiB; one that reads slowly stays, and what it reads is new",
  async () => {
    const view = seeded();
    const served = await serveDashboard({ view });
    let sent = 10_000;
    const feed = setInterval(() => {
      for (let i = 0; i < 8; i++) send(view, sent++);
      setKafka(view, true, Date.now());
    }, 250);
    const connect = (): Socket => {
      const socket = createConnection({ port: served.port, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.write(`GET /live/overview HTTP/1.1\r\nHost: 127.0.0.1:${served.port}\r\n\r\n`);
      return socket;
    };
    try {
      const ages = readSlowly(connect());
      const began = performance.now();
      const stuck = connect();
      stuck.pause();
      const peer = () => peerOf("127.0.0.1", stuck.localPort ?? 0) ?? "";
      const read = createQueueReader();
      let most = 0;
      let dropped: number | undefined;
      while (performance.now() - began < LIMIT_MS) {
        const queued = (await read(served.port))?.get(peer());
        most = Math.max(most, queued ?? 0);
        if (queued === undefined && most > 0) dropped ??= performance.now() - began;
        await Bun.sleep(50);
      }
      expect(dropped).toBeWithin(0, LIMIT_MS);
      expect(most).toBeWithin(1, LIMIT_BYTES);
      expect(served.clients()).toBe(1);
      expect(ages.length).toBeGreaterThan(3);
      // Its own kernel's buffer is full of frames too.
      expect(Math.max(...ages)).toBeLessThan(12_000);
      stuck.destroy();
    } finally {
      clearInterval(feed);
      await served.stop();
    }
  },
  40_000,
);

/** 16 KiB a second; gives the age of each frame when it was read, ms. */
function readSlowly(socket: Socket): number[] {
  const ages: number[] = [];
  socket.pause();
  const timer = setInterval(() => {
    const chunk: Buffer | null = socket.read(8_192);
    for (const [, at] of chunk?.toString("latin1").matchAll(/event: iot:tick\ndata: \{"now":(\d+),/g) ?? [])
      ages.push(Date.now() - Number(at));
  }, 500);
  socket.on("close", () => clearInterval(timer));
  return ages;
}
