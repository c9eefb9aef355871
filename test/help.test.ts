/** Every command of package.json says how it is used. */
import { describe, expect, test } from "bun:test";
import packageJson from "../package.json" with { type: "json" };

/** Those without arguments that end by themselves. */
const NO_HELP = ["verify", "verify:real", "schemas", "transform", "screenshots"];
const commands = Object.entries(packageJson.scripts)
  .filter(([name]) => !NO_HELP.includes(name))
  .map(([name, script]) => [name, script.split(" bun ").at(-1)?.replace(/^bun /, "") ?? ""] as const);

async function run(...args: string[]) {
  // Were it to start in earnest, it would find no broker and be ended.
  const child = Bun.spawn([process.execPath, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    timeout: 10_000,
    env: { ...process.env, KAFKA_BROKERS: "127.0.0.1:9" },
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

describe("--help", () => {
  test.each(commands)(
    "bun run %s",
    async (name, file) => {
      for (const flag of ["--help", "-h"]) {
        const { out, err, code } = await run(file, flag);
        expect({ err, code }).toEqual({ err: "", code: 0 });
        expect(out).toStartWith(name === "bench" ? "bun run bench " : `usage: bun run ${name} `);
      }
    },
    30_000,
  );

  test("bun run bench NAME --help prints the header of that bench and runs nothing", async () => {
    const { out, err, code } = await run("bench/run.ts", "mutate", "--help");
    expect({ err, code }).toEqual({ err: "", code: 0 });
    expect(out).toStartWith("Does any mutation of a good message crash `enrich()`");
    expect(out).toContain("bun run bench mutate [COUNT] [SEED]");
  }, 30_000);
});

describe("an argument that a command has not", () => {
  test.each(["dev.ts", "enrich/main.ts", "dashboard/main.ts", "runtime/topics.ts", "simulator/main.ts"])(
    "%s refuses it and says what it has",
    async (file) => {
      const { out, err, code } = await run(file, "--hepl");
      expect(code).toBe(1);
      expect(out + err).toContain("--hepl");
      expect(out + err).toContain("usage: bun run ");
    },
    30_000,
  );
});
