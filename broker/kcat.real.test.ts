/** librdkafka 2.0 by way of kcat. */
import { expect, test } from "bun:test";
import { describeWith, partPath } from "../test/real/parts.fixture.ts";
import { outputOf } from "./foreign-program.fixture.ts";
import { aBroker, aRawClient } from "./raw-client.fixture.ts";
import { read, withTopic } from "./requests.fixture.ts";

const kcat = (port: number, args: string[], input = "") =>
  outputOf([partPath("kcat"), "-b", `127.0.0.1:${port}`, ...args], input);

describeWith(["kcat"], "kcat", () => {
  const lines = Array.from({ length: 500 }, (_, at) => `message ${at} ${"x".repeat(100)}`);

  for (const [at, codec] of ["none", "gzip", "snappy", "lz4", "zstd"].entries()) {
    test(`produces with ${codec}, which stays as it is, and reads it again`, async () => {
      const { port } = await aBroker();
      const client = await aRawClient(port);
      await withTopic(client, "t");
      await kcat(port, ["-P", "-t", "t", "-z", codec], lines.join("\n"));
      const { records } = await read(client, "t", 0);
      expect(records.readInt16BE(21) & 7).toBe(at);
      expect((await kcat(port, ["-C", "-t", "t", "-e", "-q"])).trimEnd().split("\n")).toEqual(lines);
    });
  }

  test("reads in a group and commits, so that a second run finds nothing", async () => {
    const { port } = await aBroker();
    await withTopic(await aRawClient(port), "t", {}, 3);
    await kcat(port, ["-P", "-t", "t"], lines.join("\n"));
    const args = ["-q", "-e", "-X", "auto.offset.reset=earliest", "-G", "g", "t"];
    expect((await kcat(port, args)).trimEnd().split("\n").sort()).toEqual(lines.toSorted());
    expect(await kcat(port, args)).toBe("");
  });

  test("produces idempotently, and asks for offsets by time and for the list of topics", async () => {
    const { port } = await aBroker();
    await withTopic(await aRawClient(port), "t");
    await kcat(port, ["-P", "-t", "t", "-X", "enable.idempotence=true", "-X", "acks=all"], "a\nb\n");
    expect(await kcat(port, ["-Q", "-t", "t:0:1"])).toContain("t [0] offset 0");
    expect(await kcat(port, ["-Q", "-t", "t:0:-1"])).toContain("t [0] offset 2");
    expect(await kcat(port, ["-L"])).toContain('topic "t" with 1 partitions');
  });
});
