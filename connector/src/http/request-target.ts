import { AppError } from '@postern/shared/errors';

/** An origin-form request target (RFC 9112 §3.2.1), parsed once: rules and log use `path`, the app gets `raw`. */
export interface RequestTarget {
  raw: string;
  path: string;
}

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
/** `.` and `..` as a segment, also percent-encoded. */
const DOT_SEGMENT = /(^|\/)(\.|%2e){1,2}(\/|$)/i;

/**
 * Refuses what two parsers may read differently: dot segments, backslashes, NUL, fragments, anything
 * outside visible ASCII. An encoded slash is refused only where path rules apply
 * (`strictSlashes`): without them it decides nothing here, and applications use it in names.
 *
 * Throws `ERR_HTTP_TARGET_INVALID`.
 */
export function parseRequestTarget(raw: string, strictSlashes: boolean): RequestTarget {
  const path = raw.split('?', 1)[0] ?? '';
  const isBad =
    !raw.startsWith('/') ||
    !VISIBLE_ASCII.test(raw) ||
    raw.includes('#') ||
    path.includes('\\') ||
    /%00|%5c/i.test(path) ||
    DOT_SEGMENT.test(path) ||
    (strictSlashes && (/%2f/i.test(path) || path.includes('//')));
  if (isBad) {
    throw new AppError('ERR_HTTP_TARGET_INVALID', 'request target is not acceptable', {
      status: 400,
      publicMessage: 'The address of this request is not acceptable.',
    });
  }
  return { raw, path };
}
