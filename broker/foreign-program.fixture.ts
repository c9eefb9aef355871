/** Runs a foreign program to its end: what it wrote; an exit code other than 0 is an error with all of it. */
export async function outputOf(command: string[], input = "", withinMs = 60_000): Promise<string> {
  const child = Bun.spawn(command, { stdin: Buffer.from(input), stderr: "pipe", timeout: withinMs });
  const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()];
  const [out = "", problem = ""] = await Promise.all(texts);
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(" ")}: exit ${code}: ${out}${problem}`);
  return out;
}
