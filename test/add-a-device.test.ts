/** docs/add-a-device.md says what happens: its payload, its type and its shape, tried as it tells. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explain } from "../explain/explain.ts";

const PINNED = "test/registry/device-registry.json";
const page = readFileSync("docs/add-a-device.md", "utf8");
const blocks = (language: string) =>
  [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
const [type = "", shape = ""] = blocks("json");
const [before = "", after = "", faults = "", difference = ""] = blocks("");
const payload = /EOF'\n(.*)\nEOF/.exec(page)?.[1] ?? "";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "add-a-device-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The pinned registry with the page's type, or another, and its shape. */
function tried(name: string, ownType = type, ownShape = shape): string {
  const registry = JSON.parse(readFileSync(PINNED, "utf8"));
  Object.assign(registry.device_types, JSON.parse(`{${ownType}}`));
  registry.shapes.push(JSON.parse(ownShape));
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(registry));
  return path;
}

async function printed(...args: string[]): Promise<string> {
  const pieces: string[] = [];
  const keep = (piece: string) => void pieces.push(piece);
  await explain(["--registry", PINNED, ...args, "--table"], {
    stdin: async () => Buffer.from(payload),
    out: keep,
    err: keep,
    isTerminal: true,
    now: Date.now,
  });
  return pieces.join("").trimEnd();
}

test("the payload is unknown at first", async () => {
  expect(await printed()).toBe(before.trimEnd());
});

test("with the type and the shape it is judged as the page shows", async () => {
  expect(await printed("--registry", tried("try.json"))).toBe(after.trimEnd());
});

test("the faults are those that the page shows", async () => {
  const wrong = type.replace('"unit": "mV"', '"unit": "millivolt"').replace("[20, 400]", "[20, 900]");
  const path = tried("wrong.json", wrong);
  expect((await printed("--registry", path)).replaceAll(path, "config/try.json")).toBe(faults.trimEnd());
});

test("the difference is that of the page", async () => {
  expect(await printed("--diff", tried("diff.json"))).toBe(difference.trimEnd());
});
