/** Calls of the Edge APIs over HTTPS (specs: OpenZiti's envelope, docs/api.md). */
import { AppError } from '@postern/shared/errors';
import { Agent, request, type Dispatcher } from 'undici';
import { z } from 'zod';
import { apiError } from './api-error.ts';

const TIMEOUT_MS = 30_000;
/** Longest answer that is read. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** Where and as whom calls are made. */
export interface EdgeTarget {
  /** `https://host:port` */
  origin: string;
  /** Path before each call's, such as `/edge/management/v1`. */
  basePath: string;
  /** PEM of the authorities trusted instead of the system's. */
  ca?: string | undefined;
  /** Session token, or JWT if it has two dots. */
  token?: string | undefined;
  /** PEM, for signing in by certificate. */
  clientCertificate?: { cert: string; key: string } | undefined;
}

export type Query = Record<string, string | number | readonly string[] | undefined>;

export interface CallOptions {
  query?: Query;
  /** JSON unless it is text with a `contentType`. */
  body?: unknown;
  contentType?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  /** The body as sent. */
  text: string;
  /** `data` of the envelope. */
  data: unknown;
}

const envelopeSchema = z.object({
  data: z.unknown().optional(),
  meta: z.unknown().optional(),
});
const listSchema = z.object({
  data: z.array(z.unknown()),
  meta: z.object({
    pagination: z.object({ limit: z.number(), offset: z.number(), totalCount: z.number() }),
  }),
});
export type Row = Record<string, unknown>;

/** One page of a list. */
export interface ListAnswer {
  text: string;
  rows: unknown[];
  offset: number;
  totalCount: number;
}

export class EdgeClient {
  readonly target: EdgeTarget;
  readonly #agent: Agent;

  constructor(target: EdgeTarget) {
    this.target = target;
    const { ca, clientCertificate } = target;
    this.#agent = new Agent({
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      connect: {
        timeout: 10_000,
        ...(ca !== undefined && { ca }),
        ...clientCertificate,
      },
    });
  }

  /**
   * One call; `path` is below the base path, without leading slash.
   * @throws AppError `ERR_CLI_UNREACHABLE`, `ERR_CLI_SIGNED_OUT`, `ERR_CLI_NOT_FOUND`, `ERR_CLI_API`
   */
  async call(
    method: Dispatcher.HttpMethod,
    path: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const { statusCode, body } = await this.stream(method, path, options);
    const text = await readText(body, path);
    const json = parseJson(text);
    if (statusCode >= 300) throw apiError(`${method} ${path}`, statusCode, json);
    const envelope = envelopeSchema.safeParse(json);
    return { status: statusCode, text, data: envelope.success ? envelope.data.data : undefined };
  }

  /** The answer with its body unread. @throws AppError `ERR_CLI_UNREACHABLE` */
  async stream(
    method: Dispatcher.HttpMethod,
    path: string,
    { query = {}, body, contentType = 'application/json', headers = {} }: CallOptions = {},
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { origin, basePath, token } = this.target;
    const url = new URL(`${origin}${basePath}/${path}`);
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one));
    }
    try {
      return await request(url, {
        method,
        dispatcher: this.#agent,
        headers: {
          accept: 'application/json',
          ...(token !== undefined && authorization(token)),
          ...(body !== undefined && { 'content-type': contentType }),
          ...headers,
        },
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal && { signal }),
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw unreachable(origin, cause);
    }
  }

  /** A page of a collection, or of a sub-list such as `identities/ID/services`. */
  async list(path: string, query: Query = {}): Promise<ListAnswer> {
    const { text } = await this.call('GET', path, { query });
    const { data, meta } = parseList(parseJson(text), path);
    const { offset, totalCount } = meta.pagination;
    return { text, rows: data, offset, totalCount };
  }

  /** Every row, in pages. */
  async *all(path: string, query: Query = {}): AsyncGenerator<Row> {
    const limit = 500;
    for (let offset = 0; ; offset += limit) {
      const { rows, totalCount } = await this.list(path, { ...query, limit, offset });
      for (const row of rows) yield row as Row;
      // A filter may have a limit of its own.
      if (offset + limit >= totalCount || rows.length < limit) return;
    }
  }

  async detail(path: string): Promise<Row> {
    return (await this.call('GET', path)).data as Row;
  }

  /** Creates an entity and returns its id. */
  async create(path: string, body: unknown): Promise<string> {
    const { data } = await this.call('POST', path, { body });
    return z.object({ id: z.string() }).parse(data).id;
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }
}

function authorization(token: string): Record<string, string> {
  return token.split('.').length === 3
    ? { authorization: `Bearer ${token}` }
    : { 'zt-session': token };
}

async function readText(body: Dispatcher.ResponseData['body'], path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) {
      throw new AppError(
        'ERR_CLI_API',
        `The answer to ${path} is longer than ${MAX_ANSWER_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function parseList(body: unknown, path: string): z.infer<typeof listSchema> {
  const result = listSchema.safeParse(body);
  if (!result.success) {
    throw new AppError('ERR_CLI_API', `The answer to ${path} is no list: is this a controller?`, {
      cause: result.error,
    });
  }
  return result.data;
}

const certificateProblems = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Whether a call failed because the server's certificate is not trusted. */
export function isUntrusted(error: unknown): boolean {
  return causeCode(error) !== undefined && certificateProblems.has(causeCode(error) ?? '');
}

function causeCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && !at.code.startsWith('ERR_CLI_'))
      return at.code;
  }
  return undefined;
}

function unreachable(origin: string, cause: unknown): AppError {
  const code = causeCode(cause);
  if (code !== undefined && certificateProblems.has(code)) {
    return new AppError(
      'ERR_CLI_UNREACHABLE',
      `The certificate of ${origin} is not trusted (${code}): sign in again and compare its fingerprint`,
      { cause },
    );
  }
  return new AppError(
    'ERR_CLI_UNREACHABLE',
    `Cannot reach ${origin} (${code ?? String(cause)}): is the address right and the controller running?`,
    { cause, retryable: true },
  );
}
