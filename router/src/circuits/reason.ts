/** Header 1033: why a circuit, dial or binding ended, as it travels from router to person. */
import { encodeUtf8 } from '@postern/shared/bytes';
import { isAppError, isReasonCode, reasons, type ReasonCode } from '@postern/shared/errors';
import {
  HeaderKey,
  MessageHeaders,
  RetryHint,
  decodeStructuredError,
  encodeStructuredError,
  type Message,
} from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';

/** The ordinary end of a circuit, by either end. */
export const CLOSED_NORMALLY: CloseReason = { code: 'OK', message: 'closed', retryable: false };

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

/** Adds the reason to a message's headers. */
export function setReason(headers: MessageHeaders, why: CloseReason): MessageHeaders {
  const retryHint = why.retryable ? RetryHint.busy : RetryHint.doNotRetry;
  const { code, message } = why;
  return headers.setBytes(
    HeaderKey.structuredError,
    encodeStructuredError({ message, code, retryHint }),
  );
}

/** The text body beside the header: OpenZiti's SDKs show it and misread an empty one. */
export function reasonBody(why: CloseReason): Uint8Array {
  return encodeUtf8(why.message);
}

/** Reads a peer's reason. One that is missing or malformed counts as an ordinary close. */
export function readReason(message: Message): CloseReason {
  const bytes = message.headers.bytes(HeaderKey.structuredError);
  if (bytes === undefined) return CLOSED_NORMALLY;
  try {
    const { message: text, code, retryHint } = decodeStructuredError(bytes);
    if (typeof code !== 'string' || !CODE.test(code)) return CLOSED_NORMALLY;
    return {
      code: code as CloseReason['code'],
      message: text,
      retryable: retryHint === RetryHint.busy,
    };
  } catch {
    return CLOSED_NORMALLY;
  }
}

const CODE = /^(OK|ERR_[A-Z0-9_]{1,60})$/;
