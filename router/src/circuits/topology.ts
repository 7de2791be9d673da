/** The mesh as this router knows it: its own links as they are, those of others as reported. */
import type { RouterState } from '../state/router-state.ts';
import { costOf, findPath, type Path, type PathNode } from './path.ts';

/** Own links: neighbour router id → latency in ms. */
type OwnLinks = () => ReadonlyMap<string, number>;

export class Topology {
  readonly #routerId: string;
  readonly #state: RouterState;
  readonly #ownLinks: OwnLinks;
  #nodes: ReadonlyMap<string, PathNode> | undefined;

  constructor(routerId: string, state: RouterState, ownLinks: OwnLinks) {
    this.#routerId = routerId;
    this.#state = state;
    this.#ownLinks = ownLinks;
  }

  /** To be called when routers or links changed. */
  invalidate(): void {
    this.#nodes = undefined;
  }

  /** The cheapest path from here; `undefined` when there is none. */
  pathTo(routerId: string, excluded?: ReadonlySet<string>): Path | undefined {
    this.#nodes ??= this.#build();
    return findPath(this.#nodes, this.#routerId, routerId, excluded);
  }

  /** What a path from here costs now; `undefined` when it is broken. */
  costOf(path: readonly string[]): number | undefined {
    this.#nodes ??= this.#build();
    return costOf(this.#nodes, path);
  }

  /** Round trip of the link between two routers as known here; `undefined` when there is none. */
  latencyMs(from: string, to: string): number | undefined {
    this.#nodes ??= this.#build();
    return this.#nodes.get(from)?.links.get(to);
  }

  #build(): ReadonlyMap<string, PathNode> {
    const nodes = new Map<string, PathNode>();
    for (const router of this.#state.all('router')) {
      if (router.disabled || router.id === this.#routerId) continue;
      const links = new Map(router.links.map((link) => [link.peerId, link.latencyMs]));
      nodes.set(router.id, { cost: router.cost, noTraversal: router.noTraversal, links });
    }
    nodes.set(this.#routerId, { cost: 0, noTraversal: false, links: this.#ownLinks() });
    return nodes;
  }
}
