/**
 * What a service worker says of a cross-origin request (docs/protocol.md, "Cross-origin requests"), in the
 * field `postern-cross-origin`: `<mode> <credentials> <redirect> <destination>`. The origin is not said but
 * signed, in the dial grant.
 */
import { AppError } from '@postern/shared/errors';
import type { Field } from '@postern/shared/protocol/http';

export const CROSS_ORIGIN_FIELD = 'postern-cross-origin';

/** Destinations of requests that are no navigation (Fetch §2.2.5), as `Sec-Fetch-Dest` says them. */
const destinations = new Set([
  ...['empty', 'audio', 'audioworklet', 'font', 'image', 'json', 'manifest', 'paintworklet'],
  ...['report', 'script', 'sharedworker', 'style', 'text', 'track', 'video', 'worker', 'xslt'],
]);

export interface CrossOriginCaller {
  /** Origin of the page. */
  readonly origin: string;
  readonly mode: 'cors' | 'no-cors';
  /** Cookies go along and are taken; `credentials: 'include'`. */
  readonly isCredentialed: boolean;
  readonly redirect: 'follow' | 'error' | 'manual';
  readonly destination: string;
}

/** @throws AppError ERR_HTTP_REQUEST_INVALID */
export function parseCaller(fields: readonly Field[], origin: string): CrossOriginCaller {
  const values = fields.filter(([name]) => name === CROSS_ORIGIN_FIELD).map(([, value]) => value);
  const match = /^(cors|no-cors) (include|omit) (follow|error|manual) ([a-z]{1,16})$/.exec(
    values.join(),
  );
  const [, mode, credentials, redirect, destination = ''] = match ?? [];
  if (match === null || !destinations.has(destination)) {
    throw new AppError('ERR_HTTP_REQUEST_INVALID', 'a cross-origin request that does not say how', {
      status: 400,
      publicMessage: 'This request was not well-formed.',
    });
  }
  return {
    origin,
    mode: mode as CrossOriginCaller['mode'],
    isCredentialed: credentials === 'include',
    redirect: redirect as CrossOriginCaller['redirect'],
    destination,
  };
}
