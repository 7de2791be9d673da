/**
 * Moves circuits to better ways, gently: few at a time, for a real gain, never to and fro. A circuit is
 * moved by closing it with `ERR_CIRCUIT_MOVED`: its ends, which keep what is not acknowledged, go on over
 * a new one within a round trip.
 */
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { RouterLimits } from '../config.ts';
import type { CircuitTable } from './circuit-table.ts';
import type { RouterCircuit } from './circuit.ts';
import type { Topology } from './topology.ts';

const MOVED: CloseReason = {
  code: 'ERR_CIRCUIT_MOVED',
  message: 'there is a better way',
  retryable: true,
};

interface PathImproverDeps {
  table: CircuitTable;
  topology: Topology;
  limits: Pick<RouterLimits, 'rerouteCycleMs' | 'rerouteMinGain' | 'reroutesPerCycle'>;
  nowMs: () => number;
}

export class PathImprover {
  readonly #deps: PathImproverDeps;
  /** Circuits for which the last cycle saw a better way too: a latency that jumps moves nothing. */
  #seenBefore: ReadonlySet<string> = new Set();

  constructor(deps: PathImproverDeps) {
    this.#deps = deps;
  }

  /** To be called once a cycle. Returns the number of circuits moved. */
  cycle(): number {
    const { table, limits } = this.#deps;
    const better = [...table.values()]
      .map((circuit) => ({ circuit, gain: this.#gain(circuit) }))
      .filter(({ gain }) => gain >= limits.rerouteMinGain)
      .sort((a, b) => b.gain - a.gain);
    const due = better
      .filter(({ circuit }) => this.#seenBefore.has(circuit.subject.circuitId))
      .slice(0, limits.reroutesPerCycle);
    this.#seenBefore = new Set(better.map(({ circuit }) => circuit.subject.circuitId));
    for (const { circuit } of due) table.close(circuit, MOVED);
    return due.length;
  }

  /** What the cheapest way would save; 0 for a circuit that stays, as one does that is younger than a cycle. */
  #gain(circuit: RouterCircuit): number {
    const { topology, limits, nowMs } = this.#deps;
    const { isIngress, isMovable, state, path, openedMs } = circuit;
    if (!isIngress || !isMovable || state !== 'open') return 0;
    if (nowMs() - openedMs < limits.rerouteCycleMs) return 0;
    const target = path.at(-1);
    const cost = topology.costOf(path);
    const best = target === undefined ? undefined : topology.pathTo(target);
    // A way that is broken is not improved: whoever sees the break ends the circuit.
    return cost === undefined || best === undefined ? 0 : cost - best.cost;
  }
}
