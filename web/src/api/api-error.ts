/** What the Management API refused, told so that a form can show it where it belongs. */
import { AppError, isAppError } from '@postern/shared/errors';

export class ApiError extends AppError {
  /** The API's own code, such as `COULD_NOT_VALIDATE`. */
  readonly apiCode: string;
  /** Path of the member at fault, such as `primary.updb.maxAttempts`; absent: no single one. */
  readonly field: string | undefined;

  constructor(status: number, apiCode: string, message: string, field?: string) {
    super('ERR_WEB_API', message, { status, retryable: status === 429 || status >= 500 });
    this.apiCode = apiCode;
    this.field = field;
  }
}

/** Makes the error of an answer; a body that is no envelope of the API counts as none. */
export function toApiError(status: number, body: unknown): ApiError {
  const error = member(body, 'error');
  const cause = member(error, 'cause');
  const field = member(cause, 'field');
  const reason = member(cause, 'reason');
  const message = text(reason) ?? text(member(cause, 'message')) ?? text(member(error, 'message'));
  return new ApiError(
    status,
    text(member(error, 'code')) ?? 'UNKNOWN',
    message ?? `the controller answered ${status}`,
    text(field),
  );
}

/** What to show of anything that was thrown. */
export function messageOf(error: unknown): string {
  return isAppError(error) ? error.message : 'something unexpected happened';
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
