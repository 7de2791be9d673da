import type { AppError } from '../../errors/index.ts';
import { aborted } from './abort.ts';

interface Waiter {
  readonly bytes: number;
  resolve(): void;
  reject(error: AppError): void;
}

/** Callers that wait for credit, served in order. */
export class CreditWaiters {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  /** Waits until {@link grant} covers `bytes`; rejects by {@link rejectAll} or when `signal` aborts. */
  wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(aborted(signal));
      };
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        bytes,
        resolve: () => {
          settle();
          resolve();
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (signal?.aborted === true) {
        reject(aborted(signal));
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Lets through, in order, the callers that `availableBytes` covers together. */
  grant(availableBytes: number): void {
    let left = availableBytes;
    for (const waiter of this.#waiters) {
      if (waiter.bytes > left || left === 0) return;
      left -= waiter.bytes;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  rejectAll(error: AppError): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }
}
