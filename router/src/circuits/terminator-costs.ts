/**
 * What load and failures add to the costs of terminators, as this router sees them: its own circuits and
 * dials. Nothing of it is told to others: each router keeps away from what failed for itself.
 */
import { MAX_COST } from './terminators.ts';

/** Per circuit that passes through here (specs/fabric.md §3, as all numbers below). */
const COST_PER_CIRCUIT = 2;
const COST_OF_FAILURE = 20;
const CREDIT_OF_SUCCESS = 2;
const MINUTE_MS = 60_000;
/** What a failure cost falls by each minute, at least; twice as fast with every five minutes without failure. */
const RECOVERY_PER_MINUTE = 10;
const RECOVERY_DOUBLES_MINUTES = 5;
/** Terminators whose failures are remembered; beyond it the one whose first failure is oldest is forgiven. */
const MAX_FAILING = 10_000;

interface Failing {
  cost: number;
  /** When a dial of it last failed. */
  failedMs: number;
  /** Whole minutes since then that `cost` has recovered for. */
  recoveredMinutes: number;
}

export class TerminatorCosts {
  readonly #circuits = new Map<string, number>();
  readonly #failing = new Map<string, Failing>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** 0–65535, to be added to the terminator's own cost. */
  of(terminatorId: string): number {
    const circuits = COST_PER_CIRCUIT * (this.#circuits.get(terminatorId) ?? 0);
    return Math.min(circuits + (this.#recovered(terminatorId)?.cost ?? 0), MAX_COST);
  }

  opened(terminatorId: string): void {
    this.#circuits.set(terminatorId, (this.#circuits.get(terminatorId) ?? 0) + 1);
  }

  closed(terminatorId: string): void {
    const left = (this.#circuits.get(terminatorId) ?? 0) - 1;
    if (left > 0) this.#circuits.set(terminatorId, left);
    else this.#circuits.delete(terminatorId);
  }

  dialFailed(terminatorId: string): void {
    const before = this.#recovered(terminatorId)?.cost ?? 0;
    const cost = Math.min(before + COST_OF_FAILURE, MAX_COST);
    this.#failing.set(terminatorId, { cost, failedMs: this.#nowMs(), recoveredMinutes: 0 });
    if (this.#failing.size <= MAX_FAILING) return;
    for (const oldest of this.#failing.keys()) {
      this.#failing.delete(oldest);
      return;
    }
  }

  dialSucceeded(terminatorId: string): void {
    const failing = this.#recovered(terminatorId);
    if (failing === undefined) return;
    failing.cost -= CREDIT_OF_SUCCESS;
    if (failing.cost <= 0) this.#failing.delete(terminatorId);
  }

  /** Failures of a terminator after what the time since then has taken off. */
  #recovered(terminatorId: string): Failing | undefined {
    const failing = this.#failing.get(terminatorId);
    if (failing === undefined) return undefined;
    const minutes = Math.floor((this.#nowMs() - failing.failedMs) / MINUTE_MS);
    while (failing.recoveredMinutes < minutes && failing.cost > 0) {
      failing.recoveredMinutes += 1;
      const doublings = Math.floor(failing.recoveredMinutes / RECOVERY_DOUBLES_MINUTES);
      failing.cost -= Math.max(RECOVERY_PER_MINUTE, 2 ** doublings);
    }
    if (failing.cost > 0) return failing;
    this.#failing.delete(terminatorId);
    return undefined;
  }
}
