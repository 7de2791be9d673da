/** All authenticated connections, and the one timer that watches their deadlines. */
import { ContentType, HeaderKey, MessageHeaders } from '@postern/shared/protocol/channel';
import { AppError } from '@postern/shared/errors';
import type { RouterLimits } from '../config.ts';
import type { Peer } from './peer.ts';
import type { RouterClock } from './router-clock.ts';

interface Watched {
  probedMs: number;
  /** A client that was asked for a sign of life has not answered yet. */
  isAsked: boolean;
  flushedBytes: number;
  flushedMs: number;
  /** Of a browser: what it gave credit for in all, and when that last grew or nothing was unread. */
  grantedBytes: number;
  readMs: number;
}

/** OpenZiti's SDKs ask for a sign of life every 30 s (Go) or 60 s (C). */
const SDK_DEAD_AFTER_MS = 150_000;
/** They stop reading while their application does not read. */
const SDK_WRITE_STALL_MS = 60_000;

export class PeerRegistry {
  readonly #peers = new Map<Peer, Watched>();
  readonly #limits: RouterLimits;
  readonly #clock: RouterClock;

  constructor(limits: RouterLimits, clock: RouterClock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  add(peer: Peer): void {
    const nowMs = this.#clock.nowMs();
    // Links are measured at once; clients have just answered by their Hello.
    const probedMs = peer.kind === 'client' ? nowMs : 0;
    this.#peers.set(peer, {
      probedMs,
      isAsked: false,
      flushedBytes: 0,
      flushedMs: nowMs,
      grantedBytes: 0,
      readMs: nowMs,
    });
  }

  delete(peer: Peer): void {
    this.#peers.delete(peer);
  }

  values(): IterableIterator<Peer> {
    return this.#peers.keys();
  }

  count(kind: Peer['kind']): number {
    let count = 0;
    for (const peer of this.#peers.keys()) if (peer.kind === kind) count++;
    return count;
  }

  /** Fails requests that are due, pings the silent, and closes the dead and the stalled. */
  sweep(): void {
    const nowMs = this.#clock.nowMs();
    const readStallMs = this.#watchReading(nowMs);
    for (const [peer, watched] of this.#peers) {
      peer.expireRequests(nowMs);
      const { flushedBytes, bufferedBytes } = peer.socket;
      if (bufferedBytes === 0 || flushedBytes !== watched.flushedBytes) {
        watched.flushedBytes = flushedBytes;
        watched.flushedMs = nowMs;
      }
      const silentMs = nowMs - peer.lastReceivedMs;
      const isStalled =
        nowMs - watched.flushedMs >= this.#writeStallMs(peer) ||
        nowMs - watched.readMs >= readStallMs;
      if (isStalled) {
        peer.socket.destroy(new AppError('ERR_PEER_STALLED', 'peer does not read'));
      } else if (silentMs >= this.#deadAfterMs(peer)) {
        peer.socket.destroy(new AppError('ERR_PEER_DEAD', 'peer is silent'));
      } else if (this.#isProbeDue(peer, watched, silentMs, nowMs)) {
        watched.probedMs = nowMs;
        if (peer.kind === 'client') this.#ask(peer, watched);
        else sendLatency(peer, this.#clock);
      }
    }
  }

  /**
   * Notes which browsers read: credit says so, also while what they don't read is in the operating systems'
   * buffers. Those have a limit of their own for all connections together, before which we want to be.
   * Returns how long one may stand still.
   */
  #watchReading(nowMs: number): number {
    let unreadBytes = 0;
    for (const [peer, watched] of this.#peers) {
      let unread = 0;
      let granted = 0;
      if (peer.kind === 'client') {
        for (const leg of peer.legs.values()) {
          unread += leg.unreadBytes;
          granted += leg.grantedBytes;
        }
      }
      unreadBytes += unread;
      if (unread > 0 && granted === watched.grantedBytes) continue;
      watched.grantedBytes = granted;
      watched.readMs = nowMs;
    }
    const { unreadBytes: limitBytes, readStallMs, hurriedReadStallMs } = this.#limits;
    return unreadBytes > limitBytes ? hurriedReadStallMs : readStallMs;
  }

  /** Who sends but does not read is stalled too: what waits for it is in the operating systems' buffers. */
  #ask(peer: Peer, watched: Watched): void {
    watched.isAsked = true;
    const dueMs = this.#clock.nowMs() + this.#limits.deadAfterMs;
    peer.request(ContentType.latency, stampOf(this.#clock), undefined, dueMs, (answer) => {
      watched.isAsked = false;
      if (answer !== undefined || peer.closed) return;
      peer.socket.destroy(new AppError('ERR_PEER_STALLED', 'peer does not read what asks it'));
    });
  }

  #writeStallMs({ kind }: Peer): number {
    return kind === 'sdk' ? SDK_WRITE_STALL_MS : this.#limits.writeStallMs;
  }

  #deadAfterMs({ kind }: Peer): number {
    switch (kind) {
      case 'link':
        return this.#limits.linkDeadAfterMs;
      case 'host':
        return this.#limits.hostDeadAfterMs;
      case 'sdk':
        return SDK_DEAD_AFTER_MS;
      case 'client':
        return this.#limits.deadAfterMs;
    }
  }

  #isProbeDue(peer: Peer, watched: Watched, silentMs: number, nowMs: number): boolean {
    const sinceProbeMs = nowMs - watched.probedMs;
    // They ask themselves, each minute at the latest, and need not answer.
    if (peer.kind === 'sdk') return false;
    if (peer.kind === 'link') return sinceProbeMs >= this.#limits.linkProbeMs;
    if (peer.kind === 'host') return Math.min(silentMs, sinceProbeMs) >= this.#limits.hostProbeMs;
    return !watched.isAsked && sinceProbeMs >= this.#limits.pingAfterMs;
  }
}

/** Sends Latency; its stamp is our clock in µs, which the answer brings back. */
export function sendLatency(peer: Peer, clock: RouterClock): void {
  peer.sendMessage(ContentType.latency, stampOf(clock));
}

function stampOf(clock: RouterClock): MessageHeaders {
  const stamp = BigInt(Math.round(clock.monotonicMs() * 1000));
  return new MessageHeaders().setU64(HeaderKey.uuid, stamp);
}

/** Round trip in ms that an answer to {@link sendLatency} shows; `undefined` for a stamp not ours. */
export function roundTripMs(stamp: bigint | undefined, clock: RouterClock): number | undefined {
  if (stamp === undefined) return undefined;
  const ms = clock.monotonicMs() - Number(stamp) / 1000;
  return ms >= 0 && ms < MAX_ROUND_TRIP_MS ? ms : undefined;
}

const MAX_ROUND_TRIP_MS = 60_000;
