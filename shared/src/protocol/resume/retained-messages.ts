import { CIRCUIT_WINDOW_BYTES, SEND_SLACK_BYTES } from '../edge/credit.ts';

/** What a sender of one session may keep: whatever may be unacknowledged on its circuit. */
export const MAX_RETAINED_BYTES = CIRCUIT_WINDOW_BYTES + SEND_SLACK_BYTES;

/** Bounds what all sessions of a part keep together. */
export class RetentionBudget {
  readonly limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** False if there is no room. */
  reserve(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/**
 * Messages sent and not yet acknowledged, by number from 1, in case they must be sent again. Without
 * room the oldest are forgotten: then a loss that needs them can't be repaired.
 */
export class RetainedMessages {
  readonly #budget: RetentionBudget;
  readonly #messages = new Map<number, Uint8Array>();
  /** Number of the oldest message that is kept, or of the next one. */
  #first = 1;
  #last = 0;
  #bytes = 0;

  constructor(budget: RetentionBudget) {
    this.#budget = budget;
  }

  /** Number of the newest message. */
  get last(): number {
    return this.#last;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the next message. The buffer must not change any more. */
  add(message: Uint8Array): void {
    this.#last += 1;
    while (!this.#fits(message.length)) {
      if (this.#first === this.#last) {
        this.#first += 1;
        return;
      }
      this.#forgetFirst();
    }
    this.#bytes += message.length;
    this.#messages.set(this.#last, message);
  }

  /** `undefined` for one that is acknowledged or was forgotten. */
  get(number: number): Uint8Array | undefined {
    return this.#messages.get(number);
  }

  /** True if everything after `number` can be sent again. */
  covers(number: number): boolean {
    return number <= this.#last && number + 1 >= this.#first;
  }

  /** The peer has all up to `number`. */
  acknowledge(number: number): void {
    while (this.#first <= number && this.#first <= this.#last) this.#forgetFirst();
  }

  clear(): void {
    this.acknowledge(this.#last);
  }

  #fits(bytes: number): boolean {
    return this.#bytes + bytes <= MAX_RETAINED_BYTES && this.#budget.reserve(bytes);
  }

  #forgetFirst(): void {
    const bytes = this.#messages.get(this.#first)?.length ?? 0;
    this.#messages.delete(this.#first);
    this.#first += 1;
    this.#bytes -= bytes;
    this.#budget.release(bytes);
  }
}
