/** Waiting between attempts: 100 ms, doubled up to 2 s, a fifth at random; a stop ends it at once. */

const FIRST_MS = 100;
const MOST_MS = 2_000;

export function backoff(attempt: number, stop?: AbortSignal): Promise<void> {
  const full = Math.min(FIRST_MS * 2 ** attempt, MOST_MS);
  return sleep(full * (0.8 + Math.random() * 0.4), stop);
}

export function sleep(ms: number, stop?: AbortSignal): Promise<void> {
  if (stop?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop?.addEventListener("abort", end, { once: true });
  });
}
