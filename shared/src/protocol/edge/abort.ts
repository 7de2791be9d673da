import { AppError } from '../../errors/index.ts';

/** The error of a wait that its caller gave up. */
export function aborted(signal: AbortSignal | undefined): AppError {
  return new AppError('ERR_ABORTED', 'the caller gave up waiting', { cause: signal?.reason });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}

/** Settles as `promise` does, or rejects with `ERR_ABORTED` when the signal aborts first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(aborted(signal));
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
