/**
 * Who is signed in. The token lives in this object and nowhere else: a reload, or a script that reads storage, finds
 * none (docs/console.md, "Signing in").
 */
import { isAppError } from '@postern/shared/errors';
import type { components } from '../api/management.gen.ts';
import { createClient, type ApiClient } from '../api/client.ts';

export type Me = Pick<
  components['schemas']['IdentityDetail'],
  'id' | 'name' | 'isAdmin' | 'isDefaultAdmin' | 'permissions'
>;

export type SessionState =
  | { readonly status: 'signed-out'; readonly ended: boolean }
  /** The password was right; a code of the authenticator app is owed. */
  | { readonly status: 'code-owed'; readonly client: ApiClient }
  | { readonly status: 'signed-in'; readonly client: ApiClient; readonly me: Me };

export interface SessionDeps {
  origin: string;
  fetch: typeof fetch;
}

type OpenSession = components['schemas']['CurrentApiSession'];

export class Session {
  readonly #deps: SessionDeps;
  readonly #listeners = new Set<() => void>();
  #state: SessionState = { status: 'signed-out', ended: false };

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly state = (): SessionState => this.#state;

  /** @throws ApiError `INVALID_AUTH`, `RATE_LIMITED`; AppError `ERR_WEB_UNREACHABLE` */
  async signIn(username: string, password: string): Promise<void> {
    const { data } = await createClient({ ...this.#deps, token: undefined }).call<OpenSession>(
      'POST',
      '/authenticate',
      {
        query: { method: 'password' },
        body: { username, password, sdkInfo: { type: 'postern-console' } },
      },
    );
    const client = this.#watched(createClient({ ...this.#deps, token: data.token }));
    if (data.authQueries.length > 0) this.#become({ status: 'code-owed', client });
    else await this.#enter(client);
  }

  /** @throws ApiError `MFA_INVALID_TOKEN`, `RATE_LIMITED` */
  async proveCode(code: string): Promise<void> {
    if (this.#state.status !== 'code-owed') return;
    const { client } = this.#state;
    await client.call('POST', '/authenticate/mfa', { body: { code } });
    await this.#enter(client);
  }

  /** Ends the session at the controller too, if it can be reached. */
  async signOut(): Promise<void> {
    const state = this.#state;
    this.#become({ status: 'signed-out', ended: false });
    if (state.status === 'signed-out') return;
    await state.client.call('DELETE', '/current-api-session').catch(() => undefined);
  }

  /** The session ended elsewhere. */
  end(): void {
    if (this.#state.status !== 'signed-out') this.#become({ status: 'signed-out', ended: true });
  }

  async #enter(client: ApiClient): Promise<void> {
    const { data: me } = await client.call<Me>('GET', '/current-identity');
    this.#become({ status: 'signed-in', client, me });
  }

  /** A client whose signed-out answers are noticed. */
  #watched(client: ApiClient): ApiClient {
    const notice = (error: unknown): never => {
      if (isAppError(error, 'ERR_WEB_SIGNED_OUT')) this.end();
      throw error;
    };
    return {
      call: (...args) => client.call(...args).catch(notice) as never,
      open: (...args) => client.open(...args).catch(notice),
    };
  }

  #become(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
