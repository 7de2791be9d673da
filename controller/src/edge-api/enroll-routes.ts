import { z } from 'zod';
import { hashPassword } from '../auth/passwords.ts';
import { addressKey, createRateLimit } from '../auth/rate-limit.ts';
import type { ControllerContext } from '../context.ts';
import { peekUpdb, redeemErott, redeemOtt, redeemUpdb } from '../enroll/redeem.ts';
import { validate } from './body.ts';
import { requirePassword } from './entities/authenticators.ts';
import { detail, type EdgeReply } from './envelope.ts';
import { EdgeError } from './errors.ts';
import type { EdgeRequest, EdgeRoutes } from './routes.ts';

const MAX_BODY_CHARS = 65_536;
const csr = z.string().max(16_384);
const ottBody = z.object({ token: z.string().optional(), clientCsr: csr });
const updbBody = z.object({
  token: z.string().optional(),
  username: z.string().max(100).optional(),
  password: z.string().max(100),
});
const routerBody = z.object({
  token: z.string().optional(),
  certCsr: csr.optional(),
  clientCsr: csr.optional(),
  serverCertCsr: csr.optional(),
  serverCsr: csr.optional(),
});

/** `POST /enroll?method=…&token=…` and its per-method forms (specs/edge-api.md §3.6). */
export function addEnrollRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const limit = createRateLimit(ctx.config.auth.attemptsPerMinute, ctx.clock);

  const enroll = async (request: EdgeRequest, method: string): Promise<EdgeReply> => {
    if (!limit.take(addressKey(remoteAddress(request)))) throw new EdgeError('RATE_LIMITED');
    const text = await request.context.req.text();
    if (text.length > MAX_BODY_CHARS) throw new EdgeError('REQUEST_ENTITY_TOO_LARGE');
    const body = readBody(text);
    const token = request.query('token') ?? (body as { token?: unknown }).token;
    if (typeof token !== 'string' || token === '') throw new EdgeError('INVALID_ENROLLMENT_TOKEN');
    switch (method) {
      case 'ott':
        return detail(await redeemOtt(ctx, token, validate(ottBody, body).clientCsr));
      case 'updb': {
        const { password } = validate(updbBody, body);
        await requirePassword(ctx.store.db, await peekUpdb(ctx, token), password);
        return detail(await redeemUpdb(ctx, token, await hashPassword(password)));
      }
      case 'erott': {
        const { certCsr, clientCsr, serverCertCsr, serverCsr } = validate(routerBody, body);
        const client = certCsr ?? clientCsr;
        const server = serverCertCsr ?? serverCsr;
        if (client === undefined || server === undefined)
          throw new EdgeError('MISSING_OR_INVALID_CSR');
        return detail(await redeemErott(ctx, token, client, server));
      }
      default:
        throw new EdgeError('INVALID_ENROLL_METHOD');
    }
  };

  const summary = 'Turn an enrollment token into credentials';
  routes.add({ method: 'post', path: '/enroll', access: 'anyone', summary }, (request) =>
    enroll(request, request.query('method') ?? ''),
  );
  for (const method of ['ott', 'updb', 'erott']) {
    routes.add(
      { method: 'post', path: `/enroll/${method}`, access: 'anyone', summary },
      (request) => enroll(request, method),
    );
  }
}

/** JSON, or a bare PEM request as the Go and C SDKs post it. */
function readBody(text: string): unknown {
  if (text.includes('-----BEGIN') && !text.trimStart().startsWith('{')) return { clientCsr: text };
  try {
    const body: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    throw new EdgeError('COULD_NOT_PARSE_BODY');
  }
}

export function remoteAddress({ context }: Pick<EdgeRequest, 'context'>): string {
  return context.env.incoming.socket.remoteAddress ?? '';
}
