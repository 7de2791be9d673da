/**
 * Signing in at an external OpenID Connect provider as a public client: code flow with PKCE (S256),
 * `state`, a bound `nonce`, and the `iss` of RFC 9207 where the provider sends it. What was begun is
 * kept in the tab, never in the URL.
 */
import { AppError } from '@postern/shared/errors';
import type { extJwtMethodSchema } from '@postern/shared/schemas';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';

export type ExternalMethod = z.infer<typeof extJwtMethodSchema>;

/** A sign-in that ended well: the ID token is for the controller to judge. */
interface ExternalLogin {
  uid: string;
  signerId: string;
  token: string;
  /** The step of a sign-in that this completes as its second factor. */
  step?: string | undefined;
}

interface IdentityProviderOptions {
  /** Exact address the provider sends people back to. */
  redirectUri: string;
  /** `sessionStorage` of the login origin. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const KEY = 'postern.identity-provider';
const pendingSchema = z.strictObject({
  uid: z.string(),
  signerId: z.string(),
  issuer: z.url(),
  clientId: z.string(),
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  step: z.string().optional(),
});
type Pending = z.infer<typeof pendingSchema>;

export class IdentityProvider {
  readonly #options: IdentityProviderOptions;

  constructor(options: IdentityProviderOptions) {
    this.#options = options;
  }

  /**
   * Where to go to sign in. A sign-in begun before in this tab is given up.
   *
   * @param askAgain the provider shall not answer from a session of its own
   * @param step what was proved before, when this is the second factor
   * @throws AppError `ERR_LOGIN_IDP_UNREACHABLE`
   */
  async begin(
    method: ExternalMethod,
    uid: string,
    nonce: string,
    askAgain: boolean,
    step?: string,
  ): Promise<string> {
    const { authorization_endpoint: endpoint } = await this.#discover(method.issuer);
    if (endpoint === undefined || !isHttp(endpoint)) throw unreachable();
    const pending: Pending = {
      uid,
      signerId: method.signerId,
      issuer: method.issuer,
      clientId: method.clientId,
      state: oauth.generateRandomState(),
      nonce,
      codeVerifier: oauth.generateRandomCodeVerifier(),
      ...(step !== undefined && { step }),
    };
    this.#options.storage.setItem(KEY, JSON.stringify(pending));
    const url = new URL(endpoint);
    const parameters = {
      client_id: method.clientId,
      redirect_uri: this.#options.redirectUri,
      response_type: 'code',
      scope: [...new Set(['openid', ...method.scopes])].join(' '),
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.codeVerifier),
      code_challenge_method: 'S256',
      state: pending.state,
      nonce,
      ...(askAgain && { prompt: 'login' }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /** The interaction of the sign-in under way in this tab, if there is one. */
  pendingInteraction(): string | undefined {
    return this.#pending()?.uid;
  }

  /**
   * Ends the sign-in `callback` answers. Each one works once.
   *
   * @throws AppError `ERR_LOGIN_STATE` when it was not begun in this tab, `ERR_LOGIN_IDP_REFUSED`
   *   when the provider or a check of its answer says no, `ERR_LOGIN_IDP_UNREACHABLE`
   */
  async complete(callback: URL): Promise<ExternalLogin> {
    const pending = this.#pending();
    this.#options.storage.removeItem(KEY);
    if (!pending || callback.searchParams.get('state') !== pending.state) {
      throw new AppError('ERR_LOGIN_STATE', 'this sign-in was not begun in this tab');
    }
    const { uid, signerId, clientId, state, nonce, codeVerifier, step } = pending;
    const server = await this.#discover(pending.issuer);
    const client: oauth.Client = { client_id: clientId };
    try {
      const answer = oauth.validateAuthResponse(server, client, callback, state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        answer,
        this.#options.redirectUri,
        codeVerifier,
        this.#requestOptions(pending.issuer),
      );
      const { id_token: token } = await oauth.processAuthorizationCodeResponse(
        server,
        client,
        response,
        { expectedNonce: nonce, requireIdToken: true },
      );
      if (token === undefined) throw new TypeError('no ID token');
      return { uid, signerId, token, ...(step !== undefined && { step }) };
    } catch (cause) {
      throw new AppError('ERR_LOGIN_IDP_REFUSED', 'the identity provider did not sign in', {
        cause,
      });
    }
  }

  async #discover(issuer: string): Promise<oauth.AuthorizationServer> {
    try {
      const url = new URL(issuer);
      const response = await oauth.discoveryRequest(url, this.#requestOptions(issuer));
      return await oauth.processDiscoveryResponse(url, response);
    } catch (cause) {
      throw unreachable(cause);
    }
  }

  #requestOptions(issuer: string) {
    return {
      [oauth.customFetch]: (url: string, init: object) => this.#options.fetch(url, init),
      // Plain HTTP is taken from this machine only: a development provider.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- "deprecated" is its warning sign
      [oauth.allowInsecureRequests]: isLoopback(new URL(issuer)),
      signal: AbortSignal.timeout(15_000),
    };
  }

  #pending(): Pending | undefined {
    try {
      return pendingSchema.parse(JSON.parse(this.#options.storage.getItem(KEY) ?? 'null'));
    } catch {
      return undefined;
    }
  }
}

const isHttp = (url: string): boolean =>
  URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1';

const unreachable = (cause?: unknown) =>
  new AppError('ERR_LOGIN_IDP_UNREACHABLE', 'the identity provider does not answer', { cause });
