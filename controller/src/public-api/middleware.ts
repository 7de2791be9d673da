/** What every answer of the API has: request id, security headers, CORS for exact origins. */
import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { PublicEnv } from './env.ts';
import type { Origins } from './origins.ts';
import { problem } from './problem.ts';

const PREFLIGHT_SECONDS = 600;

export function requestContext(): MiddlewareHandler<PublicEnv> {
  return async function assignRequestId(c, next) {
    const requestId = randomUUID();
    c.set('requestId', requestId);
    await next();
    c.header('x-request-id', requestId);
  };
}

export function securityHeaders(): MiddlewareHandler<PublicEnv> {
  return async function addSecurityHeaders(c, next) {
    await next();
    c.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    c.header('x-content-type-options', 'nosniff');
    c.header('x-frame-options', 'DENY');
    c.header('referrer-policy', 'no-referrer');
    c.header('cross-origin-resource-policy', 'cross-origin');
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
  };
}

/** For routes that pages of one origin alone have business with; goes before {@link exactOriginCors}. */
export function onlyPagesOf(allowed: string): MiddlewareHandler<PublicEnv> {
  return async function checkOnlyOrigin(c, next) {
    const origin = c.req.header('origin');
    if (origin !== undefined && origin !== allowed)
      return problem(c, 403, 'ERR_ORIGIN_NOT_ALLOWED');
    await next();
  };
}

/** A request from a page of any other origin is refused, not merely left without headers. */
export function exactOriginCors(origins: Origins): MiddlewareHandler<PublicEnv> {
  return async function checkOrigin(c, next) {
    const origin = c.req.header('origin');
    if (origin === undefined) return next();
    if (!(await origins.isAllowed(origin))) return problem(c, 403, 'ERR_ORIGIN_NOT_ALLOWED');
    if (c.req.method === 'OPTIONS') {
      return c.body(null, 204, {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization, content-type, dpop, if-none-match',
        'access-control-max-age': String(PREFLIGHT_SECONDS),
        vary: 'origin',
      });
    }
    await next();
    c.header('access-control-allow-origin', origin);
    c.header('access-control-expose-headers', 'etag, x-request-id');
    c.header('vary', 'origin', { append: true });
  };
}
