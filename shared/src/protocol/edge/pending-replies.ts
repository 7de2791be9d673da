import type { AppError } from '../../errors/index.ts';
import type { Message } from '../channel/index.ts';
import { aborted } from './abort.ts';
import { toCloseReason, toError } from './close-reason.ts';

interface PendingReply {
  readonly onReply: (message: Message) => void;
  readonly onFail: (error: AppError) => void;
}

/** Requests that wait for the message whose header 1 names their sequence. */
export class PendingReplies {
  readonly #pending = new Map<number, PendingReply>();

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Waits for the reply to `sequence`. `convert` runs synchronously when it arrives, before any later
   * frame is handled; what it returns or throws settles the promise. `onAbort` runs when `signal`
   * gives up the wait, which rejects with `ERR_ABORTED`.
   */
  wait<T>(
    sequence: number,
    convert: (reply: Message) => T,
    signal?: AbortSignal,
    onAbort: () => void = () => undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#pending.delete(sequence);
        onAbort();
        reject(aborted(signal));
      };
      const settled = (): void => signal?.removeEventListener('abort', giveUp);
      this.#pending.set(sequence, {
        onReply: (message) => {
          settled();
          try {
            resolve(convert(message));
          } catch (error) {
            reject(toError(toCloseReason(error)));
          }
        },
        onFail: (error) => {
          settled();
          reject(error);
        },
      });
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
    });
  }

  /** Hands a reply to its waiter; false if nobody waits. */
  settle(replyFor: number, message: Message): boolean {
    const pending = this.#pending.get(replyFor);
    if (pending === undefined) return false;
    this.#pending.delete(replyFor);
    pending.onReply(message);
    return true;
  }

  failAll(error: AppError): void {
    for (const pending of this.#pending.values()) pending.onFail(error);
    this.#pending.clear();
  }
}
