/** Clients that do not read, on real sockets: only the clock is the test's own. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { card, type HubCase, hubCase, PAGE, ticks, until } from "./hub.fixture.ts";

/** 100 KB that are new each time: the kernel's buffers are full after some dozens of them. */
const BIG: typeof PAGE = {
  ...PAGE,
  key: "big",
  cards: [card((now) => `${now} ${"x".repeat(100_000)}`)],
};

let hub: HubCase;
let server: ReturnType<typeof Bun.serve>;
const sockets: Socket[] = [];
beforeEach(() => {
  hub = hubCase();
  server = Bun.serve({
    ...{ port: 0, hostname: "127.0.0.1" },
    fetch: (request, server) => hub.connect(BIG, request, server),
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  hub.stop();
  await server.stop(true);
});

async function connect(): Promise<Socket> {
  const before = hub.clients();
  const socket = createConnection({ port: server.port ?? 0, host: "127.0.0.1" });
  sockets.push(socket);
  socket.on("error", () => {});
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await until("it comes true", () => hub.clients() > before);
  return socket;
}

/** Until what waits for it has waited so long. */
async function tickUntilLate(ms: number): Promise<void> {
  while (hub.longestWait() < ms) {
    hub.tick();
    await Bun.sleep(2);
  }
}

test("one that takes nothing for a minute is cut and its connection closed", async () => {
  const stuck = await connect();
  await tickUntilLate(59_500);
  expect(hub.clients()).toBe(1);
  hub.tick();
  expect([hub.clients(), hub.cut()]).toEqual([0, 1]);
  let closed = false;
  stuck.on("close", () => {
    closed = true;
  });
  stuck.resume();
  await until("it comes true", () => closed);
});

test("one that takes something now and then stays, and gets what is new when it reads", async () => {
  const start = hub.now;
  const slow = await connect();
  let text = "";
  let seq = 0;
  const read = async () => {
    const take = (chunk: Buffer) => {
      text += chunk.toString("latin1");
    };
    slow.on("data", take).resume();
    await until("it comes true", () => ticks(text).at(-1)?.seq === seq);
    slow.pause().off("data", take);
  };
  for (let round = 0; round < 2; round++) {
    await tickUntilLate(40_000);
    text = "";
    seq = (hub.now - start) / 500;
    await read();
    expect(hub.longestWait()).toBe(0);
    // It was far behind: what was made meanwhile was never kept for it.
    expect(ticks(text).some(({ whole }) => whole)).toBe(true);
    expect(ticks(text).length).toBeLessThan(seq);
  }
  expect([hub.clients(), hub.cut()]).toEqual([1, 0]);
}, 20_000);
