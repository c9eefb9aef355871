/**
 * Environment of a Bun process that allocates megabytes for each batch and drops them: the enricher's. To be set before it starts.
 *
 * Freed pages stay for a second, since the next batch wants them (a tenth of the CPU: system time for page faults); the heap may
 * double between collections, not grow fourfold (190 instead of up to 290 MiB at full tilt). Figures: bench/README.md, "loop".
 * Source: mimalloc's and JavaScriptCore's options, as Bun 1.4.5 has them.
 */
export const HEAP_ENV = {
  MIMALLOC_PURGE_DELAY: "1000",
  BUN_JSC_heapGrowthMaxIncrease: "1",
};
