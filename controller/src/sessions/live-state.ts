/** What this controller knows from memory alone: gone with the process, not shared with other controllers. */
import type { ControllerContext } from '../context.ts';
import { createNetworkView, type NetworkView } from '../control/network-view.ts';
import { createFailedRequests, type FailedRequests } from './failed-requests.ts';
import { trackServiceUpdates, type ServiceUpdates } from './service-updates.ts';

export interface LiveState {
  readonly network: NetworkView;
  readonly serviceUpdates: ServiceUpdates;
  readonly failedRequests: FailedRequests;
  close(): void;
}

export function createLiveState(
  ctx: Pick<ControllerContext, 'store' | 'events' | 'clock'>,
): LiveState {
  const serviceUpdates = trackServiceUpdates(ctx);
  return {
    network: createNetworkView(),
    serviceUpdates,
    failedRequests: createFailedRequests(),
    close: () => serviceUpdates.close(),
  };
}
