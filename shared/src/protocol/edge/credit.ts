import { AppError } from '../../errors/index.ts';
import type { Credit } from '../channel/index.ts';

/** Body bytes a sender may have in flight on one circuit and direction. */
export const CIRCUIT_WINDOW_BYTES = 4 * 1024 * 1024;
/** Messages a sender may have in flight: bounds what tiny messages cost the receiver in objects. */
export const CIRCUIT_WINDOW_MESSAGES = 16_384;
/** How far small control records may exceed the window at the sender. */
export const SEND_SLACK_BYTES = 64 * 1024;
export const SEND_SLACK_MESSAGES = 1024;
/** How far a peer may exceed the window before its circuit is closed. */
export const ENFORCE_SLACK_BYTES = 128 * 1024;
export const ENFORCE_SLACK_MESSAGES = 2048;

/**
 * What one direction of a circuit has in flight: sent, and not yet covered by a CircuitCredit. Kept
 * by the sender to hold itself back, and by an edge router to catch a sender that does not.
 */
export class CreditWindow {
  readonly windowBytes: number;
  readonly windowMessages: number;
  #sentBytes = 0;
  #sentMessages = 0;
  #creditedBytes = 0;
  #creditedMessages = 0;

  constructor(windowBytes = CIRCUIT_WINDOW_BYTES, windowMessages = CIRCUIT_WINDOW_MESSAGES) {
    this.windowBytes = windowBytes;
    this.windowMessages = windowMessages;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Number of messages sent so far, which is also the sequence of the last one. */
  get sentMessages(): number {
    return this.#sentMessages;
  }

  /** Number of messages that the other end has consumed. */
  get creditedMessages(): number {
    return this.#creditedMessages;
  }

  get outstandingBytes(): number {
    return this.#sentBytes - this.#creditedBytes;
  }

  get outstandingMessages(): number {
    return this.#sentMessages - this.#creditedMessages;
  }

  /** Bytes that may still be sent; 0 also when the window is full of messages. */
  get availableBytes(): number {
    if (this.outstandingMessages >= this.windowMessages) return 0;
    return Math.max(0, this.windowBytes - this.outstandingBytes);
  }

  /** Counts one message of `bytes` as sent. */
  sent(bytes: number): void {
    this.#sentBytes += bytes;
    this.#sentMessages += 1;
  }

  /** True if another message of `bytes` would exceed the window by more than the slack. */
  wouldExceed(bytes: number, slackBytes: number, slackMessages: number): boolean {
    return (
      this.outstandingBytes + bytes > this.windowBytes + slackBytes ||
      this.outstandingMessages + 1 > this.windowMessages + slackMessages
    );
  }

  /**
   * Takes a CircuitCredit. Totals only grow: an older one changes nothing. Throws
   * `ERR_CIRCUIT_FLOW_CONTROL` when it covers more than was sent.
   */
  credited(credit: Credit): void {
    if (credit.totalBytes > this.#sentBytes || credit.sequence > this.#sentMessages) {
      throw new AppError('ERR_CIRCUIT_FLOW_CONTROL', 'the peer credited more than was sent');
    }
    this.#creditedBytes = Math.max(this.#creditedBytes, credit.totalBytes);
    this.#creditedMessages = Math.max(this.#creditedMessages, credit.sequence);
  }
}
