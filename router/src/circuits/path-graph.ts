/**
 * The mesh as a graph that changes one router at a time. A link counts where both its routers report
 * it, at the larger of the two latencies: a router that lies can make itself look worse, never better.
 */

/** A router as it reports itself. */
export interface PathNode {
  /** Added whenever a path enters this router, 0–65535. */
  readonly cost: number;
  /** May be an end of a path but not in its middle. */
  readonly noTraversal: boolean;
  /** Neighbour router id → link latency in ms. */
  readonly links: ReadonlyMap<string, number>;
}

/** A router by number: what the search walks over. */
export interface GraphNode {
  cost: number;
  noTraversal: boolean;
  /** Numbers of the neighbours it reports. */
  readonly peers: Int32Array;
  /** What it measured itself. */
  readonly reportedMs: Float64Array;
  /** What a path pays for each link; `Infinity` where the neighbour does not report it. */
  readonly latencyMs: Float64Array;
  /** Number of a neighbour → its place in the arrays. */
  readonly places: ReadonlyMap<number, number>;
}

/** Numbers of routers that are gone are kept until they are so many. */
const SPARE_NUMBERS = 1024;

export class PathGraph {
  #numbers = new Map<string, number>();
  #ids: string[] = [];
  #nodes: (GraphNode | undefined)[] = [];
  readonly #routers = new Map<string, PathNode>();

  /** Routers that were ever seen or reported as neighbours: the length of arrays by number. */
  get length(): number {
    return this.#ids.length;
  }

  numberOf(id: string): number | undefined {
    return this.#numbers.get(id);
  }

  idOf(number: number): string {
    return this.#ids[number] ?? '';
  }

  nodeAt(number: number): GraphNode | undefined {
    return this.#nodes[number];
  }

  /** Adds a router or replaces what it reported. */
  set(id: string, router: PathNode): void {
    this.delete(id);
    this.#routers.set(id, router);
    this.#link(id, router);
  }

  delete(id: string): void {
    const number = this.#numbers.get(id);
    const node = number === undefined ? undefined : this.#nodes[number];
    if (number === undefined || node === undefined) return;
    this.#routers.delete(id);
    this.#nodes[number] = undefined;
    for (const peer of node.peers) {
      const other = this.#nodes[peer];
      const place = other?.places.get(number);
      if (other !== undefined && place !== undefined) other.latencyMs[place] = Infinity;
    }
    if (this.#ids.length > 2 * this.#routers.size + SPARE_NUMBERS) this.#renumber();
  }

  /** What the link between two neighbours adds to a path, the router entered included. */
  costOf(from: string, to: string): number | undefined {
    const number = this.#numbers.get(to);
    const node = this.#nodes[this.#numbers.get(from) ?? -1];
    const entered = number === undefined ? undefined : this.#nodes[number];
    const place = number === undefined ? undefined : node?.places.get(number);
    if (node === undefined || entered === undefined || place === undefined) return undefined;
    const latencyMs = node.latencyMs[place] ?? Infinity;
    return latencyMs === Infinity ? undefined : edgeCost(latencyMs, entered);
  }

  #link(id: string, { cost, noTraversal, links }: PathNode): void {
    const number = this.#number(id);
    const peers = new Int32Array(links.size);
    const reportedMs = new Float64Array(links.size);
    const latencyMs = new Float64Array(links.size);
    const places = new Map<number, number>();
    for (const [peerId, reported] of links) {
      const peer = this.#number(peerId);
      const place = places.size;
      places.set(peer, place);
      peers[place] = peer;
      reportedMs[place] = reported;
      const other = this.#nodes[peer];
      const back = other?.places.get(number);
      if (other === undefined || back === undefined) {
        latencyMs[place] = Infinity;
        continue;
      }
      const agreedMs = Math.max(reported, other.reportedMs[back] ?? 0);
      latencyMs[place] = agreedMs;
      other.latencyMs[back] = agreedMs;
    }
    this.#nodes[number] = { cost, noTraversal, peers, reportedMs, latencyMs, places };
  }

  #number(id: string): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.#ids.length;
      this.#numbers.set(id, number);
      this.#ids.push(id);
      this.#nodes.push(undefined);
    }
    return number;
  }

  /** Forgets the numbers of routers that are gone. */
  #renumber(): void {
    this.#numbers = new Map();
    this.#ids = [];
    this.#nodes = [];
    for (const [id, router] of this.#routers) this.#link(id, router);
  }
}

/** What an edge adds to a path: the link, the hop, and the router entered. */
export function edgeCost(latencyMs: number, entered: GraphNode): number {
  return latencyMs + 1 + entered.cost;
}
