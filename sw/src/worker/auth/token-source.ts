/**
 * The app token: kept in storage between the worker's lives, renewed before it expires, by one
 * renewal at a time across all copies of the worker. Requests that need a token wait for it.
 */
import { AppError, isAppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { Store } from '../storage/store.ts';
import type { OAuthClient, TokenSet } from './oauth.ts';

/** A token with less life than this is renewed in the background, in ms. */
export const RENEW_EARLY_MS = 90_000;
/** A token with less life than this is not handed out while a new one can be had, in ms. */
export const MIN_LIFE_MS = 10_000;

const sessionSchema = z.strictObject({
  refreshToken: z.string().min(1).max(8192),
  accessToken: z.string().min(1).max(8192),
  expiresAtMs: z.number(),
  signedInAtMs: z.number(),
});
type Session = z.infer<typeof sessionSchema>;

export interface TokenSourceOptions {
  store: Store;
  client: () => Promise<OAuthClient>;
  /** Runs `task` while no other worker of this origin does (Web Locks). */
  exclusively<T>(task: () => Promise<T>): Promise<T>;
  nowMs: () => number;
}

export class TokenSource {
  readonly #options: TokenSourceOptions;
  #renewing: Promise<string> | undefined;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
  }

  /**
   * A token that lives at least {@link MIN_LIFE_MS}. While the controller cannot be reached: the
   * last one, until its outage time (docs/protocol.md, "Grants").
   * Throws `ERR_SESSION_ENDED`, `ERR_CONTROLLER_UNREACHABLE`.
   */
  async token(): Promise<string> {
    const session = await this.#load();
    if (session === undefined) throw new AppError('ERR_SESSION_ENDED', 'nobody is signed in');
    const life = session.expiresAtMs - this.#options.nowMs();
    if (life < MIN_LIFE_MS) return this.renew();
    // The current token still serves; whoever needs the next one learns of a failure.
    if (life < RENEW_EARLY_MS) this.renew().catch(() => undefined);
    return session.accessToken;
  }

  /** Renews now, whatever the token's age: the controller or a router refused it. Throws like {@link token}. */
  renew(): Promise<string> {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** True when somebody is signed in, as far as known here. */
  async hasSession(): Promise<boolean> {
    return (await this.#load()) !== undefined;
  }

  /** Since when somebody is signed in here, and how long the token at hand lives; both in ms since 1970. */
  async summary(): Promise<{ sinceMs: number; tokenUntilMs: number } | undefined> {
    const session = await this.#load();
    return session && { sinceMs: session.signedInAtMs, tokenUntilMs: session.expiresAtMs };
  }

  /** When the present session began, in ms since 1970. */
  async signedInAtMs(): Promise<number | undefined> {
    return (await this.#load())?.signedInAtMs;
  }

  /** Keeps the tokens of a new sign-in. */
  async accept(tokens: TokenSet): Promise<void> {
    if (tokens.refreshToken === undefined) {
      throw new AppError('ERR_SIGN_IN_INVALID', 'the sign-in gave no refresh token');
    }
    await this.#keep({
      refreshToken: tokens.refreshToken,
      accessToken: tokens.accessToken,
      expiresAtMs: tokens.expiresAtMs,
      signedInAtMs: this.#options.nowMs(),
    });
  }

  /** Forgets the session here; the controller is not told. */
  async forget(): Promise<void> {
    await this.#options.store.delete('session');
  }

  async #renew(): Promise<string> {
    const before = await this.#load();
    return this.#options.exclusively(async () => {
      const session = await this.#load();
      if (session === undefined) throw new AppError('ERR_SESSION_ENDED', 'nobody is signed in');
      // Another worker renewed while this one waited for the lock.
      if (before !== undefined && session.accessToken !== before.accessToken)
        return session.accessToken;
      try {
        const client = await this.#options.client();
        const tokens = await client.refresh(session.refreshToken);
        await this.#keep({
          ...session,
          refreshToken: tokens.refreshToken ?? session.refreshToken,
          accessToken: tokens.accessToken,
          expiresAtMs: tokens.expiresAtMs,
        });
        return tokens.accessToken;
      } catch (error) {
        if (isAppError(error, 'ERR_SESSION_ENDED')) await this.forget();
        else if (outageUntilMs(session.accessToken) > this.#options.nowMs())
          return session.accessToken;
        throw error;
      }
    });
  }

  async #load(): Promise<Session | undefined> {
    const parsed = sessionSchema.safeParse(await this.#options.store.get('session'));
    return parsed.success ? parsed.data : undefined;
  }

  #keep(session: Session): Promise<void> {
    return this.#options.store.put('session', session);
  }
}

/** `out` of a token, unverified: only the worker's own hint of what is still worth trying. */
export function outageUntilMs(token: string): number {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const parsed = z.object({ out: z.number() }).safeParse(JSON.parse(atob(payload)));
    return parsed.success ? parsed.data.out * 1000 : 0;
  } catch {
    return 0;
  }
}
