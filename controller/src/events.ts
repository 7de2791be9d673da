/**
 * Events that are no model changes (those come from `store.changes`). Some reach every controller of
 * the database (`cluster/spread-events.ts`).
 */
import { EventEmitter } from 'node:events';
import type { CircuitEvent } from '@postern/shared/schemas';

interface EventMap {
  /** An identity was disabled or deleted: end its sign-in sessions and connections. */
  identityEnded: [{ identityId: string; reason: 'disabled' | 'deleted' }];
  /** A router must enrol again or is gone: drop its control connection. */
  routerReset: [{ routerId: string }];
  /** Entities of this kind were written over REST, and committed; for kinds that routers never see. */
  entityWritten: [{ plural: string }];
  /** The audit log grew to this number, here or at another controller. */
  recorded: [{ seq: number }];
  /** A router connected to this controller opened or closed a circuit. */
  circuit: [CircuitEvent & { routerId: string }];
  /** A router or identity connected to this controller's control listener: older connections end. */
  peerConnected: [{ role: 'router' | 'identity'; id: string }];
  /** Events of other controllers may have been missed: whoever listens must look at the store again. */
  eventsMissed: [];
}

export type ControllerEvents = EventEmitter<EventMap>;

export function createControllerEvents(): ControllerEvents {
  return new EventEmitter<EventMap>();
}
