/** Counts bytes waiting in all sockets' send queues against the router's total. */

export class BufferBudget {
  readonly limitBytes: number;
  #bytes = 0;
  #queues = 0;

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

  /** What one queue may hold once the total is over its limit: those that hold more made it so. */
  get fairShareBytes(): number {
    return this.limitBytes / Math.max(1, this.#queues);
  }

  /** A socket's queue changed from `before` to `now` bytes. */
  adjust(before: number, now: number): void {
    this.#bytes += now - before;
    this.#queues += Number(now > 0) - Number(before > 0);
  }
}
