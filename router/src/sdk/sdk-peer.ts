/**
 * The connection of a program with an SDK of OpenZiti. It knows no credits, so the router speaks them for
 * it: what was flushed to it is credited to the other end, and while the other end has a full window
 * unread, nothing more is read from its connection.
 */
import { encodeCredit, type MessageHeaders } from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { Leg } from '../circuits/leg.ts';
import { Peer } from '../net/peer.ts';
import type { TlsFrameSocket } from '../net/tls-frame-socket.ts';
import { sdkRefusal } from './sdk-refusal.ts';

/** Credits wait while so much is queued for the program. */
const CREDIT_BELOW_BYTES = 512 * 1024;

/** Who the program is, once proved. */
export interface SdkSession {
  readonly identityId: string;
  /** API session. */
  readonly sessionId: string;
  readonly tokenId: string;
  readonly claims: { readonly exp: number; readonly out: number };
}

export class SdkPeer extends Peer {
  session: SdkSession;
  readonly #socket: TlsFrameSocket;
  /** Circuits whose other end has a full window unread, with what it had read when last looked at. */
  readonly #stalled = new Map<Leg, { coveredBytes: number; sinceMs: number }>();
  /** Circuits that credit is due for. */
  readonly #owing = new Set<Leg>();

  constructor(
    session: SdkSession,
    socket: TlsFrameSocket,
    options: { nowMs: number; maxQueuedBytes: number },
  ) {
    super('sdk', session.identityId, socket, { accepting: true, ...options });
    this.session = session;
    this.#socket = socket;
    socket.onFlushed = () => this.#settleCredits();
  }

  /** A message of the program was handed on. */
  sent(leg: Leg, bodyBytes: number, nowMs: number): void {
    leg.countUnbounded(bodyBytes);
    if (!leg.isBeyondWindow || this.#stalled.has(leg)) return;
    this.#stalled.set(leg, { coveredBytes: leg.coveredBytes, sinceMs: nowMs });
    this.#socket.pause();
  }

  /** The other end of a circuit has read on. */
  covered(leg: Leg): void {
    if (!leg.isBeyondWindow) this.#unstall(leg);
  }

  /** A message was queued for the program. */
  delivered(leg: Leg, bodyBytes: number): void {
    if (!leg.countDelivered(bodyBytes)) return;
    this.#owing.add(leg);
    if (this.socket.bufferedBytes < CREDIT_BELOW_BYTES) this.#settleCredits();
  }

  /** Circuits whose other end has read nothing for so long that they would cost the program its connection. */
  stuck(nowMs: number, afterMs: number): Leg[] {
    const stuck: Leg[] = [];
    for (const [leg, seen] of this.#stalled) {
      if (leg.coveredBytes !== seen.coveredBytes) {
        this.#stalled.set(leg, { coveredBytes: leg.coveredBytes, sinceMs: nowMs });
      } else if (nowMs - seen.sinceMs >= afterMs) stuck.push(leg);
    }
    return stuck;
  }

  override release(leg: Leg): void {
    super.release(leg);
    this.#owing.delete(leg);
    this.#unstall(leg);
  }

  protected override refusal(why: CloseReason, headers: MessageHeaders) {
    return sdkRefusal(why, headers);
  }

  #unstall(leg: Leg): void {
    if (this.#stalled.delete(leg) && this.#stalled.size === 0) this.#socket.resume();
  }

  #settleCredits(): void {
    if (this.#owing.size === 0 || this.socket.bufferedBytes >= CREDIT_BELOW_BYTES) return;
    for (const leg of this.#owing) credit(leg);
    this.#owing.clear();
  }
}

/** Tells the other side of a circuit that this end took everything delivered so far. */
function credit(leg: Leg): void {
  const other = leg.circuit.opposite(leg);
  if (other === undefined) return;
  const taken = leg.takeCredit();
  if (other.isEnd) other.cover(taken);
  const { peer } = other;
  if (peer instanceof SdkPeer) peer.covered(other);
  else {
    const { totalBytes, sequence } = taken;
    peer.socket.send(encodeCredit(other.label, totalBytes, sequence, peer.nextSequence()));
  }
}
