import { AppError } from '../../errors/index.ts';

/** One consumer waiting for one value. */
export class Waiter<T> {
  readonly #busyCode: `ERR_${string}`;
  #waiting: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined;

  /** `busyCode` is thrown to a second consumer. */
  constructor(busyCode: `ERR_${string}`) {
    this.#busyCode = busyCode;
  }

  async wait(signal?: AbortSignal): Promise<T> {
    if (this.#waiting) throw new AppError(this.#busyCode, 'already being waited for');
    signal?.throwIfAborted();
    const onAbort = () => void this.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#waiting = { resolve, reject };
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** True if someone waited. */
  resolve(value: T): boolean {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(value);
    return waiting !== undefined;
  }

  /** True if someone waited. */
  reject(error: unknown): boolean {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
    return waiting !== undefined;
  }
}
