/** Path choice: Dijkstra over the links that routers report. */

/** A router as a node of the graph. */
export interface PathNode {
  /** Added whenever a path enters this router, 0–65535. */
  cost: number;
  /** May be an end of a path but not in its middle. */
  noTraversal: boolean;
  /** Neighbour router id → link latency in ms. */
  links: ReadonlyMap<string, number>;
}

export interface Path {
  /** Router ids after the source, the target last; empty when source and target are the same. */
  hops: string[];
  cost: number;
}

/** Longest path that is used: protects the wire format (`path` ≤ 32) and forbids absurd detours. */
export const MAX_HOPS = 8;

/** What an edge of the graph adds to a path: the link, the hop, and the router entered. */
function edgeCost(latencyMs: number, entered: PathNode): number {
  return latencyMs + 1 + entered.cost;
}

/** Cost of the path from the first router to the last; `undefined` when a link of it is gone. */
export function costOf(
  nodes: ReadonlyMap<string, PathNode>,
  path: readonly string[],
): number | undefined {
  let cost = 0;
  for (let i = 1; i < path.length; i += 1) {
    const latencyMs = nodes.get(path[i - 1] ?? '')?.links.get(path[i] ?? '');
    const entered = nodes.get(path[i] ?? '');
    if (latencyMs === undefined || entered === undefined) return undefined;
    cost += edgeCost(latencyMs, entered);
  }
  return cost;
}

/**
 * The cheapest path from `source` to `target`; a link costs its latency in ms + 1. `undefined` when
 * there is none within {@link MAX_HOPS}. `excluded` holds `from>to` edges that just failed.
 *
 * The graph is small (routers, not clients), so the nearest node is found by a linear scan.
 */
export function findPath(
  nodes: ReadonlyMap<string, PathNode>,
  source: string,
  target: string,
  excluded: ReadonlySet<string> = new Set(),
): Path | undefined {
  if (source === target) return { hops: [], cost: 0 };
  const best = new Map<string, { cost: number; hops: string[]; done: boolean }>();
  best.set(source, { cost: 0, hops: [], done: false });
  for (;;) {
    let nearest: [string, { cost: number; hops: string[]; done: boolean }] | undefined;
    for (const entry of best) {
      if (!entry[1].done && (nearest === undefined || entry[1].cost < nearest[1].cost))
        nearest = entry;
    }
    if (nearest === undefined) return undefined;
    const [id, reached] = nearest;
    if (id === target) return { hops: reached.hops, cost: reached.cost };
    reached.done = true;
    const node = nodes.get(id);
    if (node === undefined || reached.hops.length >= MAX_HOPS) continue;
    if (node.noTraversal && id !== source) continue;
    for (const [neighbour, latencyMs] of node.links) {
      const next = nodes.get(neighbour);
      if (next === undefined || excluded.has(`${id}>${neighbour}`)) continue;
      const cost = reached.cost + edgeCost(latencyMs, next);
      const known = best.get(neighbour);
      if (known === undefined || (!known.done && cost < known.cost)) {
        best.set(neighbour, { cost, hops: [...reached.hops, neighbour], done: false });
      }
    }
  }
}
