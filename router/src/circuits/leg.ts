/**
 * One side of a circuit at this router: a label on a connection. A circuit is two legs; a frame that
 * comes in on one leaves on the other under that leg's label.
 */
import {
  CreditWindow,
  ENFORCE_SLACK_BYTES,
  ENFORCE_SLACK_MESSAGES,
} from '@postern/shared/protocol/edge';
import type { Credit } from '@postern/shared/protocol/channel';
import type { Peer } from '../net/peer.ts';
import type { RouterCircuit } from './circuit.ts';

export class Leg {
  readonly circuit: RouterCircuit;
  readonly peer: Peer;
  readonly label: number;
  /** The circuit's end is on this leg's connection: its limits are enforced here. */
  readonly isEnd: boolean;
  readonly #window = new CreditWindow();
  #grantedBytes = 0;

  constructor(circuit: RouterCircuit, peer: Peer, label: number) {
    this.circuit = circuit;
    this.peer = peer;
    this.label = label;
    this.isEnd = peer.kind !== 'link';
  }

  /** Body bytes that this end sent and the other has not taken yet; 0 on links, where nobody counts. */
  get inFlightBytes(): number {
    return this.#window.outstandingBytes;
  }

  /**
   * Counts a message this end sent; false when it broke its window (docs/protocol.md, "Circuits"). An
   * empty body is a breach too: it would cost no credit.
   */
  countSent(bodyBytes: number): boolean {
    if (bodyBytes <= 0) return false;
    if (this.#window.wouldExceed(bodyBytes, ENFORCE_SLACK_BYTES, ENFORCE_SLACK_MESSAGES))
      return false;
    this.#window.sent(bodyBytes);
    return true;
  }

  /** The other end consumed what this end sent. @throws AppError `ERR_CIRCUIT_FLOW_CONTROL` */
  cover(credit: Credit): void {
    this.#window.credited(credit);
  }

  /** True if a credit given by this end says something new: others are dropped, not relayed. */
  grants(totalBytes: number): boolean {
    if (totalBytes <= this.#grantedBytes) return false;
    this.#grantedBytes = totalBytes;
    return true;
  }
}
