import { decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';

/** What the peer should do next (OpenZiti's retry hints). */
export const RetryHint = { default: 0, busy: 1, startOver: 2, doNotRetry: 3 } as const;
export type RetryHint = (typeof RetryHint)[keyof typeof RetryHint];

/** Value of header 1033, JSON. */
export interface StructuredError {
  readonly message: string;
  /** `ERR_…` from Postern's parts, a number from OpenZiti's. */
  readonly code: string | number;
  readonly retryHint: RetryHint;
}

/** Longest encoded header accepted or produced. */
const MAX_STRUCTURED_ERROR_BYTES = 4096;
const MAX_MESSAGE_LENGTH = 512;
const MAX_CODE_LENGTH = 64;

export function encodeStructuredError(error: StructuredError): Uint8Array<ArrayBuffer> {
  const { code, retryHint } = error;
  return encodeUtf8(
    JSON.stringify({ message: error.message.slice(0, MAX_MESSAGE_LENGTH), code, retryHint }),
  );
}

/**
 * Reads header 1033. Members of OpenZiti's that Postern doesn't use are ignored; an unknown or
 * missing hint counts as the default. Throws `ERR_CHANNEL_STRUCTURED_ERROR`.
 */
export function decodeStructuredError(bytes: Uint8Array): StructuredError {
  if (bytes.length > MAX_STRUCTURED_ERROR_BYTES) throw malformed();
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch (cause) {
    throw malformed(cause);
  }
  if (typeof value !== 'object' || value === null) throw malformed();
  const { message, code, retryHint } = value as Record<string, unknown>;
  if (typeof message !== 'string') throw malformed();
  if (typeof code !== 'number' && (typeof code !== 'string' || code.length > MAX_CODE_LENGTH))
    throw malformed();
  return { message: message.slice(0, MAX_MESSAGE_LENGTH), code, retryHint: toRetryHint(retryHint) };
}

function toRetryHint(value: unknown): RetryHint {
  return value === 1 || value === 2 || value === 3 ? value : RetryHint.default;
}

function malformed(cause?: unknown): AppError {
  return new AppError('ERR_CHANNEL_STRUCTURED_ERROR', 'header 1033 is malformed', { cause });
}
