/** Calls of the controller's REST APIs by a signed-in person. */
import { AppError } from '@postern/shared/errors';
import { toApiError } from './api-error.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface CallOptions {
  query?: Query;
  body?: unknown;
  /** ETag that the entity must still have. */
  ifMatch?: string | undefined;
  signal?: AbortSignal;
}

export interface Answer<Data> {
  readonly data: Data;
  /** Of lists: rows there are in all. */
  readonly total: number;
  /** Of details: what `ifMatch` takes. */
  readonly etag: string | undefined;
}

export interface ApiClient {
  /**
   * @param path Below the base of the Management API, `/identities`, or whole: `/fabric/v1/links`.
   * @throws ApiError, AppError `ERR_WEB_UNREACHABLE`, `ERR_WEB_SIGNED_OUT`; the signal's reason
   */
  call<Data>(method: Method, path: string, options?: CallOptions): Promise<Answer<Data>>;
  /** The answer as it comes, for streams; errors as of `call`. */
  open(path: string, options?: Pick<CallOptions, 'query' | 'signal'>): Promise<Response>;
}

export interface ClientOptions {
  /** Origin of the controller's admin listener; empty: that of the page. */
  origin: string;
  fetch: typeof fetch;
  /** Session token; held in memory only. */
  token: string | undefined;
}

const MANAGEMENT_BASE = '/edge/management/v1';
const TIMEOUT_MS = 30_000;

export function createClient({ origin, fetch: request, token }: ClientOptions): ApiClient {
  const send = async (
    method: Method,
    path: string,
    { query, body, ifMatch, signal }: CallOptions,
  ): Promise<Response> => {
    try {
      return await request(urlOf(origin, path, query), {
        method,
        headers: {
          accept: 'application/json',
          ...(token !== undefined && { 'zt-session': token }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
        // The token travels in a header alone.
        credentials: 'omit',
        redirect: 'error',
        cache: 'no-store',
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new AppError('ERR_WEB_UNREACHABLE', 'The controller cannot be reached', {
        cause,
        retryable: true,
      });
    }
  };
  const settle = async (response: Response): Promise<Response> => {
    if (response.ok) return response;
    const body: unknown = await response.json().catch(() => undefined);
    // The API says 401 also where a right is lacking: only the session itself tells the two apart.
    if (response.status === 401 && token !== undefined) {
      const own = await send('GET', '/current-api-session', {});
      if (own.status === 401)
        throw new AppError('ERR_WEB_SIGNED_OUT', 'Your session has ended', { status: 401 });
    }
    throw toApiError(response.status, body);
  };
  return {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as the interface says
    call: async <Data>(method: Method, path: string, options: CallOptions = {}) => {
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
      const response = await settle(await send(method, path, { ...options, signal }));
      const body = (await response.json()) as {
        data: Data;
        meta?: { pagination?: { totalCount: number } };
      };
      return {
        data: body.data,
        total: body.meta?.pagination?.totalCount ?? 0,
        etag: response.headers.get('etag') ?? undefined,
      };
    },
    open: async (path, options = {}) => settle(await send('GET', path, options)),
  };
}

function urlOf(origin: string, path: string, query: Query = {}): string {
  const whole = path.startsWith('/fabric/') || path.startsWith('/edge/');
  const parameters = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, String(value)]],
    ),
  );
  const search = parameters.size > 0 ? `?${parameters.toString()}` : '';
  return `${origin}${whole ? '' : MANAGEMENT_BASE}${path}${search}`;
}
