/** A second `bun run dev` beside one that runs. */
import { afterEach, expect, test } from "bun:test";
import { dataOf, dev, endAll, running } from "./dev-process.fixture.ts";

afterEach(endAll);

test("in the same folder it ends, says what to do, and speaks of no restart", async () => {
  const first = await dev();
  await running(first);
  const second = await dev({ DATA_DIR: dataOf(first) });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(
    "another dev is running in this folder: stop it, or set DATA_DIR to another one",
  );
  expect(second.output()).not.toContain("restart in");
}, 60_000);
