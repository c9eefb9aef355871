/** `bun run explain --diff`: what changes from one registry to another, for programs and for people. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changed } from "../enrich/enrich.case.ts";
import { narrowed, run } from "./explain.fixture.ts";
import { pinnedRegistry } from "../registry/pinned.fixture.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "explain-diff-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, registry: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(registry));
  return path;
}

describe("--diff", () => {
  test("prints only what changes, and how many of how many on stderr", async () => {
    const input = `${changed({})}\n${changed({ "/measurements/temperature": { value: 30 } })}\n{`;
    const { lines, err } = await run(["--diff", file("narrow.json", narrowed())], input);
    expect(lines).toEqual([
      {
        line: 1,
        before: { grade: "GOOD", findings: [] },
        after: { grade: "UNCERTAIN", findings: [expect.objectContaining({ code: "range.operating" })] },
      },
    ]);
    expect(err).toBe("1 of 3 messages change\n");
  });

  test("on a terminal says it in words, and what was found no more and what is now", async () => {
    const diff = ["--diff", file("narrow.json", narrowed())];
    const input = `${changed({})}\n${changed({ "/device_type": "smart_braker" })}\n{`;
    const { out, err } = await run(diff, input, true);
    expect(out).toBe(
      [
        "line 1: smart_breaker, GOOD → UNCERTAIN",
        "  + uncertain: range.operating at /measurements/temperature/value, expected 20..50 degC",
        "",
      ].join("\n"),
    );
    expect(err).toBe("1 of 3 messages change\n");
    expect((await run([...diff, "--json"], input, true)).lines).toHaveLength(1);
    expect((await run([...diff, "--table"], input)).out).toBe(out);
  });

  test("says what a message has become", async () => {
    const registry = pinnedRegistry();
    registry.device_types.thermostat = {
      name: "Thermostat",
      measurements: { setpoint: { quantity: "temperature", unit: "degC" } },
    };
    const sent = { device_id: "t-1", timestamp: "2026-11-24T14:27:08Z", measurements: { setpoint: 21 } };
    const diff = ["--diff", file("thermostat.json", registry)];
    const { out } = await run(diff, JSON.stringify(sent), true);
    const lines = out.split("\n");
    expect(lines[0]).toBe(
      "line 1: unknown → thermostat, UNCERTAIN → GOOD, 0 → 100 % complete, score 0 → 100",
    );
    expect(lines).toContain("  + has setpoint");
    expect(lines.filter((line) => line.startsWith("  - "))).toEqual([
      expect.stringMatching(/^ {2}- no type of registry \S+ has any of setpoint$/),
    ]);
    const broken = await run(diff, '{"device_id":"t-1","timestamp":"x","measurements":{}}', true);
    expect(broken.out).toBe("");
  });

  test("the nearest shape, and the registry's version, are no change", async () => {
    const registry = pinnedRegistry();
    registry.metadata.version = "9.9.9";
    registry.shapes?.push({
      id: "near",
      when: [
        { path: "/hello", op: "exists" },
        { path: "/world", op: "exists" },
      ],
      measurements: { temperature: { from: "/hello" } },
    });
    const input = '{"device_id":"x","hello":1}\n{"device_id":"x","measurements":{"zz":1}}';
    const diff = ["--diff", file("near.json", registry)];
    expect(await run(diff, input)).toMatchObject({ out: "", err: "0 of 2 messages change\n" });
    const near = await run(["--registry", file("near.json", registry)], input);
    expect(near.lines[0].reasons).toContain("the nearest shape is near; it needs /world exists");
  });
});
