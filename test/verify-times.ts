/** What each test file took: read from the file that `bun test --update-timings` writes, shown as the slowest ten. */

/** One line each, longest first; [] where a run was ended before it could write. */
export function slowest(written: string | undefined, count = 10): string[] {
  if (written === undefined) return [];
  const { files } = JSON.parse(written) as { files: Record<string, number> };
  const all = Object.entries(files).sort(([, a], [, b]) => b - a);
  const total = all.reduce((sum, [, ms]) => sum + ms, 0);
  return all
    .slice(0, count)
    .map(
      ([file, ms]) =>
        `${seconds(ms).padStart(7)} s ${String(Math.round((100 * ms) / total)).padStart(3)} %  ${file}`,
    );
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
