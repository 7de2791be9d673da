/** Carries the events that concern every controller to the others of the same database. */
import type { Logger } from '@postern/shared/log';
import type { ControllerEvents } from '../events.ts';
import type { Store } from '../store/store.ts';

/**
 * The others need no word of the rest: what follows from them is in the database (`identityEnded`), or
 * they are about this controller's own connections (`circuit`).
 */
const SPREAD = ['routerReset', 'entityWritten', 'peerConnected', 'recorded'] as const;

/** Returns the function that stops it. Does nothing where there is one controller alone. */
export function spreadEvents(events: ControllerEvents, store: Store, logger: Logger): () => void {
  const { peers, db } = store;
  if (!peers) return () => undefined;
  let receiving = false;
  const emitHere = (emit: () => void): void => {
    receiving = true;
    try {
      emit();
    } finally {
      receiving = false;
    }
  };
  const stops = SPREAD.map((name): (() => unknown) => {
    const send = (payload: unknown): void => {
      if (receiving) return;
      peers.send(db, { type: 'event', name, payload }).catch((error: unknown) => {
        logger.warn('cluster.eventNotSent', { name, error });
      });
    };
    events.on(name, send);
    return () => events.off(name, send);
  });
  stops.push(
    peers.subscribe((message) => {
      if (message.type !== 'event') return;
      const name = SPREAD.find((known) => known === message.name);
      // Written by a controller of this version or another; its listeners read members they know.
      if (name) emitHere(() => events.emit(name, message.payload as never));
    }),
    peers.onGap(() => events.emit('eventsMissed')),
  );
  return () => {
    for (const stop of stops) stop();
  };
}
