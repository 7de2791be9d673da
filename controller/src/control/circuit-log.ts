/** The latest circuit events, in memory: enough for an operator to see what happens now. */
import type { CircuitEvent } from '@postern/shared/schemas';

export interface LoggedCircuitEvent extends CircuitEvent {
  readonly routerId: string;
  readonly atMs: number;
}

export interface CircuitLog {
  add(event: LoggedCircuitEvent): void;
  /** Oldest first. */
  recent(): readonly LoggedCircuitEvent[];
}

const DEFAULT_CIRCUIT_EVENTS = 1000;

export function createCircuitLog(maxEvents: number = DEFAULT_CIRCUIT_EVENTS): CircuitLog {
  const events: LoggedCircuitEvent[] = [];
  return {
    add: (event) => {
      events.push(event);
      if (events.length > maxEvents) events.shift();
    },
    recent: () => events,
  };
}
