/** Path choice: Dijkstra over the links that routers report. */
import FlatQueue from 'flatqueue';
import { edgeCost, type PathGraph } from './path-graph.ts';

export interface Path {
  /** Router ids after the source, the target last; empty when source and target are the same. */
  readonly hops: readonly string[];
  readonly cost: number;
}

/** Longest path that is used: protects the wire format (`path` ≤ 32) and forbids absurd detours. */
export const MAX_HOPS = 8;

/** The cheapest paths from one router to all others, as they were when it was made. */
export interface PathTree {
  /** `undefined` when there is no path of at most {@link MAX_HOPS}. */
  to(target: string): Path | undefined;
}

/** A way to a router that the search found. */
interface Label {
  readonly router: number;
  readonly cost: number;
  readonly hops: number;
  readonly from: Label | undefined;
}

/**
 * The cheapest paths from `source`; a link costs its latency in ms + 1 + the cost of the router it
 * enters. `excluded` holds `from>to` edges that just failed.
 *
 * Dijkstra keeps the cheapest way to each router. Where such a way is as long as a path may be, a dearer
 * but shorter one may be what the routers behind it need: only then a second search keeps, for each
 * router, every way that is shorter than all cheaper ones (label setting on cost and hops).
 */
export function shortestPaths(
  graph: PathGraph,
  source: string,
  excluded: ReadonlySet<string> = new Set(),
): PathTree {
  const found = search(graph, source, excluded, false) ?? search(graph, source, excluded, true);
  return {
    to(target) {
      if (target === source) return { hops: [], cost: 0 };
      const number = graph.numberOf(target);
      let label = number === undefined ? undefined : found?.[number];
      if (label === undefined) return undefined;
      const { cost } = label;
      const hops: string[] = [];
      for (; label.from !== undefined; label = label.from) hops.push(graph.idOf(label.router));
      return { hops: hops.reverse(), cost };
    },
  };
}

/** The cheapest label of each router; `undefined` when `withDetours` is needed to be sure. */
function search(
  graph: PathGraph,
  source: string,
  excluded: ReadonlySet<string>,
  withDetours: boolean,
): (Label | undefined)[] | undefined {
  const cheapest = new Array<Label | undefined>(graph.length);
  const start = graph.numberOf(source);
  if (start === undefined) return cheapest;
  // Of the labels taken out of the queue so far, by router: the fewest hops.
  const fewestHops = new Uint8Array(graph.length).fill(MAX_HOPS + 1);
  const bestCost = new Float64Array(graph.length).fill(Infinity);
  const bestHops = new Uint8Array(graph.length).fill(MAX_HOPS + 1);
  const queue = new FlatQueue<Label>();
  queue.push({ router: start, cost: 0, hops: 0, from: undefined }, 0);
  for (let label = queue.pop(); label !== undefined; label = queue.pop()) {
    const { router, cost, hops } = label;
    const isCheapest = cheapest[router] === undefined;
    if (isCheapest) cheapest[router] = label;
    else if (!withDetours || hops >= (fewestHops[router] ?? 0)) continue;
    fewestHops[router] = hops;
    const node = graph.nodeAt(router);
    if (node === undefined || (node.noTraversal && router !== start)) continue;
    if (hops >= MAX_HOPS) {
      if (!withDetours) return undefined;
      continue;
    }
    for (let place = 0; place < node.peers.length; place += 1) {
      const peer = node.peers[place] ?? 0;
      const latencyMs = node.latencyMs[place] ?? Infinity;
      if (latencyMs === Infinity) continue;
      const entered = graph.nodeAt(peer);
      if (entered === undefined) continue;
      const next = cost + edgeCost(latencyMs, entered);
      const known = bestCost[peer] ?? 0;
      const isBetter = next < known || (next === known && hops + 1 < (bestHops[peer] ?? 0));
      if (!isBetter && !(withDetours && hops + 1 < (fewestHops[peer] ?? 0))) continue;
      if (excluded.size > 0 && excluded.has(`${graph.idOf(router)}>${graph.idOf(peer)}`)) continue;
      if (isBetter) {
        bestCost[peer] = next;
        bestHops[peer] = hops + 1;
      }
      queue.push({ router: peer, cost: next, hops: hops + 1, from: label }, next);
    }
  }
  return cheapest;
}

/** Cost of the path from its first router to its last; `undefined` when a link of it is gone. */
export function costOf(graph: PathGraph, path: readonly string[]): number | undefined {
  let cost = 0;
  for (let i = 1; i < path.length; i += 1) {
    const step = graph.costOf(path[i - 1] ?? '', path[i] ?? '');
    if (step === undefined) return undefined;
    cost += step;
  }
  return cost;
}
