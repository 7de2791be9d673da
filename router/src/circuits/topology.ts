/** The mesh as this router knows it: its own links as they are, those of others as reported. */
import type { Entity } from '@postern/shared/schemas';
import { linkWeight } from '../links/link-cost.ts';
import type { RouterState } from '../state/router-state.ts';
import { PathGraph, type PathNode } from './path-graph.ts';
import { costOf, shortestPaths, type Path, type PathTree } from './path.ts';

/** Own links: neighbour router id → latency in ms. */
type OwnLinks = () => ReadonlyMap<string, number>;

export class Topology {
  readonly #routerId: string;
  readonly #state: RouterState;
  readonly #ownLinks: OwnLinks;
  readonly #graph = new PathGraph();
  /** What the graph was made of. */
  readonly #known = new Map<string, Entity<'router'>>();
  #links: ReadonlyMap<string, number> = new Map();
  #isStale = true;
  /** All paths from here, until something changes. */
  #tree: PathTree | undefined;

  constructor(routerId: string, state: RouterState, ownLinks: OwnLinks) {
    this.#routerId = routerId;
    this.#state = state;
    this.#ownLinks = ownLinks;
  }

  /** To be called when routers or links may have changed. */
  invalidate(): void {
    this.#isStale = true;
  }

  /** The cheapest path from here that has no edge of `excluded` (`from>to`); `undefined` when there is none. */
  pathTo(routerId: string, excluded: ReadonlySet<string> = new Set()): Path | undefined {
    this.#refresh();
    this.#tree ??= shortestPaths(this.#graph, this.#routerId);
    const path = this.#tree.to(routerId);
    // Leaving out edges makes no path cheaper: one that has none of them stays the best.
    if (path === undefined || !this.#crosses(path, excluded)) return path;
    return shortestPaths(this.#graph, this.#routerId, excluded).to(routerId);
  }

  /** What a path from here costs now; `undefined` when it is broken. */
  costOf(path: readonly string[]): number | undefined {
    this.#refresh();
    return costOf(this.#graph, path);
  }

  /** Round trip of the link between two routers as the first reported it; `undefined` when there is none. */
  latencyMs(from: string, to: string): number | undefined {
    const links = this.#state.get('router', from)?.links;
    return links?.find(({ peerId }) => peerId === to)?.latencyMs;
  }

  #crosses({ hops }: Path, excluded: ReadonlySet<string>): boolean {
    if (excluded.size === 0) return false;
    return hops.some((to, i) => excluded.has(`${hops[i - 1] ?? this.#routerId}>${to}`));
  }

  /** Takes over what changed since the last time, router by router. */
  #refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const moved = this.#takeOwnLinks();
    let isChanged = moved.size > 0;
    const present = new Set<string>();
    for (const router of this.#state.all('router')) {
      if (router.disabled || router.id === this.#routerId) continue;
      present.add(router.id);
      if (this.#known.get(router.id) === router && !moved.has(router.id)) continue;
      isChanged = true;
      this.#known.set(router.id, router);
      this.#graph.set(router.id, this.#nodeOf(router));
    }
    for (const id of this.#known.keys()) {
      if (present.has(id)) continue;
      isChanged = true;
      this.#known.delete(id);
      this.#graph.delete(id);
    }
    if (isChanged) this.#tree = undefined;
  }

  /** Neighbours to which the own link came, went or changed its latency. */
  #takeOwnLinks(): ReadonlySet<string> {
    const before = this.#links;
    const links = this.#ownLinks();
    const ids = [...before.keys(), ...links.keys()];
    const moved = new Set(ids.filter((id) => before.get(id) !== links.get(id)));
    if (moved.size === 0 && this.#graph.numberOf(this.#routerId) !== undefined) return moved;
    this.#links = links;
    this.#graph.set(this.#routerId, { cost: 0, noTraversal: false, links });
    return moved;
  }

  /** As it reports itself, save for its link to this router, which this router knows first. */
  #nodeOf({ id, links, cost, noTraversal }: Entity<'router'>): PathNode {
    const reported = new Map(links.map((link) => [link.peerId, linkWeight(link)]));
    const ownMs = this.#links.get(id);
    if (ownMs === undefined) reported.delete(this.#routerId);
    else reported.set(this.#routerId, Math.max(ownMs, reported.get(this.#routerId) ?? 0));
    return { cost, noTraversal, links: reported };
  }
}
