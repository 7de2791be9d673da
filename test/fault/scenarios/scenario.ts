import type { FaultNetwork } from '../fault-network.ts';
import type { Random } from '../../harness/random.ts';

/** One kind of fault: one file, named in `index.ts`. */
export interface Scenario {
  /** What happens, in a line. */
  readonly title: string;
  /** Injects the fault while streams run. Resolves when there is nothing more to inject. */
  inject(network: FaultNetwork, random: Random): Promise<void>;
  /** When every stream must have ended. */
  readonly deadlineMs: number;
}
