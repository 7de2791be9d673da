/** When the services that somebody sees may last have changed: SDKs poll it and then list again. */
import type { EntityKind } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';

const RELEVANT: ReadonlySet<EntityKind> = new Set<EntityKind>([
  'identity',
  'service',
  'servicePolicy',
  'edgeRouterPolicy',
  'serviceEdgeRouterPolicy',
]);
/** Not pushed to routers, hence in no delta. */
const RELEVANT_PLURALS: ReadonlySet<string> = new Set([
  'configs',
  'config-types',
  'posture-checks',
  'service-configs',
]);

export interface ServiceUpdates {
  /** Milliseconds since 1970; grows with each relevant change, and at a restart. */
  readonly lastChangeAtMs: number;
  close(): void;
}

export function trackServiceUpdates({
  store,
  events,
  clock,
}: Pick<ControllerContext, 'store' | 'events' | 'clock'>): ServiceUpdates {
  let lastChangeAtMs = clock();
  const bump = (): void => {
    lastChangeAtMs = Math.max(lastChangeAtMs + 1, clock());
  };
  const unsubscribe = store.changes.subscribe(({ changes }) => {
    if (changes.some(({ kind }) => RELEVANT.has(kind))) bump();
  });
  const onWritten = ({ plural }: { plural: string }): void => {
    if (RELEVANT_PLURALS.has(plural)) bump();
  };
  events.on('entityWritten', onWritten);
  events.on('eventsMissed', bump);
  return {
    get lastChangeAtMs() {
      return lastChangeAtMs;
    },
    close: () => {
      unsubscribe();
      events.off('entityWritten', onWritten);
      events.off('eventsMissed', bump);
    },
  };
}
