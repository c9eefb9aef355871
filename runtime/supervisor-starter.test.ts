import { afterEach, describe, expect, test } from "bun:test";
import { startersOf } from "./supervisor-starter.ts";

const started: Bun.Subprocess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

const row = (pid: number, parent: number, command: string) => ({ pid, parent, command });

describe("whoever started this program", () => {
  test("is npx with its shell and `bun run`; the person's own shell is not", () => {
    const rows = [
      row(1, 0, "/sbin/init"),
      row(10, 1, "-bash"),
      row(20, 10, "npm exec bun@1.4.5 run dev"),
      row(30, 20, "sh -c 'bun' run dev"),
      row(40, 30, "bun run dev"),
    ];
    expect(startersOf(rows, 40)).toEqual([40, 30, 20]);
    const byNode = [row(20, 10, "node /usr/bin/npx x"), row(30, 20, "/bin/sh -c bun dev.ts")];
    expect(startersOf(byNode, 30)).toEqual([30, 20]);
  });

  test("is the parent alone where that is a shell, or where nothing is known of it", () => {
    expect(startersOf([row(10, 1, "-zsh"), row(1, 0, "init")], 10)).toEqual([10]);
    expect(startersOf([row(10, 5, "bun run dev"), row(5, 1, "bash -c bun run dev & sleep 9")], 10)).toEqual([
      10,
    ]);
    expect(startersOf([], 10)).toEqual([10]);
  });

  test("is missed when a runner two levels up is killed with -9", async () => {
    const program =
      'import { watchStarters } from "./runtime/supervisor-starter.ts"; watchStarters(() => { console.log("gone"); process.exit(0) }); console.log("up"); setInterval(() => {}, 1000)';
    const env = { ...process.env, BUN_FEATURE_FLAG_NO_ORPHANS: "0", PROGRAM: program };
    // A runner by its name, with a shell between: the runner is killed, the shell stays.
    const inner = `sh -c '"$BUN" -e "$PROGRAM"; true'`;
    const outer = Bun.spawn(["bash", "-c", `exec -a npm sh -c "$INNER"`], {
      env: { ...env, BUN: process.execPath, INNER: `${inner}; true` },
      stdout: "pipe",
    });
    started.push(outer);
    let text = "";
    for await (const chunk of outer.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text === "up\n") outer.kill("SIGKILL");
    }
    expect(text).toBe("up\ngone\n");
  });
});
