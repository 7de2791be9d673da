/** Pings inside the encryption that wait for their answers, which come in order. */
import { equalBytes } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import type { Clock } from '../channel/clock.ts';
import { invalidRecord } from './record.ts';

const MAX_PENDING_PINGS = 16;
export const PING_BYTES = 8;

interface Pending {
  readonly payload: Uint8Array;
  readonly sentMs: number;
  readonly resolve: (ms: number) => void;
  readonly reject: (error: unknown) => void;
}

export class Pings {
  readonly #clock: Clock;
  readonly #send: (payload: Uint8Array) => void;
  readonly #pending: Pending[] = [];

  constructor(clock: Clock, send: (payload: Uint8Array) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Round trip in ms. Rejects with `ERR_SESSION_PING_LIMIT`, or when the signal or the session ends it. */
  async ping(signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    if (this.#pending.length >= MAX_PENDING_PINGS) {
      throw new AppError('ERR_SESSION_PING_LIMIT', 'too many pings without an answer', {
        retryable: true,
      });
    }
    const payload = crypto.getRandomValues(new Uint8Array(PING_BYTES));
    return new Promise((resolve, reject) => {
      // An aborted ping keeps its place: its answer still comes.
      signal?.addEventListener('abort', () => reject(asError(signal.reason)), { once: true });
      this.#pending.push({ payload, sentMs: this.#clock.nowMs(), resolve, reject });
      this.#send(payload);
    });
  }

  /** Throws `ERR_RECORD_INVALID` for an answer to nothing. */
  onPong(payload: Uint8Array): void {
    const ping = this.#pending.shift();
    if (!ping || !equalBytes(ping.payload, payload)) throw invalidRecord('pong without its ping');
    ping.resolve(this.#clock.nowMs() - ping.sentMs);
  }

  fail(error: unknown): void {
    for (const ping of this.#pending.splice(0)) ping.reject(error);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}
