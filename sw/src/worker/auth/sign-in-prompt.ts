/**
 * A session that ends while people work: requests of their pages wait while a dialog on the page asks
 * for a new sign-in, and go on after it. Nothing is reloaded, nothing typed is lost.
 */
import { AppError, isAppError } from '@postern/shared/errors';
import type { WorkerMessage } from '../../messages/page.ts';

/** How long requests wait for a person. Chromium ends requests without an answer after 300 s. */
export const PATIENCE_MS = 240_000;
/** Requests that wait; further ones fail at once. */
export const MAX_WAITING = 256;

const ENDED = new Set(['ERR_SESSION_ENDED', 'ERR_TOKEN_INVALID']);

export interface SignInPromptOptions {
  /** The pages of this origin. */
  pages: () => Promise<readonly { postMessage(message: WorkerMessage): void }[]>;
  /** Resolves after the delay. */
  sleep: (delayMs: number) => Promise<void>;
}

export class SignInPrompt {
  readonly #options: SignInPromptOptions;
  #waiting:
    { count: number; ended: Promise<boolean>; end: (isSignedIn: boolean) => void } | undefined;

  constructor(options: SignInPromptOptions) {
    this.#options = options;
  }

  /** What `attempt` gives, at once or after a new sign-in. Rejects with its error when there is none. */
  async whenSignedIn<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!isAppError(error) || !ENDED.has(error.code)) throw error;
      const isSignedIn = await Promise.race([this.#ask(), aborted(signal)]);
      if (!isSignedIn) throw error;
      return attempt();
    }
  }

  /** Somebody signed in: those who wait go on. */
  async signedIn(): Promise<void> {
    this.#waiting?.end(true);
    await this.#tell({ type: 'postern.signed-in' });
  }

  /** The person does not want to: those who wait fail. */
  declined(): void {
    this.#waiting?.end(false);
  }

  /** Asks, unless it is asked already; true after a sign-in. */
  async #ask(): Promise<boolean> {
    if (this.#waiting === undefined) {
      let end!: (isSignedIn: boolean) => void;
      const ended = new Promise<boolean>((resolve) => (end = resolve));
      this.#waiting = { count: 0, ended, end };
      void ended.then(() => (this.#waiting = undefined));
      void this.#options.sleep(PATIENCE_MS).then(() => end(false));
      await this.#tell({ type: 'postern.sign-in' });
    }
    const waiting = this.#waiting;
    if (waiting.count >= MAX_WAITING) return false;
    waiting.count++;
    return waiting.ended;
  }

  async #tell(message: WorkerMessage): Promise<void> {
    for (const page of await this.#options.pages()) page.postMessage(message);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new AppError('ERR_SW_ABORTED', 'the page gave up'));
    if (signal?.aborted === true) fail();
    signal?.addEventListener('abort', fail, { once: true });
  });
}
