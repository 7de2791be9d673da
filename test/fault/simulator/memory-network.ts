/** Connections within the process, with latency, that crash or fall silent as a network's do. */
import { AppError } from '@postern/shared/errors';
import { checkFrame, HELLO_LIMITS, type FrameLimits } from '@postern/shared/protocol/channel';
import type { LimitedFrameSocket } from '../../../router/src/net/frame-socket.ts';
import type { VirtualClock } from './virtual-clock.ts';

export type ConnectionKind = 'link' | 'host';
type Accept = (socket: MemorySocket, from: string, kind: ConnectionKind) => void;

/** One for all: most dials of a round fail, and a stack for each would cost more than the dial. */
const NO_ANSWER = new AppError('ERR_DIAL_FAILED', 'nobody answers', { retryable: true });
/** After so long a dial that nobody answers has failed. */
const DIAL_TIMEOUT_MS = 5_000;

export class MemoryNetwork {
  readonly clock: VirtualClock;
  /** Frames sent so far. */
  frames = 0;
  readonly #latencyMs: (a: string, b: string) => number;
  readonly #accept = new Map<string, Accept>();
  readonly #isolated = new Set<string>();
  readonly #cut = new Set<string>();

  /** `latencyMs` is one way, in whole ms. */
  constructor(clock: VirtualClock, latencyMs: (a: string, b: string) => number) {
    this.clock = clock;
    this.#latencyMs = latencyMs;
  }

  /** Takes connections to `id` from now on; `undefined`: refuses them. */
  listen(id: string, accept: Accept | undefined): void {
    if (accept === undefined) this.#accept.delete(id);
    else this.#accept.set(id, accept);
  }

  /** Everything from and to these is lost without a word; whoever is left out is back. */
  isolate(ids: Iterable<string>): void {
    this.#isolated.clear();
    for (const id of ids) this.#isolated.add(id);
  }

  /** The same for pairs. */
  cut(pairs: Iterable<readonly [string, string]>): void {
    this.#cut.clear();
    for (const [a, b] of pairs) this.#cut.add(pairOf(a, b));
  }

  isReachable(a: string, b: string): boolean {
    if (this.#isolated.size > 0 && (this.#isolated.has(a) || this.#isolated.has(b))) return false;
    return this.#cut.size === 0 || !this.#cut.has(pairOf(a, b));
  }

  /** @throws AppError `ERR_DIAL_FAILED` when nobody listens there, or after 5 s when nothing comes back */
  dial(from: string, to: string, kind: ConnectionKind): Promise<MemorySocket> {
    const latencyMs = this.#latencyMs(from, to);
    const canReach = this.isReachable(from, to);
    return new Promise((resolve, reject) => {
      this.clock.schedule(canReach ? 2 * latencyMs : DIAL_TIMEOUT_MS, () => {
        const accept = this.#accept.get(to);
        if (!canReach || accept === undefined) {
          reject(NO_ANSWER);
          return;
        }
        const near = new MemorySocket(this, from, to, latencyMs);
        const far = new MemorySocket(this, to, from, latencyMs);
        near.join(far);
        accept(far, from, kind);
        resolve(near);
      });
    });
  }
}

export class MemorySocket implements LimitedFrameSocket {
  readonly remoteAddress = '192.0.2.1';
  readonly bufferedBytes = 0;
  flushedBytes = 0;
  isClosed = false;
  limits: FrameLimits = HELLO_LIMITS;
  onFrame: (frame: Uint8Array) => void = () => undefined;
  onClose: (cause?: Error) => void = () => undefined;
  readonly #network: MemoryNetwork;
  readonly #own: string;
  readonly #other: string;
  readonly #latencyMs: number;
  #peer: MemorySocket | undefined;

  constructor(network: MemoryNetwork, own: string, other: string, latencyMs: number) {
    this.#network = network;
    this.#own = own;
    this.#other = other;
    this.#latencyMs = latencyMs;
  }

  join(peer: MemorySocket): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  send(frame: Uint8Array): void {
    if (this.isClosed) return;
    this.flushedBytes += frame.length;
    this.#network.frames += 1;
    this.#carry((peer) => peer.#receive(frame));
  }

  end(): void {
    this.destroy();
  }

  destroy(cause?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#carry((peer) => peer.#end());
    this.onClose(cause);
  }

  #carry(deliver: (peer: MemorySocket) => void): void {
    const peer = this.#peer;
    const isReachable = (): boolean => this.#network.isReachable(this.#own, this.#other);
    if (peer === undefined || !isReachable()) return;
    this.#network.clock.schedule(this.#latencyMs, () => {
      if (isReachable()) deliver(peer);
    });
  }

  #receive(frame: Uint8Array): void {
    if (this.isClosed) {
      // As a TCP reset: this side has forgotten the connection.
      this.#carry((peer) => peer.#end());
      return;
    }
    try {
      checkFrame(frame, this.limits);
      this.onFrame(frame);
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined);
    }
  }

  #end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClose();
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
