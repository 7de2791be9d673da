/** The links that routers report. Both ends report each: it is one link with two latencies. */
import type { EdgeRouter } from '../model/edge-routers.ts';

export interface LinkView {
  readonly id: string;
  /** The router with the smaller id, which is the one that dials. */
  readonly source: EdgeRouter;
  readonly destination: EdgeRouter;
  /** Beside latencies; 1 when nobody made it dearer. */
  readonly staticCost: number;
  readonly sourceLatencyMs: number;
  readonly destinationLatencyMs: number;
}

export function linksOf(routers: readonly EdgeRouter[]): LinkView[] {
  const byId = new Map(routers.map((router) => [router.id, router]));
  const found = new Map<string, LinkView>();
  for (const router of routers) {
    if (!router.isOnline) continue;
    for (const { id, peerId, latencyMs, staticCost = 1 } of router.links) {
      const peer = byId.get(peerId);
      if (!peer || found.has(id)) continue;
      const back = peer.links.find((link) => link.id === id)?.latencyMs ?? latencyMs;
      const isSource = router.id < peerId;
      found.set(id, {
        id,
        source: isSource ? router : peer,
        destination: isSource ? peer : router,
        staticCost,
        sourceLatencyMs: isSource ? latencyMs : back,
        destinationLatencyMs: isSource ? back : latencyMs,
      });
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The link between two routers, if one is up. */
export function linkBetween(links: readonly LinkView[], a: string, b: string) {
  return links.find(
    ({ source, destination }) =>
      (source.id === a && destination.id === b) || (source.id === b && destination.id === a),
  );
}
