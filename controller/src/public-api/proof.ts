/** What requests of service workers and of the login page prove: their key, and a token bound to it. */
import { AppError } from '@postern/shared/errors';
import type { Context } from 'hono';
import type { ControllerContext } from '../context.ts';
import type { ProofVerifier } from '../sign-in/dpop.ts';
import type { PublicEnv } from './env.ts';

type Ctx = Context<PublicEnv>;

/** The key that proved this very request, by what the client sees as its URL. */
export function proveRequest(
  ctx: Pick<ControllerContext, 'endpoints'>,
  proofs: ProofVerifier,
  c: Ctx,
  token?: string,
): Promise<string> {
  return proofs.verify({
    proof: c.req.header('dpop'),
    method: c.req.method,
    url: ctx.endpoints.public + c.req.path,
    ...(token === undefined ? {} : { token }),
  });
}

/** `Authorization: DPoP <token>` (RFC 9449 §7.1). @throws AppError ERR_TOKEN_INVALID */
export function dpopToken(c: Ctx): string {
  const token = /^DPoP ([A-Za-z0-9._~+/=-]{16,8192})$/i.exec(
    c.req.header('authorization') ?? '',
  )?.[1];
  if (token === undefined) {
    throw new AppError('ERR_TOKEN_INVALID', 'no DPoP token', { status: 401 });
  }
  return token;
}

export function tooMany(): AppError {
  return new AppError('ERR_RATE_LIMITED', 'too many requests', { status: 429, retryable: true });
}
