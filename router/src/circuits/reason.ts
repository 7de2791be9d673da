/** Reasons of the shared table, as circuits, dials and bindings end with them. */
import { isAppError, isReasonCode, reasons, type ReasonCode } from '@postern/shared/errors';
import type { CloseReason } from '@postern/shared/protocol/edge';

/** A reason of the shared table; `message` is for logs and never holds a secret. */
export function reason(code: ReasonCode, message: string = reasons[code].title): CloseReason {
  return { code, message, retryable: reasons[code].retryable };
}

/** The reason an error stands for: its own code if that is one a person may see, else `fallback`. */
export function reasonOf(error: unknown, fallback: ReasonCode): CloseReason {
  return isAppError(error) && isReasonCode(error.code)
    ? reason(error.code, error.message)
    : reason(fallback);
}
