/**
 * Routes of the Edge APIs. Each declares whom it serves and what it takes and answers
 * (`RouteSpec`); `sealRoutes` stops the start-up when one was added around this module.
 */
import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { AppError, isAppError } from '@postern/shared/errors';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { runAs } from '../audit/actor.ts';
import type { Caller } from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import { FilterError, SortError } from '../store/filter/lexer.ts';
import { createAllowances } from './allowances.ts';
import { actorOf, noteRefusal } from './auditing.ts';
import { identify, requireAccess } from './authorize.ts';
import { parseJson, validate } from './body.ts';
import { requireDeclared } from './check-response.ts';
import { errorBody, type EdgeReply } from './envelope.ts';
import { EdgeError, fieldError, type EdgeErrorCode } from './errors.ts';
import {
  JSON_ONLY,
  takesBody,
  type QueryParameters,
  type RateClass,
  type RouteSpec,
} from './route-spec.ts';

export type { Method, RouteSpec } from './route-spec.ts';

export const MAX_BODY_BYTES = 1024 * 1024;
/** Of a request without a session. */
export const MAX_ANONYMOUS_BODY_BYTES = 16 * 1024;
const HANDLER_TIMEOUT_MS = 10_000;

export type EdgeContext = Context<{ Bindings: HttpBindings }>;

export interface EdgeRequest<Body = unknown> {
  param(name: string): string;
  query(name: string): string | undefined;
  queries(name: string): string[];
  /** The body of a route that declares a schema for it. */
  readonly body: Body;
  /** The body as sent, at most 1 MiB and of an accepted type, for routes that judge it themselves. */
  text(): Promise<string>;
  /** @throws EdgeError UNAUTHORIZED on a route open to anyone that was called without a session. */
  readonly caller: Caller;
  /** Aborts when the handler's time is up. */
  readonly signal: AbortSignal;
  readonly context: EdgeContext;
}

export type Handler<Body> = (request: EdgeRequest<Body>) => Promise<EdgeReply | Response>;

/** The routes of one API. */
export interface EdgeRoutes {
  readonly app: Hono<{ Bindings: HttpBindings }>;
  readonly specs: readonly RouteSpec[];
  add<Body>(spec: RouteSpec<Body>, handle: Handler<Body>): void;
}

export interface RoutesOptions {
  /** URL prefixes the API answers under; `''` makes it the one for every other path. */
  bases: readonly string[];
  /** The class of routes that declare none. */
  rate: Exclude<RateClass, 'login'>;
  /** Time a handler has before the answer is 503 TIMEOUT. Default 10 s. */
  handlerTimeoutMs?: number;
}

