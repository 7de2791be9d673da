/**
 * The right to send requests of our pages to another application: a dial grant that names our origin, and
 * the token that routers want with it. Kept in memory, renewed together.
 */
import { AppError } from '@postern/shared/errors';
import type { GrantSource } from '@postern/shared/protocol/client';
import {
  crossOriginGrantResponseSchema,
  type DeclaredPosture,
  type DialGrantResponse,
} from '@postern/shared/schemas';
import type { OAuthClient } from '../auth/oauth.ts';
import { outageUntilMs, type TokenSource } from '../auth/token-source.ts';
import { problemError } from '../transport/dial-grants.ts';

/** A grant with less life than this is not used for a new connection, in ms. */
const MIN_GRANT_LIFE_MS = 20_000;

export interface CrossOriginGrantsOptions {
  /** Origin of the other application. */
  origin: string;
  tokens: Pick<TokenSource, 'token' | 'renew'>;
  client: () => Promise<OAuthClient>;
  apiUrl: () => Promise<string>;
  declared: () => Promise<DeclaredPosture>;
  nowMs: () => number;
}

interface Held {
  grant: DialGrantResponse;
  accessToken: string;
}

export class CrossOriginGrants implements GrantSource {
  readonly #options: CrossOriginGrantsOptions;
  #held: Held | undefined;

  constructor(options: CrossOriginGrantsOptions) {
    this.#options = options;
  }

  async current(): Promise<DialGrantResponse> {
    const held = this.#held;
    return held !== undefined && this.freshMs(held.grant) > MIN_GRANT_LIFE_MS
      ? held.grant
      : this.fetch();
  }

  /** Throws like `DialGrants.fetch`, and `ERR_CONTROLLER_REFUSED` where the other application asks for more. */
  async fetch(): Promise<DialGrantResponse> {
    try {
      this.#held = await this.#request();
      return this.#held.grant;
    } catch (error) {
      const last = this.#held;
      const isAway = error instanceof AppError && error.code === 'ERR_CONTROLLER_UNREACHABLE';
      const mayBridge = last && outageUntilMs(last.grant.dialGrant) > this.#options.nowMs();
      if (isAway && mayBridge) return last.grant;
      throw error;
    }
  }

  freshMs(grant: DialGrantResponse): number {
    return Date.parse(grant.expiresAt) - this.#options.nowMs();
  }

  forget(): Promise<void> {
    this.#held = undefined;
    return Promise.resolve();
  }

  /** The token that came with the last grant. */
  async token(): Promise<string> {
    if (this.#held === undefined) await this.fetch();
    return this.#held?.accessToken ?? '';
  }

  async renew(): Promise<string> {
    await this.fetch();
    return this.token();
  }

  async #request(): Promise<Held> {
    const { origin, tokens, client, apiUrl, declared } = this.#options;
    const url = new URL(`${await apiUrl()}/cross-origin-grants`);
    const oauth = await client();
    const body = { origin, ...(await declared()) };
    const ask = (token: string): Promise<Response> =>
      oauth.request(token, 'POST', url, undefined, body);
    let response = await ask(await tokens.token());
    if (response.status === 401) response = await ask(await tokens.renew());
    if (!response.ok) throw await problemError(response);
    const parsed = crossOriginGrantResponseSchema.safeParse(
      await response.json().catch(() => undefined),
    );
    if (!parsed.success) {
      throw new AppError('ERR_CONTROLLER_ANSWER', 'the controller sent no valid grant');
    }
    const { accessToken, ...grant } = parsed.data;
    return { accessToken, grant: { ...grant, assertion: '' } };
  }
}
