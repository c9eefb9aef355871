import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLAIMS, claim, claimPort, isOurs } from "./supervisor-ports.ts";

const started: Bun.Subprocess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A free port that another process has claimed, and does not listen on: its service is between two lives. */
async function claimedElsewhere() {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  const program = `import { claim } from "./runtime/supervisor-ports.ts"; console.log(claim(${port})); setInterval(() => {}, 1000)`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  started.push(child);
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("true\n");
  return { port, child };
}

describe("a port that another dev has given its services", () => {
  test("is left alone though nobody listens on it, and the next one that was not promised is taken", async () => {
    const { port } = await claimedElsewhere();
    expect(claim(port)).toBe(false);
    const chosen = claimPort("127.0.0.1", port, false, "PORT", new Set([port + 1]));
    expect(chosen).toBeGreaterThan(port + 1);
    expect(claim(chosen)).toBe(true);
  });

  test("is free when that dev is gone, also by -9", async () => {
    const { port, child } = await claimedElsewhere();
    child.kill("SIGKILL");
    await child.exited;
    expect(claimPort("127.0.0.1", port, false, "PORT")).toBe(port);
  });

  test("is free when nobody can be behind its claim", async () => {
    const { port, child } = await claimedElsewhere();
    child.kill("SIGKILL");
    await child.exited;
    for (const text of ["", "none", "-1", "0"]) {
      writeFileSync(join(CLAIMS, `${port}`), text);
      expect(claim(port)).toBe(true);
    }
    expect(readdirSync(CLAIMS).filter((name) => name.startsWith(`${port}.`))).toEqual([]);
  });

  test("that a person set is taken at its word", async () => {
    const { port } = await claimedElsewhere();
    expect(claimPort("127.0.0.1", port, true, "PORT")).toBe(port);
  });
});

test("a folder or link of another user's by that name, or one that others may write into, is not written to", () => {
  const parent = mkdtempSync(join(tmpdir(), "claims-"));
  const at = (name: string) => join(parent, name);
  mkdirSync(at("target"));
  symlinkSync(at("target"), at("link"));
  symlinkSync(at("nowhere"), at("dangling"));
  mkdirSync(at("open"));
  chmodSync(at("open"), 0o777);
  writeFileSync(at("file"), "");
  for (const name of ["link", "dangling", "open", "file", "missing/deeper"])
    expect([name, isOurs(at(name))]).toEqual([name, false]);
  expect(isOurs(at("own"))).toBe(true);
  expect(statSync(at("own")).mode & 0o777).toBe(0o700);
  rmSync(parent, { recursive: true });
});
