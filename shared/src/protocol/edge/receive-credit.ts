import { AppError } from '../../errors/index.ts';
import type { Credit } from '../channel/index.ts';
import {
  CIRCUIT_WINDOW_BYTES,
  CIRCUIT_WINDOW_MESSAGES,
  ENFORCE_SLACK_BYTES,
  ENFORCE_SLACK_MESSAGES,
} from './credit.ts';

/**
 * The receiving end of a circuit's credits: checks order and window, and says when and how much to
 * credit. Totals cover only messages before which everything was consumed, so a router may forget
 * what they cover.
 */
export class ReceiveCredit {
  readonly #windowBytes: number;
  readonly #windowMessages: number;
  readonly #slackBytes: number;
  #receivedSequence = 0;
  #receivedBytes = 0;
  #consumedSequence = 0;
  #consumedBytes = 0;
  #creditedSequence = 0;
  #creditedBytes = 0;
  /** Sizes of messages consumed before an earlier one was, by sequence. */
  readonly #consumedEarly = new Map<number, number>();

  constructor(
    windowBytes = CIRCUIT_WINDOW_BYTES,
    windowMessages = CIRCUIT_WINDOW_MESSAGES,
    slackBytes = ENFORCE_SLACK_BYTES,
  ) {
    this.#slackBytes = slackBytes;
    this.#windowBytes = windowBytes;
    this.#windowMessages = windowMessages;
  }

  /**
   * Counts a message that arrived. Throws `ERR_CIRCUIT_LOST` when it is not the next in sequence and
   * `ERR_CIRCUIT_FLOW_CONTROL` when the sender ignores its window.
   */
  received(sequence: number | undefined, bytes: number): void {
    if (sequence !== this.#receivedSequence + 1) {
      throw new AppError('ERR_CIRCUIT_LOST', 'a message of the circuit is missing', {
        retryable: true,
      });
    }
    this.#receivedSequence = sequence;
    this.#receivedBytes += bytes;
    if (
      this.#receivedBytes - this.#consumedBytes > this.#windowBytes + this.#slackBytes ||
      this.#receivedSequence - this.#consumedSequence >
        this.#windowMessages + ENFORCE_SLACK_MESSAGES
    ) {
      throw new AppError('ERR_CIRCUIT_FLOW_CONTROL', 'the peer sent beyond its window', {
        retryable: true,
      });
    }
  }

  /** The sequence that the next message must have. */
  get nextSequence(): number {
    return this.#receivedSequence + 1;
  }

  /** Counts a message as consumed; each exactly once, in any order. */
  consumed(sequence: number, bytes: number): void {
    this.#consumedEarly.set(sequence, bytes);
    for (;;) {
      const next = this.#consumedEarly.get(this.#consumedSequence + 1);
      if (next === undefined) return;
      this.#consumedSequence += 1;
      this.#consumedBytes += next;
      this.#consumedEarly.delete(this.#consumedSequence);
    }
  }

  /** True when a quarter of the window was consumed since the last credit. */
  get isDue(): boolean {
    return (
      this.#consumedBytes - this.#creditedBytes >= this.#windowBytes / 4 ||
      this.#consumedSequence - this.#creditedSequence >= this.#windowMessages / 4
    );
  }

  /** The credit to send now, which counts as sent; `undefined` when nothing new was consumed. */
  take(): Credit | undefined {
    if (this.#consumedSequence === this.#creditedSequence) return undefined;
    this.#creditedSequence = this.#consumedSequence;
    this.#creditedBytes = this.#consumedBytes;
    return { totalBytes: this.#consumedBytes, sequence: this.#consumedSequence };
  }
}
