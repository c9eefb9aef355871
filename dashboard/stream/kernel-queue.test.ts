import { describe, expect, test } from "bun:test";
import { createQueueReader, peerOf, queuesIn } from "./kernel-queue.ts";

/** As Linux 6.18 wrote them; our port is 5001 (1389). */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1389 00000000:0000 0A 00000003:00000000 00:00000000 00000000     0        0 1065 1 000000006b6c7147 100 0 0 10 0
   1: 0100007F:1389 0100007F:A32D 06 00000000:00000000 03:0000090C 00000000     0        0 0 3 000000002a012d6c
   2: 0100007F:1389 0100007F:93E2 01 0001A0F3:00000000 01:00000019 00000000     0        0 2318064 2 00000000d12d4a94 20 4 31 16 8
   3: 0100007F:93E2 0100007F:1389 01 00000000:0000FFC0 02:000ACB31 00000000     0        0 2315922 2 0000000081112a4f 20 5 31 18 -1
   4: 0200000A:1389 0700000A:01BB 08 00000010:00000000 01:00000019 00000000     0        0 2318065 2 00000000d12d4a95 20 4 31 16 8
   5: 0100007F:1388 0100007F:93E3 01 000000FF:00000000 01:00000019 00000000     0        0 2318066 2 00000000d12d4a96 20 4 31 16 8
   6: 0100007F:1389 0100007F:93E4 04 0000FFFF:00000000 01:00000019 00000000     0        0 0 2 00000000d12d4a97 20 4 31 16 8
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:1389 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2316880 1 00000000b2b24306 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:1389 0000000000000000FFFF00000100007F:EC50 01 00000400:00000000 02:000AF97E 00000000     0        0 2318064 2 00000000d12d4a94 20 4 31 16 8
   2: B80D0120000000000000000001000000:1389 B80D0120000000000000000002000000:EC51 01 00000000:00000000 02:000AF97E 00000000     0        0 2318065 2 00000000d12d4a94 20 4 31 16 8
`;

describe("the kernel's queues", () => {
  test("are read for the peers of our port that may still be sent to, and for no one else", () => {
    expect(queuesIn(TCP + TCP6, 5001)).toEqual(
      new Map([
        ["0100007F:93E2", 0x1a0f3],
        ["0700000A:01BB", 16],
        ["0100007F:EC50", 1_024],
        ["B80D0120000000000000000002000000:EC51", 0],
      ]),
    );
    expect(queuesIn(TCP + TCP6, 80)).toEqual(new Map());
    expect(queuesIn("", 5001)).toEqual(new Map());
  });

  test("name a peer as its address and port do", () => {
    expect(peerOf("127.0.0.1", 37_858)).toBe("0100007F:93E2");
    expect(peerOf("10.0.0.7", 443)).toBe("0700000A:01BB");
    expect(peerOf("::ffff:127.0.0.1", 60_496)).toBe("0100007F:EC50");
    expect(peerOf("::FFFF:7f00:1", 60_496)).toBe("0100007F:EC50");
    expect(peerOf("2001:db8::2", 60_497)).toBe("B80D0120000000000000000002000000:EC51");
    expect(peerOf("2001:db8:0:0:0:0:0:2", 60_497)).toBe("B80D0120000000000000000002000000:EC51");
    expect(peerOf("fe80::1%eth0", 1)).toBe("000080FE000000000000000001000000:0001");
    expect(peerOf("::1", 1)).toBe("00000000000000000000000001000000:0001");
    for (const address of [
      "",
      "/run/socket",
      "1.2.3",
      "1.2.3.256",
      "a.b.c.d",
      "1:2:3:4:5:6:7:8:9",
      "::1.2.3",
    ])
      expect([address, peerOf(address, 1)]).toEqual([address, undefined]);
  });

  test.skipIf(process.platform !== "linux")(
    "hold what a peer does not read, and nothing of one that does",
    async () => {
      const sockets: Bun.Socket[] = [];
      const server = Bun.listen({
        hostname: "127.0.0.1",
        port: 0,
        socket: { open: (socket) => void sockets.push(socket), data() {} },
      });
      const read = createQueueReader();
      const connect = () => Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: { data() {} } });
      const [reads, stuck] = [await connect(), await connect()];
      stuck.pause();
      const until = async (holds: () => boolean | Promise<boolean>) => {
        for (const deadline = Date.now() + 5_000; !(await holds()); await Bun.sleep(10))
          if (Date.now() > deadline) throw new Error("not within 5 s");
      };
      await until(() => sockets.length === 2);
      for (const socket of sockets) socket.write(new Uint8Array(1 << 20));
      const of = async (client: Bun.Socket) =>
        (await read(server.port))?.get(peerOf("127.0.0.1", client.localPort) ?? "") ?? Number.NaN;
      await until(async () => (await of(stuck)) > 262_144 && (await of(reads)) === 0);
      for (const socket of [reads, stuck]) socket.terminate();
      await until(async () => (await read(server.port))?.size === 0);
      server.stop(true);
    },
  );
});
