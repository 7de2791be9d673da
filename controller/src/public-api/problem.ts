/** Errors as RFC 9457 problem documents. */
import { isReasonCode, reasons, isAppError } from '@postern/shared/errors';
import type { Problem } from '@postern/shared/schemas';
import type { Context, ErrorHandler, NotFoundHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from '@postern/shared/log';
import { ZodError } from 'zod';
import type { PublicEnv } from './env.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Forbidden',
  404: 'Not found',
  413: 'Request too large',
  421: 'Misdirected request',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

export function problem(
  c: Context<PublicEnv>,
  status: number,
  code: string,
  detail?: string,
): Response {
  const body: Problem = {
    title: isReasonCode(code) ? reasons[code].title : (TITLES[status] ?? 'Error'),
    status,
    code,
    requestId: c.get('requestId'),
    ...(detail === undefined ? {} : { detail }),
  };
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  });
}

/** Messages stay in the log: a client is told the code, and only what was meant for it. */
export function problemOnError(logger: Logger): ErrorHandler<PublicEnv> {
  return (error, c) => {
    const requestId = c.get('requestId');
    if (error instanceof ZodError || error instanceof SyntaxError) {
      return problem(c, 400, 'ERR_REQUEST_INVALID');
    }
    if (isAppError(error)) {
      const status = error.status ?? 500;
      logger.info('publicApi.refused', { requestId, code: error.code, message: error.message });
      return problem(c, status, error.code, error.publicMessage);
    }
    logger.error('publicApi.failed', { requestId, error });
    return problem(c, 500, 'ERR_INTERNAL');
  };
}

export const problemOnNotFound: NotFoundHandler<PublicEnv> = (c) =>
  problem(c, 404, 'ERR_NOT_FOUND');
