import { AppError } from '@postern/shared/errors';
import type { HostedServiceConfig } from '../config.ts';

/** Callers remembered; the one that asked longest ago is forgotten, and begins anew with a full bucket. */
const MAX_CALLERS = 10_000;

/** A token bucket for each caller of one service. */
export class CallerRate {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  /** @param now monotonic, ms */
  constructor(
    {
      perSecond,
      burst = Math.max(1, Math.ceil(perSecond)),
    }: NonNullable<HostedServiceConfig['rate']>,
    now: () => number,
  ) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#now = now;
  }

  /** Counts one request. @throws AppError `ERR_HTTP_RATE_LIMITED` (429) */
  take(callerId: string): void {
    const atMs = this.#now();
    const before = this.#buckets.get(callerId) ?? { tokens: this.#burst, atMs };
    const earned = (atMs - before.atMs) * this.#perMs;
    const tokens = Math.min(this.#burst, before.tokens + earned);
    const isAllowed = tokens >= 1;
    // Set anew at the end: the order of the map is that of use.
    this.#buckets.delete(callerId);
    this.#buckets.set(callerId, { tokens: isAllowed ? tokens - 1 : tokens, atMs });
    if (this.#buckets.size > MAX_CALLERS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    if (isAllowed) return;
    throw new AppError('ERR_HTTP_RATE_LIMITED', 'the caller asks too often', {
      status: 429,
      retryable: true,
      publicMessage: 'Too many requests: wait a moment and try again.',
    });
  }
}
