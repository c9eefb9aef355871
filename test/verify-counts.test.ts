import { expect, test } from "bun:test";
import { add, countsOf, line } from "./verify-counts.ts";

const SUMMARY = `
(pass) one [0.05ms]
 11 pass
 2 skip
 1 todo
 3 fail
 14 expect() calls
Ran 17 tests across 2 files. [15.00ms]
`;

test("the summary of a run gives passed, failed, and what was skipped or left to do", () => {
  expect(countsOf(SUMMARY, 1)).toEqual({ passed: 11, failed: 3, skipped: 3 });
});

test("colours in the summary do not hide its numbers", () => {
  expect(countsOf("\u001b[32m 4 pass\u001b[0m\n\u001b[2m 0 fail\u001b[0m\n", 0)).toEqual({
    passed: 4,
    failed: 0,
    skipped: 0,
  });
});

test("an open control sequence in a test's name hides nothing that follows", () => {
  const output = "(pass) naughty \u009d and \u001b] and \u001bP\n\n 12 pass\n 0 fail\n";
  expect(countsOf(output, 0)).toEqual({ passed: 12, failed: 0, skipped: 0 });
});

test("a run without a summary is a failure even if it ends with 0", () => {
  expect(countsOf("nothing to see\n", 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a file that could not be loaded is a failure", () => {
  expect(countsOf(" 4 pass\n 0 fail\n 1 error\n", 1)).toEqual({ passed: 4, failed: 1, skipped: 0 });
});

test("a run that ends non-zero without a summary is a failure", () => {
  expect(countsOf("a.test.ts:\n(pass) one\n", 3)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a run of no failures that ends non-zero is a failure all the same", () => {
  expect(countsOf(" 4 pass\n 0 fail\n", 137)).toEqual({ passed: 4, failed: 1, skipped: 0 });
});

test("the closing line leaves out skipped where nothing was skipped", () => {
  const some = add({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 });
  expect(line(some)).toBe("3 passed, 1 failed");
  expect(line(add(some, { passed: 0, failed: 0, skipped: 2 }))).toBe("3 passed, 1 failed, 2 skipped");
});
