/** The oracle of path choice: what it costs to reach each router, by relaxing every edge once a hop. */
import type { PathNode } from '../../router/src/circuits/path-graph.ts';

interface NaiveOptions {
  readonly maxHops: number;
  /** `from>to` edges that do not count. */
  readonly excluded?: ReadonlySet<string>;
}

/** Router id → cost of the cheapest path of at most `maxHops` from `source`; the source is left out. */
export function naivePaths(
  nodes: ReadonlyMap<string, PathNode>,
  source: string,
  { maxHops, excluded }: NaiveOptions,
): Map<string, number> {
  let costs = new Map(nodes.has(source) ? [[source, 0]] : []);
  for (let hop = 0; hop < maxHops; hop += 1) {
    const further = new Map(costs);
    for (const [from, cost] of costs) {
      const node = nodes.get(from);
      if (node === undefined || (node.noTraversal && from !== source)) continue;
      for (const [to, there] of node.links) {
        const entered = nodes.get(to);
        const back = entered?.links.get(from);
        if (entered === undefined || back === undefined || excluded?.has(`${from}>${to}`) === true)
          continue;
        const reached = cost + Math.max(there, back) + 1 + entered.cost;
        if (reached < (further.get(to) ?? Infinity)) further.set(to, reached);
      }
    }
    costs = further;
  }
  costs.delete(source);
  return costs;
}
