import { systemClock, type Clock } from '@postern/shared/protocol/channel';

/** Time as a router sees it, injected so that a simulation can run it. */
export interface RouterClock extends Clock {
  /** Milliseconds that only grow, for round trips; since whenever. */
  monotonicMs(): number;
}

export const systemRouterClock: RouterClock = {
  ...systemClock,
  monotonicMs: () => performance.now(),
};
