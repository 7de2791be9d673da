/** Two streams, each of which reads what is written to the other. */
import { Duplex } from 'node:stream';

/** Node 22 has `stream.duplexPair`; this is for 20 too. */
export function createDuplexPair(): [Duplex, Duplex] {
  const one = new Side();
  const other = new Side();
  one.other = other;
  other.other = one;
  return [one, other];
}

class Side extends Duplex {
  other: Side | undefined;
  /** The other side's write, taken once this side wants more. */
  #taken: (() => void) | undefined;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const { other } = this;
    if (other === undefined || other.destroyed || chunk.length === 0) done();
    else if (other.push(chunk)) done();
    else other.#taken = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { other } = this;
    this._read();
    // After what was written before.
    if (other !== undefined && !other.destroyed) setImmediate(() => other.destroy());
    done(error);
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
