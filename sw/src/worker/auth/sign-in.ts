/**
 * Sign-ins under way. The place a person wanted to open is kept here under `state`, never taken
 * from a URL, so that no link can choose where a sign-in ends.
 */
import { AppError } from '@postern/shared/errors';
import { generateRandomCodeVerifier, generateRandomState } from 'oauth4webapi';
import { z } from 'zod';
import type { Store } from '../storage/store.ts';
import type { OAuthClient } from './oauth.ts';
import type { TokenSource } from './token-source.ts';

/** Sign-ins kept at once (several tabs); the oldest goes first. */
export const MAX_PENDING = 16;
/** How long a person may take. */
export const PENDING_LIFE_MS = 3_600_000;

const pendingSchema = z.strictObject({
  state: z.string(),
  codeVerifier: z.string(),
  /** Absolute URL on this origin, with query and fragment. */
  target: z.string().max(16_384),
  startedAtMs: z.number(),
});
const listSchema = z.array(pendingSchema).max(MAX_PENDING);
type Pending = z.infer<typeof pendingSchema>;

export interface SignInOptions {
  store: Store;
  origin: string;
  client: () => Promise<OAuthClient>;
  tokens: TokenSource;
  /** Called with the new token before it is used. */
  onToken?: (accessToken: string) => Promise<void>;
  nowMs: () => number;
}

export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Starts a sign-in that shall end at `target` (a URL of this origin) and returns where to go. */
  async begin(target: string): Promise<URL> {
    const { store, origin, client, nowMs } = this.#options;
    const pending: Pending = {
      state: generateRandomState(),
      codeVerifier: generateRandomCodeVerifier(),
      target: sameOrigin(target, origin),
      startedAtMs: nowMs(),
    };
    const url = await (await client()).authorizeUrl(pending.state, pending.codeVerifier);
    await store.update('signIns', (list) => [...this.#live(list), pending].slice(-MAX_PENDING));
    return url;
  }

  /**
   * Ends the sign-in that `callback` answers and returns its target. Each state works once.
   * Throws `ERR_SIGN_IN_UNKNOWN` for a state not begun in this browser, and what `exchange` throws.
   */
  async complete(callback: URL): Promise<string> {
    const { store, client, tokens, onToken } = this.#options;
    const state = callback.searchParams.get('state');
    let pending: Pending | undefined;
    await store.update('signIns', (list) => {
      const live = this.#live(list);
      pending = live.find((one) => one.state === state);
      return live.filter((one) => one !== pending);
    });
    if (pending === undefined) {
      throw new AppError(
        'ERR_SIGN_IN_UNKNOWN',
        'this sign-in was not started here, or took too long',
      );
    }
    const given = await (await client()).exchange(callback, pending.state, pending.codeVerifier);
    await onToken?.(given.accessToken);
    await tokens.accept(given);
    return sameOrigin(pending.target, this.#options.origin);
  }

  #live(list: unknown): Pending[] {
    const parsed = listSchema.safeParse(list);
    const oldest = this.#options.nowMs() - PENDING_LIFE_MS;
    return parsed.success ? parsed.data.filter((one) => one.startedAtMs > oldest) : [];
  }
}

/** Where a sign-in in a window of its own ends. */
export const SIGNED_IN_PATH = '/.postern/signed-in';

/** Other paths of our own are no place to come back to: `/.postern/callback` would loop. */
function sameOrigin(target: string, origin: string): string {
  const url = new URL(target);
  const isPlace = !url.pathname.startsWith('/.postern/') || url.pathname === SIGNED_IN_PATH;
  return url.origin === origin && isPlace ? url.href : `${origin}/`;
}
