import type { Random } from '../../harness/random.ts';
import type { FaultNetwork, FaultNetworkOptions } from '../fault-network.ts';

/** What a run is to do. */
export interface FaultRun {
  readonly network: FaultNetwork;
  readonly random: Random;
  readonly rounds: number;
  readonly seed: number;
  /** Streams at once, and how long each is. */
  readonly streams: number;
  readonly streamBytes: number;
  /** Of outages. */
  readonly minutes: number;
}

/** One kind of fault: one file, named in `index.ts`. */
export interface Scenario {
  /** What happens, in a line. */
  readonly title: string;
  /** How the network is to be. */
  readonly network?: (options: { readonly minutes: number }) => FaultNetworkOptions;
  /** Why it cannot run here; `undefined` if it can. */
  readonly problem?: () => string | undefined;
  /** Throws at the first thing that is not as it must be; resolves with the figures of the report. */
  run(run: FaultRun): Promise<Record<string, unknown>>;
}

/** Median, 99th percentile and largest of some times. */
export function spread(timesMs: readonly number[]): Record<'median' | 'p99' | 'most', number> {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { median: at(0.5), p99: at(0.99), most: at(1) };
}
