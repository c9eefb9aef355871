/** docs/settings.md names every variable that anything reads: the programs, Connect's pipeline, the containers. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

const documented = new Set(
  read("docs/settings.md")
    .match(/`[A-Z][A-Z0-9_]+`/g)
    ?.map((name) => name.slice(1, -1)),
);

function read(path: string): string {
  return readFileSync(path, "utf8");
}

function namesIn(path: string, form: RegExp): string[] {
  return [...new Set([...read(path).matchAll(form)].map((match) => match[1] ?? ""))].sort();
}

test.each([
  ["connect/pipeline.yaml", /\$\{([A-Z][A-Z0-9_]*)/g],
  ["docker-compose.yml", /\$\{([A-Z][A-Z0-9_]*)/g],
  // Members of the reader, by the name that they read.
  ["config/env.ts", /"((?:KAFKA|TOPIC|SIM|DATA|LOG|HEALTH|ALLOWED)_[A-Z_]+|HOST|PORT|REGISTRY)"/g],
  ["broker/main.ts", /process\.env\.((?:BROKER|DATA)_[A-Z_]+)/g],
])("%s reads nothing that docs/settings.md does not name", (path, form) => {
  const names = namesIn(path, form);
  expect(names.length).toBeGreaterThan(2);
  expect(names.filter((name) => !documented.has(name))).toEqual([]);
});

test("docs/settings.md names nothing that nobody reads", () => {
  const sources = [
    "connect/pipeline.yaml",
    "docker-compose.yml",
    "config/env.ts",
    "broker/main.ts",
    "runtime/heap.env",
  ]
    .map(read)
    .join("\n");
  expect([...documented].filter((name) => name !== "INFO" && !sources.includes(name))).toEqual([]);
});
