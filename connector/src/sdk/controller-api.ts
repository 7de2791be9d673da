/** What a program asks the controller: to log in, and for leave to dial. Client API, mutual TLS. */
import { AppError } from '@postern/shared/errors';
import { programDialGrantSchema, type ProgramDialGrant } from '@postern/shared/schemas';
import { Agent, request } from 'undici';
import { z } from 'zod';
import type { OwnIdentity } from '../enroll/identity-file.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const CLIENT_BASE = '/edge/client/v1';
const PAGE = 500;

const envelopeSchema = z.object({ data: z.unknown() });
const errorSchema = z.object({ error: z.object({ code: z.string().max(64) }) });
const sessionSchema = z.object({
  token: z.string().min(1).max(8192),
  authQueries: z.array(z.unknown()).nullish(),
});
const serviceSchema = z.object({
  id: z.string().max(64),
  name: z.string().max(256),
  permissions: z.array(z.enum(['Dial', 'Bind'])).default([]),
  config: z.record(z.string(), z.unknown()).nullish(),
});
const servicesSchema = z.array(serviceSchema).max(PAGE);

/** A service that the identity may dial or bind. */
export interface ServiceInfo {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly ('Dial' | 'Bind')[];
  /** By name of its type: `intercept.v1`, … */
  readonly configs: Readonly<Record<string, unknown>>;
}

/** How a program proves who it is. */
export type Login =
  | { readonly method: 'cert' }
  | { readonly method: 'password'; readonly username: string; readonly password: string }
  /** A token of an identity provider that the controller trusts, asked for at each login. */
  | { readonly method: 'ext-jwt'; readonly token: () => string | Promise<string> };

/** What the codes of the Edge API mean to who dials. */
const REFUSALS: Readonly<
  Record<string, [code: `ERR_${string}`, message: string, retryable: boolean]>
> = {
  NOT_FOUND: [
    'ERR_ACCESS_NO_POLICY',
    'there is no such service, or no policy lets the identity dial it',
    false,
  ],
  INVALID_POSTURE: ['ERR_POSTURE_FAILED', 'a posture check of the service is not passed', false],
  NO_EDGE_ROUTERS_AVAILABLE: ['ERR_NO_ROUTER', 'no router that may be used for it is online', true],
  SERVICE_NOT_HOSTED: ['ERR_SERVICE_NOT_HOSTED', 'nobody hosts the service right now', true],
  INVALID_AUTH: ['ERR_LOGIN_REFUSED', 'the controller does not accept the identity', false],
  UNAUTHORIZED: ['ERR_SESSION_ENDED', 'the controller does not accept the session', false],
};

export class ControllerApi {
  readonly #identity: Pick<OwnIdentity, 'current' | 'onReplaced'>;
  readonly #login: Login;
  #agent: Agent;
  #session: Promise<string> | undefined;

  constructor(identity: Pick<OwnIdentity, 'current' | 'onReplaced'>, login: Login) {
    this.#identity = identity;
    this.#login = login;
    this.#agent = this.#connect();
    identity.onReplaced(() => {
      const before = this.#agent;
      this.#agent = this.#connect();
      void before.close();
    });
  }

  /** Logs in unless it did. @throws AppError `ERR_LOGIN_REFUSED`, `ERR_LOGIN_REQUIRED`, `ERR_CONTROLLER_UNREACHABLE` */
  async authenticate(): Promise<void> {
    await this.#token();
  }

  /**
   * Leave to dial a service for the key with this RFC 7638 thumbprint.
   * @throws AppError `ERR_ACCESS_NO_POLICY`, `ERR_POSTURE_FAILED`, `ERR_NO_ROUTER`, `ERR_SERVICE_NOT_HOSTED`,
   * `ERR_CONTROLLER_UNREACHABLE`, and as `authenticate`
   */
  async dialGrant(service: string, thumbprint: string): Promise<ProgramDialGrant> {
    const data = await this.#call('POST', '/dial-grants', { service, thumbprint });
    return parsed(programDialGrantSchema, data);
  }

  /** Services that the identity may dial or bind, with their configurations. Throws as `dialGrant`. */
  async services(): Promise<ServiceInfo[]> {
    const found: ServiceInfo[] = [];
    for (let offset = 0; ; offset += PAGE) {
      const path = `/services?limit=${PAGE}&offset=${offset}&configTypes=all`;
      const page = parsed(servicesSchema, await this.#call('GET', path));
      for (const { config, ...service } of page) found.push({ ...service, configs: config ?? {} });
      if (page.length < PAGE) return found;
    }
  }

  /** Logs out, if the controller can be reached. Never rejects. */
  async close(): Promise<void> {
    const session = this.#session;
    if (session !== undefined) {
      const logOut = async () => this.#send('DELETE', '/current-api-session', await session);
      await logOut().catch(() => undefined);
    }
    await this.#agent.destroy();
  }

  #connect(): Agent {
    const { key, cert, ca } = this.#identity.current;
    const client = key === '' ? {} : { key, cert };
    return new Agent({
      connect: { ...client, ca, minVersion: 'TLSv1.2', timeout: TIMEOUT_MS },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connections: 4,
    });
  }

  /** A session that the controller ended is made anew, once. */
  async #call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const session = this.#token();
    try {
      return await this.#send(method, path, await session, body);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'ERR_SESSION_ENDED') throw error;
      if (this.#session === session) this.#session = undefined;
      return this.#send(method, path, await this.#token(), body);
    }
  }

  #token(): Promise<string> {
    const session = (this.#session ??= this.#authenticate());
    session.catch(() => {
      if (this.#session === session) this.#session = undefined;
    });
    return session;
  }

  async #authenticate(): Promise<string> {
    const login = this.#login;
    const path = `/authenticate?method=${login.method}`;
    const { username, password } = login.method === 'password' ? login : {};
    const body = username === undefined ? {} : { username, password };
    const bearer = login.method === 'ext-jwt' ? await login.token() : undefined;
    const { token, authQueries } = parsed(
      sessionSchema,
      await this.#send('POST', path, undefined, body, bearer),
    );
    if (authQueries !== undefined && authQueries !== null && authQueries.length > 0) {
      throw new AppError(
        'ERR_LOGIN_REQUIRED',
        'the controller asks this identity for a second factor, which programs cannot give',
      );
    }
    return token;
  }

  async #send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    session: string | undefined,
    body?: object,
    bearer?: string,
  ): Promise<unknown> {
    const url = new URL(CLIENT_BASE + path, this.#identity.current.apiUrl);
    let status: number;
    let text: string;
    try {
      const answer = await request(url, {
        method,
        dispatcher: this.#agent,
        headers: {
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(session !== undefined && { 'zt-session': session }),
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      status = answer.statusCode;
      text = await readBounded(answer.body);
    } catch (cause) {
      throw unreachable(`${url.origin} does not answer`, cause);
    }
    if (status < 300) return parsed(envelopeSchema, parseJson(text)).data;
    const refusal = errorSchema.safeParse(parseJson(text));
    const code = refusal.success ? refusal.data.error.code : '';
    const known = REFUSALS[code];
    if (known !== undefined) throw new AppError(known[0], known[1], { retryable: known[2] });
    if (status >= 500 || status === 429) throw unreachable(`${url.origin} answered ${status}`);
    throw new AppError('ERR_CONTROLLER_REFUSED', `the controller refused: ${status} ${code}`);
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError('ERR_CONTROLLER_ANSWER', 'the controller sent something unexpected');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(message: string, cause?: unknown): AppError {
  return new AppError('ERR_CONTROLLER_UNREACHABLE', message, { retryable: true, cause });
}
