import { AppError } from '../../errors/index.ts';

/** Limits of heads (docs/protocol.md, "HTTP in a stream"). */
export const MAX_FIELDS = 100;
/** All names and values of one field list together, in bytes. */
export const MAX_FIELDS_BYTES = 16_384;
export const MAX_TARGET_BYTES = 8_192;
export const MAX_METHOD_BYTES = 32;

/** Every fault of a head, a field or a message fragment. */
export function httpError(message: string): AppError {
  return new AppError('ERR_HTTP_INVALID', message);
}

/** `ERR_HTTP_TOO_LARGE`: a limit of this file is exceeded. */
export function tooLarge(what: string): AppError {
  return new AppError('ERR_HTTP_TOO_LARGE', `${what} too large`);
}
