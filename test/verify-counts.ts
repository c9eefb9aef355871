/** The counts of a test run: read from what `bun test` prints, added up, written as the closing line. */

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Colours only: a test's name may hold the start of any other control sequence, and what follows must stay. */
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** `12 passed, 0 failed`, and `, 3 skipped` where there are any. */
export function line({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * Counts from the summary that closes a run. A run that ends non-zero without a failure in its summary, or with no
 * summary at all (a crash, a test that exits), counts as one failure.
 */
export function countsOf(output: string, exitCode: number): Counts {
  const lines = output.replace(COLOUR, "").split("\n");
  const last = (word: string) => {
    const found = lines.findLast((text) => new RegExp(`^ *\\d+ ${word}s?$`).test(text));
    return found === undefined ? undefined : Number.parseInt(found, 10);
  };
  const passed = last("pass");
  const failed = (last("fail") ?? 0) + (last("error") ?? 0);
  const skipped = (last("skip") ?? 0) + (last("todo") ?? 0);
  const bad = exitCode !== 0 || passed === undefined;
  return { passed: passed ?? 0, failed: failed === 0 && bad ? 1 : failed, skipped };
}
