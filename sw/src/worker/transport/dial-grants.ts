/**
 * Dial grants: which service, which routers, which hosts may answer. Fetched from the controller,
 * kept in storage so that a worker that was just killed need not ask again, and used past their
 * freshness only while the controller cannot be reached.
 */
import { AppError, isAppError, isReasonCode, reasons } from '@postern/shared/errors';
import type { GrantSource } from '@postern/shared/protocol/client';
import {
  dialGrantResponseSchema,
  problemSchema,
  type DeclaredPosture,
  type DialGrantResponse,
} from '@postern/shared/schemas';
import { outageUntilMs, type TokenSource } from '../auth/token-source.ts';
import type { OAuthClient } from '../auth/oauth.ts';
import type { Store } from '../storage/store.ts';

/** A grant with less life than this is not used for a new connection, in ms. */
const MIN_GRANT_LIFE_MS = 20_000;

export interface DialGrantsOptions {
  store: Store;
  tokens: TokenSource;
  client: () => Promise<OAuthClient>;
  /** Base of the controller's API. */
  apiUrl: () => Promise<string>;
  /** What the browser says of itself, sent along for posture checks. */
  declared: () => Promise<DeclaredPosture>;
  nowMs: () => number;
}

export class DialGrants implements GrantSource {
  readonly #options: DialGrantsOptions;
  #current: DialGrantResponse | undefined;

  constructor(options: DialGrantsOptions) {
    this.#options = options;
  }

  /** A fresh grant, from storage if possible. Throws what {@link fetch} throws. */
  async current(): Promise<DialGrantResponse> {
    this.#current ??= await this.#stored();
    return this.#current !== undefined && this.freshMs(this.#current) > MIN_GRANT_LIFE_MS
      ? this.#current
      : this.fetch();
  }

  /**
   * A new grant. While the controller cannot be reached: the last one, until its outage time.
   * Throws the controller's refusal under its own code (`ERR_ACCESS_NO_POLICY`, …), `ERR_SESSION_ENDED`,
   * `ERR_CONTROLLER_UNREACHABLE`, and `ERR_ACCESS_REMOVED` where this sign-in had access before.
   */
  async fetch(): Promise<DialGrantResponse> {
    try {
      const granted = await this.#request();
      this.#current = granted;
      await this.#options.store.put('dial', granted);
      await this.#options.store.put('hadAccess', true);
      return granted;
    } catch (error) {
      if (isAppError(error, 'ERR_ACCESS_NO_POLICY')) {
        const hadAccess = (await this.#options.store.get('hadAccess')) === true;
        throw hadAccess ? new AppError('ERR_ACCESS_REMOVED', 'access was removed') : error;
      }
      const last = this.#current ?? (await this.#stored());
      const mayBridge = last !== undefined && outageUntilMs(last.dialGrant) > this.#options.nowMs();
      if (isAppError(error, 'ERR_CONTROLLER_UNREACHABLE') && mayBridge) return last;
      throw error;
    }
  }

  /** How long a grant stays fresh, in ms; negative when it is not. */
  freshMs(grant: DialGrantResponse): number {
    return Date.parse(grant.expiresAt) - this.#options.nowMs();
  }

  /** Forgets the grant: it was refused. */
  async forget(): Promise<void> {
    this.#current = undefined;
    await this.#options.store.delete('dial');
  }

  /** Forgets everything about access: the sign-in session ended. */
  async forgetSession(): Promise<void> {
    await this.forget();
    await this.#options.store.delete('hadAccess');
  }

  async #request(): Promise<DialGrantResponse> {
    const { tokens, client, apiUrl } = this.#options;
    const url = new URL(`${await apiUrl()}/dial-grants`);
    const oauth = await client();
    const declared = await this.#options.declared();
    const ask = (token: string): Promise<Response> =>
      oauth.request(token, 'POST', url, undefined, declared);
    let response = await ask(await tokens.token());
    // The token may have been revoked or the clock be off: one renewal decides.
    if (response.status === 401) response = await ask(await tokens.renew());
    if (!response.ok) throw await problemError(response);
    const parsed = dialGrantResponseSchema.safeParse(await response.json().catch(() => undefined));
    if (!parsed.success) {
      throw new AppError('ERR_CONTROLLER_ANSWER', 'the controller sent no valid dial grant');
    }
    return parsed.data;
  }

  async #stored(): Promise<DialGrantResponse | undefined> {
    const parsed = dialGrantResponseSchema.safeParse(await this.#options.store.get('dial'));
    return parsed.success ? parsed.data : undefined;
  }
}

/** The controller's refusal under its own code, where it is one of ours. */
export async function problemError(response: Response): Promise<AppError> {
  if (response.status >= 500) {
    return new AppError(
      'ERR_CONTROLLER_UNREACHABLE',
      `the controller answered ${response.status}`,
      {
        retryable: true,
      },
    );
  }
  const parsed = problemSchema.safeParse(await response.json().catch(() => undefined));
  const code = parsed.success ? parsed.data.code : undefined;
  if (code !== undefined && isReasonCode(code)) {
    return new AppError(code, 'the controller refused', { retryable: reasons[code].retryable });
  }
  return response.status === 401
    ? new AppError('ERR_SESSION_ENDED', 'the controller does not accept the session any more')
    : new AppError('ERR_CONTROLLER_REFUSED', `the controller refused: ${response.status}`);
}
