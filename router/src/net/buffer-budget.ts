/** Counts bytes waiting in all sockets' send queues against the router's total. */

export class BufferBudget {
  readonly limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True when no new circuit may be opened. */
  get exhausted(): boolean {
    return this.#bytes >= this.limitBytes;
  }

  /** A socket's queue changed from `before` to `now` bytes. */
  adjust(before: number, now: number): void {
    this.#bytes += now - before;
  }
}
