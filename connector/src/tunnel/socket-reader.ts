import { once } from 'node:events';
import type { Socket } from 'node:net';
import { AppError } from '@postern/shared/errors';

/** Reads the first bytes of a connection; what was not asked for stays in it. */
export class SocketReader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;

  /** @param signal ends each wait */
  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  /** @throws AppError `ERR_PROXY_REQUEST` when it ends before, or the signal's reason */
  async exactly(length: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.#socket.read(length) as Buffer | null;
      if (bytes !== null && bytes.length === length) return bytes;
      if (bytes !== null || this.#socket.readableEnded)
        throw new AppError('ERR_PROXY_REQUEST', 'the request is cut short');
      await this.#more();
    }
  }

  /** Bytes up to and with the first `end`. @throws AppError as `exactly`, and when there are more than `maxBytes` */
  async through(end: string, maxBytes: number): Promise<Buffer> {
    let bytes = Buffer.alloc(0);
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk !== null) bytes = Buffer.concat([bytes, chunk]);
      const at = bytes.indexOf(end);
      if (at >= 0 && at + end.length <= maxBytes) {
        const rest = bytes.subarray(at + end.length);
        if (rest.length > 0) this.#socket.unshift(rest);
        return bytes.subarray(0, at + end.length);
      }
      if (bytes.length >= maxBytes || this.#socket.readableEnded)
        throw new AppError('ERR_PROXY_REQUEST', 'the request is cut short, or too long');
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    try {
      await Promise.race([
        once(this.#socket, 'readable', { signal }),
        once(this.#socket, 'end', { signal }),
      ]);
    } finally {
      over.abort();
    }
  }
}
