/** A stream of a session as Node knows streams, with what `http` expects of sockets. */
import { Duplex } from 'node:stream';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';

const BUFFER_BYTES = 64 * 1024;

/**
 * Bytes both ways, each direction ended on its own (`allowHalfOpen`). A connection that breaks, or that the
 * other end resets, is an `error` event; an end is always the other end's own.
 */
export class StreamDuplex extends Duplex {
  readonly #stream: SessionStream;
  readonly #stop = new AbortController();
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(stream: SessionStream) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: BUFFER_BYTES,
      writableHighWaterMark: BUFFER_BYTES,
    });
    this.#stream = stream;
    void stream.closed.then(({ reset }) => {
      // Seen by whoever reads; a writer that waits for nothing would not learn of it.
      if (reset?.byPeer === true && this.readableEnded) this.destroy(new Error(reset.reason));
    });
  }

  override _read(): void {
    this.#stream.read(this.#stop.signal).then(
      (chunk) => {
        this.#idleTimer?.refresh();
        this.push(chunk ?? null);
      },
      (error: unknown) => this.destroy(toError(error)),
    );
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#idleTimer?.refresh();
    this.#stream.write(chunk, this.#stop.signal).then(
      () => done(),
      (error: unknown) => done(toError(error)),
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end().then(
      () => done(),
      (error: unknown) => done(toError(error)),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer);
    this.#stop.abort();
    // Without effect where both directions have ended.
    this.#stream.reset(ResetCode.cancelled, 'closed');
    done(error);
  }

  /** As `net.Socket`: no delay there is to be turned off. */
  setNoDelay(): this {
    return this;
  }

  /** As `net.Socket`: routers and hosts are asked whether they live without it. */
  setKeepAlive(): this {
    return this;
  }

  /** As `net.Socket`: the network's connections hold the process, not a stream in them. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** As `net.Socket`: a `timeout` event once nothing came or went for `timeoutMs`; 0: none. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    clearTimeout(this.#idleTimer);
    if (listener) this.once('timeout', listener);
    if (timeoutMs > 0) {
      this.#idleTimer = setTimeout(() => this.emit('timeout'), timeoutMs).unref();
    }
    return this;
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
