/** In-process events that are no model changes (those come from `store.changes`). */
import { EventEmitter } from 'node:events';
import type { CircuitEvent } from '@postern/shared/schemas';

interface EventMap {
  /** An identity was disabled or deleted: end its sign-in sessions and connections. */
  identityEnded: [{ identityId: string; reason: 'disabled' | 'deleted' }];
  /** A router must enrol again or is gone: drop its control connection. */
  routerReset: [{ routerId: string }];
  /** Entities of this kind were written over REST, and committed; for kinds that routers never see. */
  entityWritten: [{ plural: string }];
  /** A router connected to this controller opened or closed a circuit. */
  circuit: [CircuitEvent & { routerId: string }];
}

export type ControllerEvents = EventEmitter<EventMap>;

export function createControllerEvents(): ControllerEvents {
  return new EventEmitter<EventMap>();
}
