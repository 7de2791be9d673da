/**
 * Marks routers offline that went away and did not come back, to this controller or another, and takes for gone
 * what stays away. A router that only cannot reach a controller still has its links and hosts, and circuits go on
 * over it: the others keep knowing of them meanwhile. One that died has no links at its neighbours any more.
 */
import type { Logger } from '@postern/shared/log';
import type { createRouterPresence } from '../cluster/router-presence.ts';
import type { RouterReports } from './router-reports.ts';

/** A router that is away longer is offline; shorter absences (a restart of ours too) go unnoticed. */
const ROUTER_GRACE_MS = 5000;
/** So long what it had counts for the others. */
const ROUTER_GONE_MS = 30 * 60_000;
const ORPHAN_CHECK_MS = 10_000;

export interface RouterGraceOptions {
  readonly presence: Pick<ReturnType<typeof createRouterPresence>, 'orphans'>;
  readonly reports: Pick<RouterReports, 'offline' | 'gone'>;
  /** Whether the router is connected here. */
  readonly isConnected: (routerId: string) => boolean;
  /** Its circuits are gone with it. */
  readonly forget: (routerId: string) => void;
  readonly logger: Logger;
}

export function startRouterGrace(options: RouterGraceOptions): {
  /** The router went away, or was away before: it is offline unless it is back within the grace period. */
  begin(routerId: string): void;
  close(): void;
} {
  const { presence, reports, isConnected, forget, logger } = options;
  const timers = new Map<string, NodeJS.Timeout>();

  const schedule = (routerId: string, afterMs: number, act: () => Promise<void>): void => {
    clearTimeout(timers.get(routerId));
    const timer = setTimeout(() => {
      timers.delete(routerId);
      if (isConnected(routerId)) return;
      act().catch((error: unknown) => {
        logger.error('control.offlineFailed', { routerId, error });
      });
    }, afterMs);
    timer.unref();
    timers.set(routerId, timer);
  };

  const begin = (routerId: string): void => {
    schedule(routerId, ROUTER_GRACE_MS, async () => {
      forget(routerId);
      schedule(routerId, ROUTER_GONE_MS, () => reports.gone(routerId));
      await reports.offline(routerId);
    });
  };

  /** Routers of a controller that ended get the usual time to come back, to any of the others. */
  const orphanTimer = setInterval(() => {
    presence.orphans().then(
      (ids) => ids.filter((id) => !timers.has(id)).forEach(begin),
      (error: unknown) => logger.error('control.orphansFailed', { error }),
    );
  }, ORPHAN_CHECK_MS);
  orphanTimer.unref();

  return {
    begin,
    close: () => {
      clearInterval(orphanTimer);
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
