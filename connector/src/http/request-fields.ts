/** Turns the fields a browser sent into those the app receives. Order is kept. */
import { AppError } from '@postern/shared/errors';
import type { Field } from '@postern/shared/protocol/http';
import type { HostedServiceConfig } from '../config.ts';
import { openCookieField } from '../cookies/cookie-fields.ts';
import type { CookieOwner, CookieSealer } from '../cookies/seal.ts';
import { canonicalName, isHopByHop, isReservedForHops } from './field-names.ts';

export interface RequestFieldsContext {
  headers: HostedServiceConfig['headers'];
  /** What the app sees as `Host`. */
  host: string;
  /** Origin people open the app at; absent for services without an application. */
  applicationOrigin: string | undefined;
  /** Latest identity assertion of the session. */
  assertion: string | undefined;
  owner: CookieOwner;
  sealer: CookieSealer;
  /** In the place of what the browser sent. */
  traceparent?: string | undefined;
}

/**
 * The codec has checked names and values. Throws `ERR_HTTP_REQUEST_INVALID` for fields that would let two parsers disagree on where the
 * request ends (RFC 9112 §11.2).
 *
 * No client address is forwarded: connectors never learn it, only the identity.
 */
export function buildRequestFields(
  fields: readonly Field[],
  context: RequestFieldsContext,
): Field[] {
  refuseAmbiguousFraming(fields);
  const replaced = new Set(
    [
      ...context.headers.remove,
      ...Object.keys(context.headers.set),
      ...(context.traceparent === undefined ? [] : ['traceparent']),
    ].map(canonicalName),
  );
  const result: Field[] = [['host', context.host]];
  const cookies: string[] = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (isHopByHop(lower) || isReservedForHops(lower) || replaced.has(canonicalName(lower)))
      continue;
    if (lower === 'cookie') cookies.push(openCookieField(value, context.owner, context.sealer));
    else result.push([name, value]);
  }
  const cookie = cookies.filter((text) => text !== '').join('; ');
  if (cookie !== '') result.push(['cookie', cookie]);
  if (context.applicationOrigin !== undefined) {
    const { protocol, host } = new URL(context.applicationOrigin);
    result.push(['x-forwarded-proto', protocol.slice(0, -1)], ['x-forwarded-host', host]);
  }
  if (context.assertion !== undefined) result.push(['postern-assertion', context.assertion]);
  if (context.traceparent !== undefined) result.push(['traceparent', context.traceparent]);
  result.push(...Object.entries(context.headers.set));
  return result;
}

function refuseAmbiguousFraming(fields: readonly Field[]): void {
  const lengths = fields.filter(([name]) => canonicalName(name) === 'content-length');
  const isAmbiguous =
    fields.some(([name]) => canonicalName(name) === 'transfer-encoding') ||
    lengths.length > 1 ||
    lengths.some(([name, value]) => name.includes('_') || !/^\d{1,15}$/.test(value));
  if (!isAmbiguous) return;
  throw new AppError('ERR_HTTP_REQUEST_INVALID', 'request fields are not acceptable', {
    status: 400,
    publicMessage: 'This request was not well-formed.',
  });
}
