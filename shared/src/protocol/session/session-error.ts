import { AppError, isAppError, isReasonCode, reasons } from '../../errors/index.ts';
import type { CloseReason } from '../edge/types.ts';

/** What streams and callers of an ended session meet. */
export function sessionError(reason: CloseReason, cause?: unknown): AppError {
  const code = reason.code === 'OK' ? 'ERR_SESSION_CLOSED' : reason.code;
  return new AppError(code, reason.message || 'the session ended', {
    cause,
    retryable: reason.retryable,
  });
}

/** The reason an error gives for ending a session; none but an {@link AppError}'s text is told. */
export function closeReasonOf(cause: unknown): CloseReason {
  if (!isAppError(cause)) {
    return { code: 'ERR_SESSION_FAILED', message: 'internal error', retryable: true };
  }
  const code = cause.code as `ERR_${string}`;
  const retryable = isReasonCode(code) ? reasons[code].retryable : cause.retryable;
  return { code, message: cause.message, retryable };
}
