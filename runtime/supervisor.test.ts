import { afterEach, describe, expect, test } from "bun:test";
import { restartDelayMs, Supervisor } from "./supervisor.ts";

let supervisor: Supervisor | undefined;
const lines: string[] = [];
const start = (): Supervisor => {
  lines.length = 0;
  const started = new Supervisor(5, (text) => lines.push(text), false);
  supervisor = started;
  return started;
};
const program = (code: string) => ({ name: "child", args: ["-e", code], env: {} });
const LASTING =
  "process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); console.log('up'); setInterval(() => {}, 1000)";

async function seen(text: string, times = 1): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (lines.filter((line) => line.includes(text)).length < times) {
    if (Date.now() > deadline) throw new Error(`did not see ${text} ${times} times in: ${lines.join("")}`);
    await Bun.sleep(10);
  }
}

afterEach(() => supervisor?.kill());

describe("Supervisor", () => {
  test("the delay doubles from 0.5 s and stays at 15 s", () => {
    expect([1, 2, 3, 5, 6, 50].map(restartDelayMs)).toEqual([500, 1000, 2000, 8000, 15_000, 15_000]);
  });

  test("output is prefixed line by line, also a last line without its newline", async () => {
    const code = await start().once(program("process.stdout.write('one\\ntwo'); process.exit(3)"));
    expect(code).toBe(3);
    expect(lines).toEqual(["child │ one\n", "child │ two\n"]);
  });

  test("a child that ends is said and started again", async () => {
    const running = start();
    running.keep(program("console.log('up'); process.exit(7)"));
    await seen("ended with 7, restart in 0.5 s");
    await seen("up", 2);
    await running.stop();
  });

  test("stop asks with SIGTERM, waits, and does not restart", async () => {
    const running = start();
    running.keep(program(LASTING));
    await seen("up");
    await running.stop();
    expect(lines.join("")).toContain("bye");
    expect(lines.join("")).not.toContain("restart");
  });

  test("stop does not wait for a back-off", async () => {
    const running = start();
    running.keep(program("process.exit(1)"));
    await seen("restart in 2 s");
    const before = performance.now();
    await running.stop();
    expect(performance.now() - before).toBeLessThan(1_500);
  });
});
