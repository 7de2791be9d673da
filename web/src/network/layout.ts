/** Where routers stand on the map: on a circle, those with most links apart from each other. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface MapLink {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** Radius of the circle; the picture is a square of 100 around its middle. */
const RADIUS = 36;

/**
 * Neighbours on the circle are linked where that can be, so that few lines cross: a walk that goes on to the linked
 * router that has fewest links left.
 */
export function placeRouters(
  ids: readonly string[],
  links: readonly MapLink[],
): ReadonlyMap<string, Point> {
  const peers = new Map<string, Set<string>>(ids.map((id) => [id, new Set()]));
  for (const { from, to } of links) {
    peers.get(from)?.add(to);
    peers.get(to)?.add(from);
  }
  const left = new Set([...ids].sort());
  const order: string[] = [];
  while (left.size > 0) {
    const last = order.at(-1);
    const linked = last === undefined ? [] : [...left].filter((id) => peers.get(last)?.has(id));
    const from = linked.length > 0 ? linked : [...left];
    const remaining = (id: string) =>
      [...(peers.get(id) ?? [])].filter((peer) => left.has(peer)).length;
    const next = from.reduce((best, id) => (remaining(id) < remaining(best) ? id : best));
    left.delete(next);
    order.push(next);
  }
  return new Map(
    order.map((id, at) => {
      const angle = (2 * Math.PI * at) / order.length - Math.PI / 2;
      const radius = order.length === 1 ? 0 : RADIUS;
      return [id, { x: radius * Math.cos(angle), y: radius * Math.sin(angle) }];
    }),
  );
}
