/**
 * The README's first command as a newcomer runs it: as written, in a fresh clone, in a terminal; and every way to end it.
 *
 * A SIGTERM to npx reaches nothing of ours: npx and its shell are gone at once, and `dev` has to notice.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts } from "../runtime/port.ts";
import { isAlive } from "../runtime/supervisor-starter.ts";
import { familyOf } from "./dev-process.fixture.ts";
import { plainEnv, ROOT, runProgram, until } from "./processes.fixture.ts";
import { describeWith, partPath } from "./real/parts.fixture.ts";

const MINUTES_2 = 120_000;
let folder = "";
const started: number[] = [];

describeWith(["git", "npx"], "the README's first command in a fresh clone", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "iot-newcomer-"));
    await runProgram([partPath("git"), "clone", "--quiet", ROOT, folder]);
  });
  afterAll(async () => {
    for (const pid of started) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  test(
    "shows the page, and Ctrl-C ends it in order: exit, no process, no port, nothing half-written",
    async () => {
      const running = await inTerminal();
      expect(await (await fetch(running.page)).text()).toContain("IoT Cloud");
      running.terminal?.write("\x03");
      await expectGone(running);
      await expectInOrder();
    },
    MINUTES_2,
  );

  test(
    "a terminal that is closed ends it, and leaves nothing running",
    async () => {
      const running = await inTerminal();
      running.terminal?.close();
      await expectGone(running);
      await expectInOrder();
    },
    MINUTES_2,
  );

  test(
    "starts at once without a network, since it has run before",
    async () => {
      const nowhere = "http://127.0.0.1:9";
      const began = performance.now();
      const command = (await firstCommand()).replace(/run dev$/, "--version").split(" ");
      const { stdout } = Bun.spawn(command, {
        cwd: folder,
        env: { ...plainEnv(), npm_config_proxy: nowhere, npm_config_https_proxy: nowhere },
      });
      expect((await new Response(stdout).text()).trim()).toBe("1.4.5");
      // With its retries npm takes more than a minute.
      expect(performance.now() - began).toBeLessThan(15_000);
    },
    MINUTES_2,
  );

  for (const signal of ["SIGTERM", "SIGKILL"] as const)
    test(
      `npx ended by ${signal} leaves nothing running`,
      async () => {
        const running = await inTerminal();
        process.kill(running.pid, signal);
        await expectGone(running);
        await expectInOrder();
      },
      MINUTES_2,
    );
});

interface Running {
  pid: number;
  family: number[];
  page: string;
  ports: number[];
  terminal: Bun.Terminal | undefined;
}

async function firstCommand(): Promise<string> {
  const [command = ""] =
    /```sh\n(.*?)\s+#/.exec(await Bun.file(join(folder, "README.md")).text())?.slice(1) ?? [];
  expect(command).toMatch(/^npx .* run dev$/);
  return command;
}

/** Until its page answers. */
async function inTerminal(): Promise<Running> {
  const command = await firstCommand();
  let output = "";
  const text = new TextDecoder();
  const child = Bun.spawn(command.split(" "), {
    cwd: folder,
    env: { ...plainEnv(), TERM: "xterm" },
    terminal: {
      cols: 200,
      data(_, bytes) {
        output += text.decode(bytes, { stream: true });
      },
    },
  });
  started.push(child.pid);
  const said = () => Bun.stripANSI(output);
  const page = await until(
    "the banner names the page",
    () => /Dashboard\s+(http:\S+)/.exec(said())?.[1] ?? child.exitCode !== null,
    { withinMs: 90_000 },
  );
  if (page === true) throw new Error(`${command} ended with ${child.exitCode}\n${said()}`);
  const family = await familyOf(child.pid);
  started.push(...family);
  // npx, its shell, bun run, dev, broker, simulator, enrich, dashboard.
  expect(family.length).toBeGreaterThanOrEqual(8);
  const kafka = Number(/Kafka\s+127\.0\.0\.1:(\d+)/.exec(said())?.[1]);
  const { terminal } = child;
  return { pid: child.pid, family, page, ports: [kafka, Number(new URL(page).port)], terminal };
}

async function expectGone({ family, ports }: Running): Promise<void> {
  await until("every process has ended", () => !family.some(isAlive), { withinMs: 10_000 });
  for (const port of ports) expect(await accepts(port)).toBe(false);
}

/** The broker has closed its file: no log of SQLite's beside it. */
async function expectInOrder(): Promise<void> {
  expect(existsSync(join(folder, "data", "broker.db"))).toBe(true);
  expect(existsSync(join(folder, "data", "broker.db-wal"))).toBe(false);
}
