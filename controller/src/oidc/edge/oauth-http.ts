/** What the endpoints of Edge clients share: how they read requests and refuse them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { z } from 'zod';

export type OidcContext = Context<{ Bindings: HttpBindings }>;
export type Fields = Readonly<Record<string, string | undefined>>;

/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Query parameters and the members of a form or JSON body; a repeated member counts once, as first sent. */
export async function fieldsOf(c: OidcContext): Promise<Fields> {
  const query = c.req.query();
  const text = c.req.method === 'GET' ? '' : await c.req.text();
  if (text === '') return query;
  if (c.req.header('content-type')?.includes('json')) {
    const body = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    const texts = Object.entries(body).filter(([, value]) => typeof value === 'string');
    return { ...query, ...(Object.fromEntries(texts) as Fields) };
  }
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) fields[name] ??= value;
  return { ...query, ...fields };
}

/** RFC 6749 §5.2. */
export function oauthError(
  c: Context,
  error: string,
  status: 400 | 401 | 413 | 429 | 500,
): Response {
  return c.json({ error }, status);
}

/** RFC 7636 §4.6, in constant time. */
export function provesChallenge(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const made = createHash('sha256').update(verifier).digest();
  const wanted = Buffer.from(challenge, 'base64url');
  return made.length === wanted.length && timingSafeEqual(made, wanted);
}
