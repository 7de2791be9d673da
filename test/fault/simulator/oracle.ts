/** What must be true of the mesh once everything has settled, from what is up and nothing else. */
import { MAX_HOPS } from '../../../router/src/circuits/path.ts';
import type { PathNode } from '../../../router/src/circuits/path-graph.ts';
import { naivePaths } from '../../harness/naive-paths.ts';
import { latencyMs, type MeshPlan, type RouterPlan } from './mesh-plan.ts';

export class Oracle {
  /** The routers that are up, with the links that must be between them. */
  readonly mesh: ReadonlyMap<string, PathNode>;
  readonly #costs = new Map<string, ReadonlyMap<string, number>>();

  constructor(
    plan: MeshPlan,
    isUp: (routerId: string) => boolean,
    isReachable: (a: string, b: string) => boolean,
  ) {
    const up = plan.routers.filter(({ id }) => isUp(id));
    const linksOf = (router: RouterPlan): Map<string, number> =>
      new Map(
        up
          .filter((other) => mayLink(router, other) && isReachable(router.id, other.id))
          .map(({ id }) => [id, 2 * latencyMs(router.id, id)]),
      );
    this.mesh = new Map(
      up.map((router) => {
        const { id, cost, noTraversal } = router;
        return [id, { cost, noTraversal, links: linksOf(router) }];
      }),
    );
  }

  /** What the cheapest path between two routers costs; `undefined` when there is none. */
  cost(from: string, to: string): number | undefined {
    if (from === to) return 0;
    let costs = this.#costs.get(from);
    if (costs === undefined) {
      // Whoever begins a path counts for nothing in it.
      costs = naivePaths(this.mesh, from, { maxHops: MAX_HOPS });
      this.#costs.set(from, costs);
    }
    return costs.get(to);
  }

  /** What this path costs, walked link by link; `undefined` when it is none. */
  walk(path: readonly string[]): number | undefined {
    let cost = 0;
    for (const [i, to] of path.slice(1).entries()) {
      const link = this.mesh.get(path[i] ?? '')?.links.get(to);
      const entered = this.mesh.get(to);
      if (link === undefined || entered === undefined) return undefined;
      if (entered.noTraversal && to !== path.at(-1)) return undefined;
      cost += link + 1 + entered.cost;
    }
    return cost;
  }
}

function mayLink(a: RouterPlan, b: RouterPlan): boolean {
  if (a.id === b.id || (a.isDark && b.isDark)) return false;
  return a.groups.some((group) => b.groups.includes(group));
}