export function createRoutes(
  ctx: ControllerContext,
  { bases, rate, handlerTimeoutMs = HANDLER_TIMEOUT_MS }: RoutesOptions,
): EdgeRoutes {
  const app = new Hono<{ Bindings: HttpBindings }>({
    getPath: (request) => pathBelow(bases, request.url),
  });
  const specs: RouteSpec[] = [];
  const allowances = createAllowances(ctx);
  const instanceId = randomUUID();
  app.use(async (c, next) => {
    c.header('server', 'postern-controller');
    c.header('ziti-instance-id', instanceId);
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
    // Closing on unread bytes would cut a long answer off.
    if (hasIdleBody(c)) c.env.incoming.resume();
    await next();
    closeAfterUnread(c);
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new EdgeError('REQUEST_ENTITY_TOO_LARGE');
      },
    }),
  );
  app.notFound((c) => fail(c, new EdgeError('NOT_FOUND')));
  app.onError((error, c) => {
    const edgeError = toEdgeError(error);
    if (edgeError.code === 'UNHANDLED')
      ctx.logger.error('edge-api.unhandled', { error, method: c.req.method, path: c.req.path });
    return fail(c, edgeError);
  });

  const answer = async (c: EdgeContext, spec: RouteSpec, handle: Handler<never>) => {
    if (spec.rate === 'login') allowances.takeAttempt(c);
    let caller: Caller | undefined;
    try {
      caller = await identify(ctx, c, spec.access);
      requireAccess(caller, spec.access);
      return await runAs(actorOf(c, caller), () => answerTo(caller, c, spec, handle));
    } catch (error) {
      noteRefusal(ctx, c, spec, caller, error);
      throw error;
    }
  };

  const answerTo = async (
    caller: Caller | undefined,
    c: EdgeContext,
    spec: RouteSpec,
    handle: Handler<never>,
  ): Promise<Response> => {
    if (spec.rate !== 'login') allowances.takeRequest(c, spec.rate ?? rate, caller);
    // NUL, which no database text holds.
    if (Object.values(c.req.param()).some((value) => value.includes('\0')))
      throw new EdgeError('NOT_FOUND');
    requireQuery(c, spec.query ?? {});
    const text = takesBody(spec) ? await readText(c, spec.accepts ?? JSON_ONLY, caller) : '';
    const body = (spec.body && validate(spec.body, parseJson(text))) as never;
    const signal = AbortSignal.timeout(handlerTimeoutMs);
    const work = handle({
      param: (name) => c.req.param(name) ?? '',
      query: (name) => c.req.query(name),
      queries: (name) => c.req.queries(name) ?? [],
      body,
      text: () => Promise.resolve(text),
      get caller(): Caller {
        if (!caller) throw new EdgeError('UNAUTHORIZED');
        return caller;
      },
      signal,
      context: c,
    });
    const reply = await withinTime(work, signal);
    if (ctx.checkResponses) await requireDeclared(spec, reply);
    if (reply instanceof Response) return reply;
    if (caller) {
      const leftMs = Date.parse(caller.session.expiresAt) - ctx.clock();
      c.header('expiration-seconds', String(Math.max(0, Math.floor(leftMs / 1000))));
      c.header('expires-at', caller.session.expiresAt);
    }
    for (const [name, value] of Object.entries(reply.headers ?? {})) c.header(name, value);
    return c.body(JSON.stringify(reply.body), reply.status, {
      'content-type': 'application/json',
    });
  };

  return {
    app,
    specs,
    add(spec, handle) {
      specs.push(spec);
      app[spec.method](spec.path, (c) => answer(c, spec, handle));
    },
  };
}

/** The path without its base and without a trailing slash, which consoles put before the query. */
function pathBelow(bases: readonly string[], url: string): string {
  const { pathname } = new URL(url);
  const base = bases.find((one) => pathname === one || pathname.startsWith(`${one}/`)) ?? '';
  return pathname.slice(base.length).replace(/\/+$/, '') || '/';
}

/** Refuses to start with a route whose access was not declared, and answers 405 for wrong methods. */
export function sealRoutes({ app, specs }: EdgeRoutes): void {
  const declared = new Set(specs.map(({ method, path }) => `${method.toUpperCase()} ${path}`));
  for (const { method, path } of app.routes) {
    if (method !== 'ALL' && !declared.has(`${method} ${path}`)) {
      throw new AppError(
        'ERR_EDGE_API_UNDECLARED_ROUTE',
        `no access declared for ${method} ${path}`,
      );
    }
  }
  for (const path of new Set(specs.map((spec) => spec.path))) {
    const methods = specs.filter((spec) => spec.path === path).map(({ method }) => method);
    app.all(path, (c) => {
      c.header('allow', methods.join(', ').toUpperCase());
      return fail(c, new EdgeError('METHOD_NOT_ALLOWED'));
    });
  }
}

/** @throws EdgeError COULD_NOT_VALIDATE naming a declared parameter that is wrong. */
function requireQuery(c: EdgeContext, parameters: QueryParameters): void {
  for (const [name, { schema, repeatable }] of Object.entries(parameters)) {
    const sent = repeatable ? c.req.queries(name) : c.req.query(name);
    if (sent === undefined) continue;
    if ([sent].flat().some((text) => text.includes('\0')))
      throw fieldError(name, 'must not contain NUL');
    const result = schema.safeParse(sent);
    if (!result.success) throw fieldError(name, result.error.issues[0]?.message ?? 'is invalid');
  }
}

function announcedBytes(c: EdgeContext): number {
  return Number(c.req.header('content-length') ?? 0);
}

