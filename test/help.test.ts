/** Every command of package.json says how it is used. */
import { describe, expect, test } from "bun:test";
import packageJson from "../package.json" with { type: "json" };

/** Every script, so that a new one has it too: its name, and what Bun is given to run. */
const commands = Object.entries(packageJson.scripts).map(
  ([name, script]) => [name, (script.split(/\bbun (?!install)/).at(-1) ?? "").split(" ")] as const,
);
/** They name the argument, and what there is instead of it. */
const NO_USAGE = ["bench", "soak"];

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
    async (name, program) => {
      for (const flag of ["--help", "-h"]) {
        const { out, err, code } = await run(...program, flag);
        expect({ err, code }).toEqual({ err: "", code: 0 });
        expect(out).toStartWith(name === "bench" ? "bun run bench " : "usage: bun run ");
        expect(out).toContain(`bun run ${name} `);
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
  test.each(commands)(
    "bun run %s refuses it and says what it has",
    async (name, program) => {
      const { out, err, code } = await run(...program, "--hepl");
      expect({ out, code }).toEqual({ out: "", code: 1 });
      expect(err).toContain("--hepl");
      if (!NO_USAGE.includes(name)) expect(err).toContain("usage: bun run ");
    },
    30_000,
  );

  test.each([
    [
      ["--type", "nope"],
      '--type: expected one of smart_breaker, smart_meter, environmental_sensor, found "nope"',
    ],
    [["--id", "x1"], "--type: expected one of smart_breaker, smart_meter, environmental_sensor, found none"],
  ])("bun run simulate %j is refused before anything is started", async (args, fault) => {
    const { out, err, code } = await run("simulator/main.ts", ...args);
    expect({ out, code }).toEqual({ out: "", code: 1 });
    expect(err).toContain(`${fault}\nusage: bun run simulate `);
  });
});
