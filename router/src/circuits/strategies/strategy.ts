/**
 * What a terminator strategy is: a choice among equals by precedence. Whoever asks has already left out
 * what the caller may not reach, what cannot be reached, and every class but the best one, so that no
 * strategy can prefer a failed terminator to a healthy one.
 */
import type { TerminatorCandidate } from '../terminators.ts';

/** A terminator that can be reached, with what it costs to use it now. */
export interface RankedTerminator<T extends TerminatorCandidate = TerminatorCandidate> {
  readonly terminator: T;
  /** Its own cost + what its load and failures add + the path to it. */
  readonly cost: number;
}

/** One dial, as far as it matters to the choice. */
export interface StrategyDial {
  readonly serviceId: string;
  readonly callerId: string;
  /** What the caller was given when it dialed before ({@link TerminatorStrategy.token}), if it brings it. */
  readonly token: Uint8Array | undefined;
}

/** At least one, the cheapest first. */
export type Ranked<T extends TerminatorCandidate = TerminatorCandidate> = readonly [
  RankedTerminator<T>,
  ...RankedTerminator<T>[],
];

/** One instance serves all services and dials of a router: what it keeps must be bounded. */
export interface TerminatorStrategy {
  choose<T extends TerminatorCandidate>(best: Ranked<T>, dial: StrategyDial): RankedTerminator<T>;
  /** Called when a terminator it chose took the circuit. Optional. */
  joined?(terminator: TerminatorCandidate, dial: StrategyDial): void;
  /** What the caller may bring to its next dial. Optional; absent: nothing. */
  token?(terminator: TerminatorCandidate): Uint8Array;
}

/** Uniform in [0, 1). */
export type Random = () => number;
