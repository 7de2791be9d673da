/** The links that are up: at most one to each other router. */
import type { Peer } from '../net/peer.ts';
import { linkWeight } from './link-cost.ts';

export interface Link {
  readonly routerId: string;
  /** Random, given by the router that dialed. */
  readonly linkId: string;
  /** True when this router dialed. */
  readonly dialed: boolean;
  readonly peer: Peer;
  /** Beside its latency, at least 1. */
  readonly staticCost: number;
  /** Round trip, smoothed; of the handshake until the first measurement. */
  latencyMs: number;
}

/** A latency is reported again when it moved by more than this share, and by more than 1 ms. */
const REPORTED_CHANGE = 0.25;

export class LinkRegistry {
  /** Called after a link came, went or changed its latency noticeably. */
  onChange: () => void = () => undefined;
  readonly #links = new Map<string, Link>();
  readonly #reportedMs = new Map<string, number>();

  get size(): number {
    return this.#links.size;
  }

  get(routerId: string): Link | undefined {
    return this.#links.get(routerId);
  }

  values(): IterableIterator<Link> {
    return this.#links.values();
  }

  /** Neighbour router id → latency in ms. */
  latencies(): Map<string, number> {
    return new Map([...this.#links.values()].map((link) => [link.routerId, link.latencyMs]));
  }

  /** Neighbour router id → what paths count for the link. */
  weights(): Map<string, number> {
    return new Map([...this.#links.values()].map((link) => [link.routerId, linkWeight(link)]));
  }

  /**
   * Adds a link, or refuses it. If both routers dialed at once, the smaller link id wins on both
   * sides. A second link dialed by the same side means that side lost the first: it replaces it.
   */
  admit(link: Link): boolean {
    const existing = this.#links.get(link.routerId);
    if (
      existing !== undefined &&
      existing.dialed !== link.dialed &&
      existing.linkId < link.linkId
    ) {
      return false;
    }
    this.#links.set(link.routerId, link);
    this.#reportedMs.set(link.routerId, link.latencyMs);
    existing?.peer.socket.destroy();
    this.onChange();
    return true;
  }

  /** Takes a link out; false if it was replaced before. */
  remove(link: Link): boolean {
    if (this.#links.get(link.routerId) !== link) return false;
    this.#links.delete(link.routerId);
    this.#reportedMs.delete(link.routerId);
    this.onChange();
    return true;
  }

  measured(link: Link, roundTripMs: number): void {
    link.latencyMs = (link.latencyMs + roundTripMs) / 2;
    const reported = this.#reportedMs.get(link.routerId) ?? 0;
    const change = Math.abs(link.latencyMs - reported);
    if (change <= 1 || change <= reported * REPORTED_CHANGE) return;
    this.#reportedMs.set(link.routerId, link.latencyMs);
    this.onChange();
  }
}
