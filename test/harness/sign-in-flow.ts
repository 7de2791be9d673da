/** What the service worker and the login page do to sign in, step by step, without a browser. */
import { randomBytes } from 'node:crypto';
import type {
  ApplicationInfo,
  DeclaredPosture,
  DialGrantResponse,
  Interaction,
  LoginResult,
} from '@postern/shared/schemas';
import { createProofKey, sha256, type ProofKey } from './dpop.ts';
import type { UserAgent } from './user-agent.ts';

export interface TokenResponse {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  token_type: string;
}

/** The service worker of one application. */
export class AppClient {
  readonly info: ApplicationInfo;
  readonly key: ProofKey;
  readonly verifier = randomBytes(32).toString('base64url');
  readonly state = randomBytes(16).toString('base64url');
  readonly #agent: UserAgent;

  constructor(agent: UserAgent, info: ApplicationInfo, key: ProofKey) {
    this.#agent = agent;
    this.info = info;
    this.key = key;
  }

  static async create(agent: UserAgent, info: ApplicationInfo): Promise<AppClient> {
    return new AppClient(agent, info, await createProofKey());
  }

  get redirectUri(): string {
    return `${this.info.origin}/.postern/callback`;
  }

  authorizeUrl(overrides: Record<string, string> = {}): string {
    const url = new URL(`${this.info.issuer}/auth`);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: this.info.clientId,
      redirect_uri: this.redirectUri,
      resource: this.info.resource,
      state: this.state,
      code_challenge: sha256(this.verifier),
      code_challenge_method: 'S256',
      dpop_jkt: this.key.thumbprint,
      ...overrides,
    }).toString();
    return url.href;
  }

  /** Navigates to the authorization server and answers the interaction it opens at the login origin. */
  async begin(): Promise<string> {
    const { url } = await this.#agent.navigate(
      this.authorizeUrl(),
      ({ origin }) => origin === this.info.loginOrigin,
    );
    const uid = url.searchParams.get('interaction');
    if (uid === null) throw new Error(`no interaction at ${url.href}`);
    return uid;
  }

  /** Resumes after the login and answers the code. */
  async resume(resumeUrl: string): Promise<string> {
    const { url, response } = await this.#agent.navigate(
      resumeUrl,
      ({ origin }) => origin === this.info.origin,
    );
    const code = url.searchParams.get('code');
    if (code === null) throw new Error(`no code at ${url.href}: ${response?.status ?? ''}`);
    return code;
  }

  async token(parameters: Record<string, string>, key: ProofKey = this.key): Promise<Response> {
    const url = `${this.info.issuer}/token`;
    return this.#agent.fetch(url, {
      method: 'POST',
      headers: { origin: this.info.origin, dpop: await key.proof('POST', url) },
      body: new URLSearchParams({
        client_id: this.info.clientId,
        resource: this.info.resource,
        ...parameters,
      }),
    });
  }

  exchange(code: string, overrides: Record<string, string> = {}, key?: ProofKey) {
    const parameters = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.redirectUri,
      code_verifier: this.verifier,
      ...overrides,
    };
    return this.token(parameters, key);
  }

  refresh(refreshToken: string, key?: ProofKey) {
    return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken }, key);
  }

  async dialGrant(
    accessToken: string,
    {
      key = this.key,
      proof,
      declared,
    }: { key?: ProofKey; proof?: string; declared?: DeclaredPosture } = {},
  ): Promise<Response> {
    const url = `${this.info.apiUrl}/dial-grants`;
    return this.#agent.fetch(url, {
      method: 'POST',
      ...(declared && { body: JSON.stringify(declared) }),
      headers: {
        ...(declared && { 'content-type': 'application/json' }),
        origin: this.info.origin,
        authorization: `DPoP ${accessToken}`,
        dpop: proof ?? (await key.proof('POST', url, accessToken)),
      },
    });
  }
}

/** Asks for the right to send requests of the application's pages to another one, at `origin`. */
export async function crossOriginGrant(
  agent: UserAgent,
  { info, key }: Pick<AppClient, 'info' | 'key'>,
  accessToken: string,
  origin: string,
): Promise<Response> {
  const url = `${info.apiUrl}/cross-origin-grants`;
  return agent.fetch(url, {
    method: 'POST',
    body: JSON.stringify({ origin }),
    headers: {
      'content-type': 'application/json',
      origin: info.origin,
      authorization: `DPoP ${accessToken}`,
      dpop: await key.proof('POST', url, accessToken),
    },
  });
}

/** The page at the login origin, with its device key. */
export class LoginPage {
  readonly key: ProofKey;
  readonly #agent: UserAgent;
  readonly #info: ApplicationInfo;

  constructor(agent: UserAgent, info: ApplicationInfo, key: ProofKey) {
    this.#agent = agent;
    this.#info = info;
    this.key = key;
  }

  static async create(agent: UserAgent, info: ApplicationInfo): Promise<LoginPage> {
    return new LoginPage(agent, info, await createProofKey());
  }

  nonce(uid: string): string {
    return sha256(`postern-nonce-v1.${uid}.${this.key.thumbprint}`);
  }

  async call(
    method: string,
    path: string,
    {
      body,
      token,
      proof,
      origin = this.#info.loginOrigin,
    }: { body?: unknown; token?: string; proof?: string; origin?: string } = {},
  ): Promise<Response> {
    const url = this.#info.apiUrl + path;
    return this.#agent.fetch(url, {
      method,
      headers: {
        origin,
        dpop: proof ?? (await this.key.proof(method, url, token)),
        ...(token === undefined ? {} : { authorization: `DPoP ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async interaction(uid: string): Promise<Interaction> {
    return json(await this.call('GET', `/interactions/${uid}`));
  }

  /** Signs in at the external identity provider as a public client with PKCE; answers the ID token. */
  async externalIdToken(
    method: { issuer: string; clientId: string; scopes: string[] },
    person: { username: string; password: string },
    nonce: string,
  ): Promise<string> {
    const { issuer, clientId } = method;
    const redirectUri = `${this.#info.loginOrigin}/callback`;
    const verifier = randomBytes(32).toString('base64url');
    const url = new URL(`${issuer}/auth`);
    url.search = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: ['openid', ...method.scopes].join(' '),
      code_challenge: sha256(verifier),
      code_challenge_method: 'S256',
      nonce,
      prompt: 'login',
    }).toString();
    const form = await this.#agent.navigate(url, () => false);
    const posted = await this.#agent.fetch(form.url, {
      method: 'POST',
      withCookies: true,
      body: new URLSearchParams(person),
    });
    const back = posted.headers.get('location');
    if (back === null) throw new Error(`the identity provider answered ${posted.status}`);
    const arrived = await this.#agent.navigate(
      new URL(back, form.url),
      ({ origin }) => origin === this.#info.loginOrigin,
    );
    const tokens = await json<{ id_token: string }>(
      await this.#agent.fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { origin: this.#info.loginOrigin },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: clientId,
          code: arrived.url.searchParams.get('code') ?? '',
          redirect_uri: redirectUri,
          code_verifier: verifier,
        }),
      }),
    );
    return tokens.id_token;
  }
}

/** The JSON of a successful answer. */
export async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Status and problem code of a refusal. */
export async function refusalOf(response: Response): Promise<{ status: number; code: string }> {
  const body = (await response.json()) as { code?: string; error?: string };
  return { status: response.status, code: body.code ?? body.error ?? '' };
}

export type { DialGrantResponse, LoginResult };
