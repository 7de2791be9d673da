import { once } from 'node:events';
import type { Socket } from 'node:net';
import { AppError } from '@postern/shared/errors';

/** Reads the first bytes of a connection, piece by piece; the rest is handed back to it. */
export class SocketReader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  #bytes = Buffer.alloc(0);

  /** @param signal ends each wait */
  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  /** The next byte, which stays the next. Throws as `exactly`. */
  async peek(): Promise<number> {
    while (this.#bytes.length === 0) await this.#more();
    return this.#bytes[0] ?? 0;
  }

  /** @throws AppError `ERR_PROXY_REQUEST` when it ends before, or the signal's reason */
  async exactly(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#more();
    return this.#take(length);
  }

  /** Bytes up to and with the first `end`. @throws AppError as `exactly`, and when there are more than `maxBytes` */
  async through(end: string, maxBytes: number): Promise<Buffer> {
    for (;;) {
      const at = this.#bytes.indexOf(end);
      if (at >= 0 && at + end.length <= maxBytes) return this.#take(at + end.length);
      if (this.#bytes.length >= maxBytes)
        throw new AppError('ERR_PROXY_REQUEST', 'the request is too long');
      await this.#more();
    }
  }

  /** Hands what was not asked for back to the connection. Nothing may be read here afterwards. */
  release(): void {
    if (this.#bytes.length > 0) this.#socket.unshift(this.#bytes);
    this.#bytes = Buffer.alloc(0);
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  /** All that is there is taken out: Node says that a part is readable again and again while it lies there. */
  async #more(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    try {
      for (;;) {
        const chunk = this.#socket.read() as Buffer | null;
        if (chunk !== null) {
          this.#bytes = Buffer.concat([this.#bytes, chunk]);
          return;
        }
        if (this.#socket.readableEnded)
          throw new AppError('ERR_PROXY_REQUEST', 'the request is cut short');
        await Promise.race([
          once(this.#socket, 'readable', { signal }),
          once(this.#socket, 'end', { signal }),
        ]);
      }
    } finally {
      over.abort();
    }
  }
}
