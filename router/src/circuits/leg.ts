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

/** How often a router gives credit on behalf of an end that knows none. */
const CREDIT_EVERY_BYTES = 128 * 1024;
const CREDIT_EVERY_MESSAGES = 512;

export class Leg {
  readonly circuit: RouterCircuit;
  readonly peer: Peer;
  readonly label: number;
  /** The circuit's end is on this leg's connection: its limits are enforced here. */
  readonly isEnd: boolean;
  readonly #window = new CreditWindow();
  #grantedBytes = 0;
  #forwardedBytes = 0;
  #deliveredBytes = 0;
  #deliveredMessages = 0;
  #creditedBytes = 0;
  #creditedMessages = 0;

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
   * empty body is a breach too, since it would cost no credit, but where it may close one direction.
   */
  countSent(bodyBytes: number): boolean {
    if (bodyBytes <= 0 && this.circuit.subject.encryption !== 'ziti') return false;
    if (this.#window.wouldExceed(bodyBytes, ENFORCE_SLACK_BYTES, ENFORCE_SLACK_MESSAGES))
      return false;
    this.#window.sent(bodyBytes);
    return true;
  }

  /** Counts a message of an end that knows no credits: its connection is held back instead. */
  countUnbounded(bodyBytes: number): void {
    this.#window.sent(bodyBytes);
  }

  /** True while this end has sent more than its window, and nobody has covered it. */
  get isBeyondWindow(): boolean {
    return this.#window.availableBytes === 0;
  }

  /** Bytes of this end that the other has consumed: stands still while the other does not read. */
  get coveredBytes(): number {
    return this.#window.sentBytes - this.#window.outstandingBytes;
  }

  /** Counts a message handed to an end that gives no credits. True when a credit is due for it. */
  countDelivered(bodyBytes: number): boolean {
    this.#deliveredBytes += bodyBytes;
    this.#deliveredMessages += 1;
    return (
      this.#deliveredBytes - this.#creditedBytes >= CREDIT_EVERY_BYTES ||
      this.#deliveredMessages - this.#creditedMessages >= CREDIT_EVERY_MESSAGES
    );
  }

  /** The credit for everything delivered, which counts as given. */
  takeCredit(): Credit {
    this.#creditedBytes = this.#deliveredBytes;
    this.#creditedMessages = this.#deliveredMessages;
    return { totalBytes: this.#deliveredBytes, sequence: this.#deliveredMessages };
  }

  /** The other end consumed what this end sent. @throws AppError `ERR_CIRCUIT_FLOW_CONTROL` */
  cover(credit: Credit): void {
    this.#window.credited(credit);
  }

  /** Counts what was queued for this end. */
  countForwarded(bodyBytes: number): void {
    this.#forwardedBytes += bodyBytes;
  }

  /** Body bytes that this end gave credit for: stands still while it does not read. */
  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  /** Body bytes on their way to this end, in our queue or beyond, for which it has not given credit. */
  get unreadBytes(): number {
    return Math.max(0, this.#forwardedBytes - this.#grantedBytes);
  }

  /** True if a credit given by this end says something new: others are dropped, not relayed. */
  grants(totalBytes: number): boolean {
    if (totalBytes <= this.#grantedBytes) return false;
    this.#grantedBytes = totalBytes;
    return true;
  }
}
