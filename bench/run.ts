/** `bun run bench [NAME]`: runs bench/NAME.ts in a process of its own; without a name, says which there are; `bench NAME --help` what one asks. */

import { readdirSync } from "node:fs";
import { join } from "node:path";

const NOT_A_BENCH = new Set(["run.ts"]);

const names = readdirSync(import.meta.dir)
  .filter(
    (file) =>
      file.endsWith(".ts") && !file.includes(".test.") && !file.includes(".part.") && !NOT_A_BENCH.has(file),
  )
  .map((file) => file.slice(0, -".ts".length))
  .sort();

const [name, ...rest] = process.argv.slice(2);
const isHelp = (arg: string) => arg === "--help" || arg === "-h";
if (name === undefined || isHelp(name)) {
  for (const one of names) console.log(`bun run bench ${one.padEnd(12)} ${await question(one)}`);
} else if (names.includes(name) && rest.some(isHelp)) {
  console.log(await header(name));
} else if (names.includes(name)) {
  const bench = Bun.spawn([process.execPath, join(import.meta.dir, `${name}.ts`), ...rest], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  // A bench that is stopped cleans up as one that ends.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => bench.kill(signal));
  process.exitCode = await bench.exited;
} else {
  console.error(`no bench ${name}; there are: ${names.join(", ")}`);
  process.exitCode = 1;
}

/** The first sentence of its header. */
async function question(name: string): Promise<string> {
  return (await header(name)).match(/^.*?[.?:](?=\s|$)/s)?.[0]?.replace(/\s*\n\s*/g, " ") ?? "";
}

/** The comment at the head of the file: what is asked, the arguments, what is printed. */
async function header(name: string): Promise<string> {
  const text = await Bun.file(join(import.meta.dir, `${name}.ts`)).text();
  const comment = text.match(/\/\*\*(.*?)\*\//s)?.[1] ?? "";
  return comment.replace(/^[ \t]*\*? ?/gm, "").trim();
}
