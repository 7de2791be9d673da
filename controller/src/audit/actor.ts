/** Who is acting, carried along asynchronous calls so that no writer has to pass it on. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Actor {
  /** `system`: the controller itself; `anonymous`: a caller that has not proved who it is. */
  readonly kind: 'identity' | 'router' | 'anonymous' | 'system';
  /** Id of the identity or router; empty for the others. */
  readonly id: string;
  /** API session or sign-in session; empty where there is none. */
  readonly sessionId: string;
  /** IP address the request came from; empty for the controller's own work. */
  readonly address: string;
}

export const SYSTEM: Actor = { kind: 'system', id: '', sessionId: '', address: '' };

const current = new AsyncLocalStorage<Actor>();

/** Runs `work`, and all it awaits, as `actor`. */
export function runAs<T>(actor: Actor, work: () => T): T {
  return current.run(actor, work);
}

/** The actor of the running call; the controller itself when nobody was named. */
export function currentActor(): Actor {
  return current.getStore() ?? SYSTEM;
}
