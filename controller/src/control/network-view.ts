/**
 * What routers tell this controller about circuits now, in memory. Each router's list replaces the
 * one before when it connects; a router that is gone has none. Routers connected to another
 * controller are that one's to know.
 */
import type { CircuitEvent, CircuitReport, Inspection } from '@postern/shared/schemas';
import { NOT_CONNECTED, type RouterQuestion } from './router-questions.ts';

export interface LiveCircuit extends CircuitReport {
  /** The router it began at. */
  readonly routerId: string;
  /** When this controller heard of it. */
  readonly sinceMs: number;
}

/** How to reach a connected router. */
export interface RouterLink {
  closeCircuit(circuitId: string, code: string): void;
  /** Never rejects: see {@link RouterQuestions.ask}. */
  ask(question: RouterQuestion): Promise<Inspection>;
}

/** Circuits kept of one router; further ones are left out of lists. */
const MAX_CIRCUITS_PER_ROUTER = 100_000;

export interface NetworkView {
  /** By id. */
  circuits(): LiveCircuit[];
  circuit(id: string): LiveCircuit | undefined;
  /** Ids of the identities that have a circuit open. */
  callers(): ReadonlySet<string>;
  /** Asks the router a circuit began at to close it; false when it is unknown or out of reach. */
  closeCircuit(id: string, code: string): boolean;
  /** Asks a router; never rejects: one that is not connected here is answered for, with that reason. */
  ask(routerId: string, question: RouterQuestion): Promise<Inspection>;

  /** A router connected; the answer takes it out again. */
  attach(routerId: string, link: RouterLink): () => void;
  /** Replaces the circuits of a router. */
  replace(routerId: string, circuits: readonly CircuitReport[], nowMs: number): void;
  apply(routerId: string, event: CircuitEvent, nowMs: number): void;
  /** A router stayed away: nothing is known of it. */
  forget(routerId: string): void;
}

export function createNetworkView(): NetworkView {
  const byRouter = new Map<string, Map<string, LiveCircuit>>();
  const links = new Map<string, RouterLink>();

  const circuitsOf = (routerId: string): Map<string, LiveCircuit> => {
    const known = byRouter.get(routerId) ?? new Map<string, LiveCircuit>();
    byRouter.set(routerId, known);
    return known;
  };
  const add = (routerId: string, report: CircuitReport, sinceMs: number): void => {
    const circuits = circuitsOf(routerId);
    if (circuits.size < MAX_CIRCUITS_PER_ROUTER)
      circuits.set(report.circuitId, { ...report, routerId, sinceMs });
  };
  const find = (id: string): LiveCircuit | undefined => {
    for (const circuits of byRouter.values()) {
      const circuit = circuits.get(id);
      if (circuit) return circuit;
    }
    return undefined;
  };

  return {
    circuits: () =>
      [...byRouter.values()]
        .flatMap((circuits) => [...circuits.values()])
        .sort((a, b) => (a.circuitId < b.circuitId ? -1 : 1)),
    circuit: find,
    callers: () =>
      new Set(
        [...byRouter.values()].flatMap((circuits) =>
          [...circuits.values()].map(({ identityId }) => identityId),
        ),
      ),
    closeCircuit(id, code) {
      const circuit = find(id);
      const link = circuit && links.get(circuit.routerId);
      link?.closeCircuit(id, code);
      return link !== undefined;
    },
    ask: (routerId, question) =>
      links.get(routerId)?.ask(question) ?? Promise.resolve(NOT_CONNECTED),
    attach(routerId, link) {
      links.set(routerId, link);
      return () => {
        if (links.get(routerId) === link) links.delete(routerId);
      };
    },
    replace(routerId, circuits, nowMs) {
      const before = byRouter.get(routerId);
      byRouter.delete(routerId);
      for (const circuit of circuits)
        add(routerId, circuit, before?.get(circuit.circuitId)?.sinceMs ?? nowMs);
    },
    apply(routerId, { kind, reason: _, bytesToHost: __, bytesToClient: ___, ...report }, nowMs) {
      if (kind === 'opened') add(routerId, report, nowMs);
      else byRouter.get(routerId)?.delete(report.circuitId);
    },
    forget: (routerId) => void byRouter.delete(routerId),
  };
}
