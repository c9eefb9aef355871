/**
 * Seeded random numbers, so that a run can be repeated.
 *
 * Ours in forty lines, since a seed that was printed must give the same run with every version of every library.
 * In: a seed in words (`42/breaker-001`). Out: a stream of numbers in [0, 1), and of normal deviates.
 * Source: sfc32 (Chris Doty-Humphrey, PractRand, public domain, RNG_engines.txt of its documentation),
 * its state filled by FNV-1a (RFC 9923); normal deviates by Box and Muller (1958).
 */

/** A number in [0, 1). */
export type Random = () => number;

/** Two different seeds give unrelated streams. */
export function seededRandom(seed: string): Random {
  let a = fnv1a(seed, 0x811c9dc5);
  let b = fnv1a(seed, 0x01234567);
  let c = fnv1a(seed, 0x89abcdef);
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first outputs still show the seed.
  for (let i = 0; i < 15; i += 1) next();
  return next;
}

function fnv1a(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Mean 0, standard deviation 1. */
export function normal(random: Random): number {
  // 1 - u is never 0, so the logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A number from `low` to `high`. */
export function between(low: number, high: number, random: Random): number {
  return low + (high - low) * random();
}

/** One of a list. */
export function pick<T>(values: readonly [T, ...T[]], random: Random): T {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

/** Digits of a lower-case hexadecimal word, as a device makes a boot id. */
export function hex(digits: number, random: Random): string {
  let word = "";
  while (word.length < digits) word += Math.floor(random() * 16).toString(16);
  return word;
}
