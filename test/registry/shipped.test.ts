/** What is asked of the shipped registry: that it is taken, with all its examples, and what holds for any. Nothing else hangs on an edit of it. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { loadRegistry } from "../../config/registry-file.ts";
import { rulesOfAny } from "../../registry/rules.case.ts";

const SHIPPED = "config/device-registry.json";

test("the shipped registry is taken, and its own examples hold", async () => {
  const { plan } = await loadRegistry(SHIPPED);
  expect(plan.types.length).toBeGreaterThan(0);
});

rulesOfAny((await loadRegistry(SHIPPED)).registry);

test("no other test, nor what tests share, reads it", () => {
  const own = [
    "test/registry/shipped.test.ts",
    "deploy/containers.test.ts", // compares what compose sets
    "deploy/setup.test.ts", // makes an empty one of that name
  ];
  const files = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(".")].filter(
    (file) =>
      /^(?!node_modules\/).*(?:^test\/|\.(?:test|case|fixture)\.tsx?$)/.test(file) && !own.includes(file),
  );
  expect(files.length).toBeGreaterThan(200);
  const readers = files.filter((file) => readFileSync(file, "utf8").includes('config/device-registry.json"'));
  expect(readers).toEqual([]);
});