/** True for a body that nobody reads, since its method gives it no meaning (RFC 9110 §9.3.1). */
function hasIdleBody(c: EdgeContext): boolean {
  const bytes = announcedBytes(c);
  return ['GET', 'HEAD'].includes(c.req.method) && bytes > 0 && bytes <= MAX_BODY_BYTES;
}

/** Ends the connection after an answer that left a body unread, rather than wait for all of it. */
function closeAfterUnread(c: EdgeContext): void {
  const isChunked = c.req.header('transfer-encoding') !== undefined;
  if (hasIdleBody(c) || c.req.raw.bodyUsed) return;
  if (isChunked || announcedBytes(c) > MAX_ANONYMOUS_BODY_BYTES) c.header('connection', 'close');
}

/** The body, judged as the first accepted type when the request names none. */
async function readText(
  c: EdgeContext,
  accepts: readonly string[],
  caller: Caller | undefined,
): Promise<string> {
  const limit = caller ? MAX_BODY_BYTES : MAX_ANONYMOUS_BODY_BYTES;
  if (announcedBytes(c) > limit) throw new EdgeError('REQUEST_ENTITY_TOO_LARGE');
  const text = await c.req.text();
  if (text.length > limit) throw new EdgeError('REQUEST_ENTITY_TOO_LARGE');
  const declared = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (text !== '' && declared && !accepts.includes(declared))
    throw new EdgeError('UNSUPPORTED_MEDIA', `the body must be ${accepts.join(' or ')}`);
  return text;
}

async function withinTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const timeout = new Promise<never>((_, reject) => {
    onAbort = () => reject(new EdgeError('TIMEOUT'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const APP_ERROR_CODES: Readonly<Record<string, EdgeErrorCode>> = {
  ERR_PKI_CSR_INVALID: 'COULD_NOT_PROCESS_CSR',
  ERR_PKI_COMMON_NAME: 'INVALID_COMMON_NAME',
  ERR_ENROLL_TOKEN_INVALID: 'INVALID_ENROLLMENT_TOKEN',
  ERR_ENROLL_EXPIRED: 'ENROLLMENT_EXPIRED',
  ERR_ENROLL_CERT_INVALID: 'INVALID_CLIENT_CERT',
  ERR_ENROLL_CERT_CLAIM: 'MISSING_CERT_CLAIM',
  ERR_ENROLL_CERT_IN_USE: 'CERT_IN_USE',
  ERR_ENROLL_IDENTITY_EXISTS: 'ENROLLMENT_IDENTITY_ALREADY_ENROLLED',
  ERR_ENROLL_NOT_ALLOWED: 'INVALID_ENROLLMENT_NOT_ALLOWED',
  ERR_ENROLL_KEY_UNCHANGED: 'COULD_NOT_PROCESS_CSR',
  ERR_EXT_JWT_INVALID: 'INVALID_AUTH',
  ERR_EXT_JWT_SIGNER_UNREACHABLE: 'INVALID_AUTH',
  ERR_MFA_EXISTS: 'MFA_EXISTS',
  ERR_MFA_NOT_STARTED: 'MFA_ENROLLMENT_NOT_STARTED',
  ERR_MFA_CODE_INVALID: 'MFA_INVALID_TOKEN',
  // 503: clients that know several controllers go to the next.
  ERR_STORE_UNAVAILABLE: 'CLUSTER_NO_LEADER',
  ERR_STORE_BUSY: 'TIMEOUT',
  ERR_STORE_TEXT_INVALID: 'COULD_NOT_VALIDATE',
};

function toEdgeError(error: Error): EdgeError {
  if (error instanceof EdgeError) return error;
  if (error instanceof SortError) return new EdgeError('INVALID_SORT_IDENTIFIER', error.message);
  if (error instanceof FilterError) return new EdgeError('INVALID_FILTER', error.message);
  const code = isAppError(error) ? APP_ERROR_CODES[error.code] : undefined;
  return code ? new EdgeError(code, error.message) : new EdgeError('UNHANDLED');
}

function fail(c: EdgeContext, error: EdgeError): Response {
  return c.body(JSON.stringify(errorBody(error, randomUUID())), error.status, {
    'content-type': 'application/json',
  });
}
