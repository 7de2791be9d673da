/**
 * Routes of the Edge APIs. Each declares whom it serves; `sealRoutes` stops the start-up when one
 * was added around this module. Authorisation failures are 401, never 403.
 */
import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { AppError, isAppError } from '@postern/shared/errors';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { findCaller, type Caller } from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import { FilterError } from '../store/filter/lexer.ts';
import { parseBody } from './body.ts';
import { errorBody, type EdgeReply } from './envelope.ts';
import { EdgeError, type EdgeErrorCode } from './errors.ts';
import { mayAccess, type Access } from './permissions.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type EdgeContext = Context<{ Bindings: HttpBindings }>;

export interface RouteSpec<Body = unknown> {
  method: Method;
  /** Hono path below the API's base. */
  path: string;
  access: Access;
  summary: string;
  /** JSON body; absent: the body is ignored. */
  body?: z.ZodType<Body>;
}

export interface EdgeRequest<Body = unknown> {
  param(name: string): string;
  query(name: string): string | undefined;
  queries(name: string): string[];
  readonly body: Body;
  /** @throws EdgeError UNAUTHORIZED on a route open to anyone that was called without a session. */
  readonly caller: Caller;
  readonly context: EdgeContext;
}

/** The routes of one API. */
export interface EdgeRoutes {
  readonly app: Hono<{ Bindings: HttpBindings }>;
  readonly specs: readonly RouteSpec[];
  add<Body>(
    spec: RouteSpec<Body>,
    handle: (request: EdgeRequest<Body>) => Promise<EdgeReply | Response>,
  ): void;
}

/** `bases`: URL prefixes the API answers under; `''` makes it the one for every other path. */
export function createRoutes(ctx: ControllerContext, bases: readonly string[]): EdgeRoutes {
  const app = new Hono<{ Bindings: HttpBindings }>({
    getPath: (request) => pathBelow(bases, request.url),
  });
  const specs: RouteSpec[] = [];
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
      ctx.logger.error('edge-api.unhandled', { error, path: c.req.path });
    return fail(c, edgeError);
  });
  return {
    app,
    specs,
    add(spec, handle) {
      specs.push(spec);
      app[spec.method](spec.path, async (c) => {
        const caller = await authorize(ctx, c, spec.access);
        const body = (spec.body ? await parseBody(c, spec.body) : undefined) as never;
        const reply = await handle({
          param: (name) => c.req.param(name) ?? '',
          query: (name) => c.req.query(name),
          queries: (name) => c.req.queries(name) ?? [],
          body,
          get caller(): Caller {
            if (!caller) throw new EdgeError('UNAUTHORIZED');
            return caller;
          },
          context: c,
        });
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
      });
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
    app.all(path, (c) => fail(c, new EdgeError('METHOD_NOT_ALLOWED')));
  }
}

async function authorize(
  ctx: ControllerContext,
  c: EdgeContext,
  access: Access,
): Promise<Caller | undefined> {
  const token = c.req.header('zt-session');
  const caller = token === undefined ? undefined : await findCaller(ctx, token);
  if (access === 'anyone') return caller;
  if (!caller) {
    c.header(
      'WWW-Authenticate',
      `zt-session realm="zt-session", error="${token === undefined ? 'missing' : 'invalid'}"`,
    );
    throw new EdgeError('UNAUTHORIZED');
  }
  if (!mayAccess(caller.identity, access)) throw new EdgeError('UNAUTHORIZED');
  return caller;
}

const APP_ERROR_CODES: Readonly<Record<string, EdgeErrorCode>> = {
  ERR_PKI_CSR_INVALID: 'COULD_NOT_PROCESS_CSR',
  ERR_PKI_COMMON_NAME: 'INVALID_COMMON_NAME',
  ERR_ENROLL_TOKEN_INVALID: 'INVALID_ENROLLMENT_TOKEN',
  ERR_ENROLL_EXPIRED: 'ENROLLMENT_EXPIRED',
};

function toEdgeError(error: Error): EdgeError {
  if (error instanceof EdgeError) return error;
  if (error instanceof FilterError) return new EdgeError('INVALID_FILTER', error.message);
  const code = isAppError(error) ? APP_ERROR_CODES[error.code] : undefined;
  return code ? new EdgeError(code, error.message) : new EdgeError('UNHANDLED');
}

function fail(c: EdgeContext, error: EdgeError): Response {
  return c.body(JSON.stringify(errorBody(error, randomUUID())), error.status, {
    'content-type': 'application/json',
  });
}
