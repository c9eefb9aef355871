import { describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { apiVersions } from "./apis/api-versions.ts";
import { metadata } from "./apis/metadata.ts";
import { aBatch } from "./batch.fixture.ts";
import { afterwards, aFolder, aRawClient } from "./raw-client.fixture.ts";
import { read, send, withTopic } from "./requests.fixture.ts";
import { FOLDER_IN_USE } from "./exit-codes.ts";

const MAIN = join(import.meta.dir, "main.ts");

interface Program {
  /** The first line that has `text`; rejects when the program ends without it. */
  line(text: string): Promise<string>;
  output(): string;
  exited: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

function run(args: string[], env: Record<string, string> = {}): Program {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    env: { ...process.env, NODE_ENV: "test", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  afterwards(() => child.kill("SIGKILL"));
  let output = "";
  let wake = Promise.withResolvers<void>();
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) {
      output += Buffer.from(chunk).toString();
      wake.resolve();
      wake = Promise.withResolvers<void>();
    }
  };
  let isOver = false;
  const read = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const exited = read.then(() => child.exited);
  void exited.then(() => {
    isOver = true;
    wake.resolve();
  });
  return {
    async line(text) {
      for (;;) {
        const found = output.split("\n").find((it) => it.includes(text));
        if (found !== undefined) return found;
        if (isOver) throw new Error(`it ended without "${text}": ${output}`);
        await wake.promise;
      }
    },
    output: () => output,
    exited,
    kill: (signal) => child.kill(signal),
  };
}

async function portOf(program: Program): Promise<number> {
  return Number((await program.line("ready on")).match(/ready on 127\.0\.0\.1:(\d+)/)?.[1]);
}

async function aTakenPort(port = 0): Promise<number> {
  const server: Server = createServer();
  afterwards(() => server.close());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", () => resolve());
  await promise;
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

describe("bun run broker", () => {
  test("says in one line that it is ready and where, serves, and ends cleanly on SIGTERM within 2 s", async () => {
    const dataDir = aFolder();
    const program = run(["--port", "0"], { DATA_DIR: dataDir });
    const client = await aRawClient(await portOf(program));
    await client.ask(apiVersions, 0, {});
    const asked = performance.now();
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(program.output()).toMatch(/^ready on 127\.0\.0\.1:\d+, cluster \S{22}, data in \S+\n$/);
  });

  test("ends in one line when the port that it was given is taken", async () => {
    const port = await aTakenPort();
    const program = run(["--port", String(port), "--memory"]);
    expect(await program.exited).toBe(1);
    expect(program.output()).toBe(`127.0.0.1:${port} is taken\n`);
  });

  test("takes the next free port, and says so, when 9092 is taken and was not asked for", async () => {
    await aTakenPort(9092).catch(() => "someone else has it, which is as good");
    const program = run(["--memory"], { BROKER_PORT: "" });
    expect(await portOf(program)).toBeGreaterThan(9092);
    expect(program.output()).toStartWith("port 9092 is taken");
    program.kill("SIGINT");
    expect(await program.exited).toBe(0);
  });

  test("refuses NODE_ENV=production, unless it is told to allow it", async () => {
    const dataDir = aFolder();
    const refused = run(["--port", "0"], { NODE_ENV: "production", DATA_DIR: dataDir });
    expect(await refused.exited).toBe(1);
    expect(refused.output()).toStartWith("NODE_ENV is production");
    expect([...new Bun.Glob("*").scanSync(dataDir)]).toEqual([]);
    const allowed = run(["--port", "0", "--memory", "--allow-production"], { NODE_ENV: "production" });
    expect(await portOf(allowed)).toBeGreaterThan(0);
  });

  test("ends in one line when another broker has the data folder", async () => {
    const data = aFolder();
    await portOf(run(["--port", "0", "--data", data]));
    const second = run(["--port", "0", "--data", data]);
    expect(await second.exited).toBe(FOLDER_IN_USE);
    expect(second.output()).toBe(`${join(data, "broker.db")} is in use by another broker\n`);
  });

  test("ends with how it is used when an argument is wrong", async () => {
    const program = run(["--colour", "red"]);
    expect(await program.exited).toBe(1);
    expect(program.output()).toContain("usage: bun run broker");
    const port = run(["--port", "70000"]);
    expect(await port.exited).toBe(1);
    expect(port.output()).toBe("port: expected a port of 0 to 65535, got 70000\n");
  });

  test("tells clients the address that it is told to advertise", async () => {
    const args = [
      "--port",
      "0",
      "--memory",
      "--advertised-host",
      "broker.example",
      "--advertised-port",
      "1234",
    ];
    const client = await aRawClient(await portOf(run(args)));
    expect(await client.ask(metadata, 1, { topics: [], allowAutoTopicCreation: false })).toMatchObject({
      brokers: [{ host: "broker.example", port: 1234 }],
    });
  });
});

describe("kill -9 under load", () => {
  test("loses no message that was acknowledged, and the broker starts again on the same folder", async () => {
    const data = aFolder();
    const acknowledged: number[] = [];
    let next = 0;
    for (let round = 0; round < 3; round++) {
      const program = run(["--port", "0", "--data", data]);
      const client = await aRawClient(await portOf(program));
      if (round === 0) await withTopic(client, "t");
      const enough = acknowledged.length + 500;
      const sendOn = async () => {
        for (;;) {
          const number = next++;
          const { errorCode } = await send(client, "t", aBatch([`message ${number}`]));
          if (errorCode === 0) acknowledged.push(number);
        }
      };
      const ended = sendOn().catch(() => "the connection has ended");
      while (acknowledged.length < enough) await Bun.sleep(1);
      program.kill("SIGKILL");
      await Promise.all([ended, program.exited]);
    }
    const program = run(["--port", "0", "--data", data]);
    const client = await aRawClient(await portOf(program));
    const found: number[] = [];
    for (let offset = 0, high = 1; offset < high; offset = found.length) {
      const { records, highWatermark } = await read(client, "t", offset);
      for (const [, number] of records.toString("latin1").matchAll(/message (\d+)/g))
        found.push(Number(number));
      high = highWatermark;
    }
    expect(acknowledged.filter((number) => !found.includes(number))).toEqual([]);
    // Nothing twice either: the sender never repeats itself.
    expect(new Set(found).size).toBe(found.length);
    expect(program.output()).not.toContain("damage");
  }, 20_000);
});
