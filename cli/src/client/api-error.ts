import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { printable } from '../terminal/printable.ts';

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string().default(''),
    requestId: z.string().optional(),
    cause: z.unknown().optional(),
  }),
});
const fieldCause = z.object({ field: z.string(), reason: z.string() });
const codedCause = z.object({ code: z.string().optional(), message: z.string() });

/** What to do next, by the code of the API. */
const nextStep: Record<string, string> = {
  INVALID_AUTH:
    'check name and password; after too many wrong ones the identity is locked for a while',
  UNAUTHORIZED:
    'the session ended, or you lack the permission: see "postern edge whoami", or sign in again with "postern edge login"',
  RATE_LIMITED: 'wait a minute and try again',
  SERVER_TOO_MANY_REQUESTS: 'wait a minute and try again',
  INVALID_FILTER:
    'filters look like: name contains "a" and anyOf(roleAttributes) = "staff" (docs/cli.md)',
  CAN_NOT_DELETE_REFERENCED_ENTITY: 'change what refers to it first',
  ENROLLMENT_EXISTS: 'delete the pending enrollment first ("postern edge list enrollments")',
};

/** An error answer as one line: what was asked, what was wrong with which member, what to do. */
export function apiError(call: string, status: number, body: unknown): AppError {
  const parsed = errorSchema.safeParse(body);
  if (!parsed.success) {
    return new AppError('ERR_CLI_API', `${call}: the server answered ${status}`, {
      retryable: status >= 500,
    });
  }
  const { code, message, cause } = parsed.data.error;
  const next = nextStep[code];
  const text = [
    `${call}: ${code}`,
    describeCause(cause) ?? message.replace(/\.$/, ''),
    ...(next === undefined ? [] : [next]),
  ].join('. ');
  return new AppError(errorCode(status), printable(text), {
    retryable: status === 429 || status >= 500,
  });
}

function errorCode(status: number) {
  if (status === 401) return 'ERR_CLI_SIGNED_OUT';
  return status === 404 ? 'ERR_CLI_NOT_FOUND' : 'ERR_CLI_API';
}

function describeCause(cause: unknown): string | undefined {
  const field = fieldCause.safeParse(cause);
  if (field.success) return `"${field.data.field}" ${field.data.reason}`;
  const coded = codedCause.safeParse(cause);
  return coded.success ? coded.data.message : undefined;
}
