import { decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { AppError, isAppError } from '../../errors/index.ts';
import {
  decodeStructuredError,
  encodeStructuredError,
  HeaderKey,
  MessageHeaders,
  RetryHint,
} from '../channel/index.ts';
import type { Message, OutgoingMessage } from '../channel/index.ts';
import type { CloseReason } from './types.ts';

/** An orderly end: nothing went wrong. */
export const CLOSED_OK: CloseReason = { code: 'OK', message: 'closed', retryable: true };

const CODE_PATTERN = /^ERR_[A-Z0-9_]{1,60}$/;

const isReasonCode = (code: string | number): code is CloseReason['code'] =>
  typeof code === 'string' && (code === 'OK' || CODE_PATTERN.test(code));

/** Headers (1033 and any given) and body (never empty) of a message that ends or refuses something. */
export function refusal(
  reason: CloseReason,
  headers = new MessageHeaders(),
): Required<Pick<OutgoingMessage, 'headers' | 'body'>> {
  const { code, message } = reason;
  const retryHint = reason.retryable ? RetryHint.default : RetryHint.doNotRetry;
  headers.setBytes(HeaderKey.structuredError, encodeStructuredError({ message, code, retryHint }));
  return { headers, body: encodeUtf8(message === '' ? code : message) };
}

/**
 * Why a StateClosed, DialFailed or refusing Result came. What the peer says in an unknown form (an
 * OpenZiti code, no header, a malformed one) becomes `fallback` with the text of the body.
 */
export function readCloseReason(
  message: Message,
  fallback: CloseReason['code'] = 'ERR_CIRCUIT_LOST',
): CloseReason {
  const header = message.headers.bytes(HeaderKey.structuredError);
  try {
    if (header === undefined) throw new AppError('ERR_CHANNEL_HEADER', 'no reason given');
    const { code, message: text, retryHint } = decodeStructuredError(header);
    const retryable = retryHint !== RetryHint.doNotRetry;
    return { code: isReasonCode(code) ? code : fallback, message: text, retryable };
  } catch {
    return { code: fallback, message: bodyText(message.body), retryable: true };
  }
}

function bodyText(body: Uint8Array): string {
  try {
    return decodeUtf8(body.subarray(0, 512));
  } catch {
    return 'no readable reason';
  }
}

/** The reason an error stands for; one that is not an {@link AppError} becomes `fallback` without its text. */
export function toCloseReason(
  error: unknown,
  fallback: CloseReason['code'] = 'ERR_CIRCUIT_LOST',
): CloseReason {
  if (!isAppError(error) || !isReasonCode(error.code)) {
    return { code: fallback, message: 'internal error', retryable: true };
  }
  return { code: error.code, message: error.message, retryable: error.retryable };
}

/** The error that tells a waiting caller about `reason`; an orderly end becomes `ERR_CIRCUIT_CLOSED`. */
export function toError(reason: CloseReason): AppError {
  const code = reason.code === 'OK' ? 'ERR_CIRCUIT_CLOSED' : reason.code;
  return new AppError(code, reason.message, { retryable: reason.retryable });
}
