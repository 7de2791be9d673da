import { INERT_CSP } from './csp.ts';
import { securityHeaders } from './headers.ts';

/** Makes responses that all bear the security headers of {@link securityHeaders}. */
export interface Responder {
  send(request: Request, reply: Reply): Response;
  problem(request: Request, status: number, code: `ERR_${string}`, title: string): Response;
}

export interface Reply {
  body: string | Uint8Array<ArrayBuffer>;
  type: string;
  /** Default 200. */
  status?: number;
  /** Default `no-store`. */
  cacheControl?: string;
  /** Quoted validator; a request that holds it is answered 304. */
  etag?: string | undefined;
  /** Default: nothing may run. */
  csp?: string;
  headers?: Record<string, string>;
}

/** @param secure whether the origins served are `https:` */
export function createResponder(secure: boolean): Responder {
  function send(request: Request, reply: Reply): Response {
    const headers = {
      ...securityHeaders(reply.csp ?? INERT_CSP, secure),
      'cache-control': reply.cacheControl ?? 'no-store',
      ...(reply.etag !== undefined && { etag: reply.etag }),
      ...reply.headers,
    };
    if (reply.etag !== undefined && matches(request, reply.etag)) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(request.method === 'HEAD' ? null : reply.body, {
      status: reply.status ?? 200,
      headers: { ...headers, 'content-type': reply.type },
    });
  }

  return {
    send,
    problem: (request, status, code, title) =>
      send(request, {
        status,
        body: JSON.stringify({
          type: 'about:blank',
          title,
          status,
          code,
          requestId: crypto.randomUUID(),
        }),
        type: 'application/problem+json',
      }),
  };
}

/** `If-None-Match` (RFC 9110 §13.1.2), by weak comparison; only for methods it applies to. */
function matches(request: Request, etag: string): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const held = request.headers.get('if-none-match') ?? '';
  return held.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
