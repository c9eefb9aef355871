import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import net from "node:net";
import { socketFactory } from "./sockets.ts";

const open: { destroy(): unknown }[] = [];
let server: net.Server | undefined;
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
  server?.close();
});

/** Connections of one client to a server that accepts and says nothing. */
async function connections(count: number, silentMs: number): Promise<net.Socket[]> {
  const listening = net.createServer((socket) => open.push(socket));
  server = listening;
  await once(listening.listen(0, "127.0.0.1"), "listening");
  const { port } = listening.address() as net.AddressInfo;
  const answered: string[] = [];
  const make = socketFactory({ answered: (address) => answered.push(address), ended() {} }, silentMs);
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const connected = Promise.withResolvers<void>();
      // The types promise kafkajs's own options, and want the callback of data as well.
      const socket = make({ host: "127.0.0.1", port, onConnect: connected.resolve } as Parameters<
        typeof make
      >[0]);
      open.push(socket);
      await connected.promise;
      return socket;
    }),
  );
  expect(answered).toEqual([]);
  return sockets as net.Socket[];
}

const NEVER_SILENT = 60_000;
const no = new net.Socket();

/** Resolves at the end of a socket, with the error it ended by. */
function closing(socket: net.Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let reason: string | undefined;
    socket.on("error", ({ message }) => {
      reason = message;
    });
    socket.once("close", () => resolve(reason));
  });
}

describe("connections of a client to one broker", () => {
  test("when one is given up, another that has been silent as long ends with an error", async () => {
    const [given = no, other = no] = await connections(2, 0);
    const ended = closing(other);
    given.destroy();
    expect(await ended).toBe("no answers on another connection to the same broker");
  });

  test("when one is given up, another that has been heard of goes on", async () => {
    const [given = no, other = no] = await connections(2, NEVER_SILENT);
    const closed = closing(given);
    given.destroy();
    await closed;
    expect(other.destroyed).toBe(false);
  });

  test("one that is ended in order, or by an error, says nothing of the others", async () => {
    const [ended = no, other = no, failed = no] = await connections(3, 0);
    const closed = Promise.all([closing(ended), closing(failed)]);
    ended.resume().end();
    failed.destroy(new Error("reset"));
    await closed;
    expect(other.destroyed).toBe(false);
  });

  test("the broker has answered when its first bytes come, not when it is connected to: one that hangs is, too", async () => {
    const listening = net.createServer((socket) => open.push(socket));
    server = listening;
    await once(listening.listen(0, "127.0.0.1"), "listening");
    const { port } = listening.address() as net.AddressInfo;
    const answered: string[] = [];
    const connected = Promise.withResolvers<void>();
    const make = socketFactory({ answered: (address) => answered.push(address), ended() {} });
    const options = { host: "127.0.0.1", port, onConnect: connected.resolve };
    open.push(make(options as Parameters<typeof make>[0]));
    await connected.promise;
    while (open.length < 2) await Bun.sleep(1);
    expect(answered).toEqual([]);
    for (const end of open) if (end instanceof net.Socket && end.localPort === port) end.write("answer");
    while (answered.length === 0) await Bun.sleep(1);
    expect(answered).toEqual([`127.0.0.1:${port}`]);
  });
});
