/** Connections that came and wait to be taken, in order; a bounded queue as an async iterable. */

type Taker<T> = { resolve: (result: IteratorResult<T, undefined>) => void };

export class ConnectionQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  readonly #waiting: T[] = [];
  readonly #takers: Taker<T>[] = [];
  #ended = false;

  /** @param onEnd called once, when nobody wants any more */
  constructor(limit: number, onEnd: () => void) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** False when as many wait as may, or it has ended: the connection is refused. */
  offer(connection: T): boolean {
    if (this.#ended) return false;
    const taker = this.#takers.shift();
    if (taker) taker.resolve({ value: connection, done: false });
    else if (this.#waiting.length >= this.#limit) return false;
    else this.#waiting.push(connection);
    return true;
  }

  /** Ends the iteration once what waits was taken. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { resolve } of this.#takers.splice(0)) resolve({ value: undefined, done: true });
    this.#onEnd();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#takers.push({ resolve }));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
