import { setFlagsFromString } from 'node:v8';

/** V8's name for it: the heap may grow to the live heap and so many percent of it. */
export const HEAP_GROWTH_FLAG = '--heap-growing-percent=400';

/**
 * For processes that relay bulk data. V8 counts the memory of buffers against the limit at which it
 * collects the whole heap, but sets that limit from how fast objects, not buffers, are made: a relay
 * with a heap of 30 MB then runs a full collection for each 10 MB relayed, in two thirds of its CPU
 * time (docs/performance.md). With the limit at five times the live heap, the cheap collections of
 * young memory free the buffers first.
 */
export function relaxHeapGrowth(): void {
  setFlagsFromString(HEAP_GROWTH_FLAG);
}
