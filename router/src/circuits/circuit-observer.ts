/** Turns circuits' begins and ends into metrics, log lines and controller events. */
import type { Logger } from '@postern/shared/log';
import type { CircuitEvent, CircuitReport } from '@postern/shared/schemas';
import type { RouterMetrics } from '../metrics/metrics.ts';
import type { CircuitObserver } from './circuit-table.ts';
import type { RouterCircuit } from './circuit.ts';
import type { TerminatorCosts } from './terminator-costs.ts';

/** Only the first router of a circuit counts and reports it. */
export function circuitObserver(
  metrics: RouterMetrics,
  logger: Logger,
  report: (event: CircuitEvent) => void,
  traced: (circuit: RouterCircuit, elapsedMs: number, error?: string) => void = () => undefined,
  monotonicMs: () => number = () => performance.now(),
): CircuitObserver {
  const beganMs = new WeakMap<RouterCircuit, number>();
  const elapsedOf = (circuit: RouterCircuit): number => {
    const nowMs = monotonicMs();
    return nowMs - (beganMs.get(circuit) ?? nowMs);
  };
  return {
    began(circuit) {
      beganMs.set(circuit, monotonicMs());
    },
    opened(circuit) {
      const elapsedMs = elapsedOf(circuit);
      traced(circuit, elapsedMs);
      if (!circuit.isIngress) return;
      metrics.dialResult('ok');
      metrics.dialed(elapsedMs / 1000);
      report({ kind: 'opened', ...describe(circuit) });
    },
    closed(circuit, why, joined) {
      const { circuitId, serviceId } = circuit.subject;
      logger.debug('circuit.closed', {
        circuitId,
        serviceId,
        joined,
        code: why.code,
        detail: why.message,
      });
      if (!joined) traced(circuit, elapsedOf(circuit), why.code);
      if (!circuit.isIngress) return;
      if (!joined) {
        metrics.dialResult(why.code);
        return;
      }
      const { bytesToHost, bytesToClient } = circuit;
      metrics.circuitClosed(why.code, bytesToHost, bytesToClient);
      report({
        kind: 'closed',
        ...describe(circuit),
        reason: why.code,
        bytesToHost,
        bytesToClient,
      });
    },
  };
}

/** Counts the open circuits of each terminator, then tells `next`. */
export function countCircuits(costs: TerminatorCosts, next: CircuitObserver): CircuitObserver {
  return {
    opened(circuit) {
      if (circuit.terminatorId !== undefined) costs.opened(circuit.terminatorId);
      next.opened(circuit);
    },
    closed(circuit, why, joined) {
      if (joined && circuit.terminatorId !== undefined) costs.closed(circuit.terminatorId);
      next.closed(circuit, why, joined);
    },
  };
}

/** A circuit as the controller is told of it. */
export function describe(circuit: RouterCircuit): CircuitReport {
  const { circuitId, serviceId, callerId: identityId, sessionId } = circuit.subject;
  const { terminatorId, path } = circuit;
  return {
    circuitId,
    serviceId,
    identityId,
    sessionId,
    path: [...path],
    ...(terminatorId !== undefined && { terminatorId }),
  };
}
