/** Request fields of a cross-origin request: what script may set, and what the browser says of it. */
import type { Field } from '@postern/shared/protocol/http';
import { isSealed } from '../../cookies/seal.ts';
import type { CrossOriginCaller } from './caller.ts';
import { isSafelistedField, isSafelistedMethod } from './cors-rules.ts';

/** Fetch §2.2.2 "forbidden request-header", besides `proxy-…` and `sec-…`: script sets none of them. */
const FORBIDDEN = new Set([
  ...['accept-charset', 'access-control-request-headers', 'access-control-request-method'],
  ...['access-control-request-private-network', 'cookie2', 'date', 'dnt', 'expect', 'host'],
  ...['keep-alive', 'origin', 'set-cookie', 'te', 'trailer', 'upgrade', 'via'],
  ...['connection', 'transfer-encoding'],
]);
/** Set by the browser itself, so that no preflight asks for them. */
const OWN_OF_BROWSER = new Set(['accept-encoding', 'content-length', 'cookie', 'user-agent']);
/** Of a WebSocket's handshake. */
const WEBSOCKET_FIELDS = new Set(['sec-websocket-protocol']);

export interface SplitFields {
  /** As script may set them: what a preflight is about. */
  readonly byScript: readonly Field[];
  readonly byBrowser: readonly Field[];
}

/** Drops what no browser would send from a page. */
export function splitFields(
  fields: readonly Field[],
  caller: CrossOriginCaller,
  isWebSocket: boolean,
): SplitFields {
  const byScript: Field[] = [];
  const byBrowser: Field[] = [];
  for (const [given, value] of fields) {
    const name = given.toLowerCase();
    if (isWebSocket && WEBSOCKET_FIELDS.has(name)) byBrowser.push([name, value]);
    else if (name === 'cookie') {
      const cookie = caller.isCredentialed ? sealedPairs(value) : '';
      if (cookie !== '') byBrowser.push([name, cookie]);
    } else if (name === 'referer') {
      if (isOf(value, caller.origin)) byBrowser.push([name, value]);
    } else if (OWN_OF_BROWSER.has(name)) byBrowser.push([name, value]);
    else if (!isForbidden(name)) byScript.push([name, value]);
  }
  return {
    byScript: caller.mode === 'no-cors' ? byScript.filter(isSafelistedField) : byScript,
    byBrowser,
  };
}

/** What a browser says of the request itself. */
export function metadataFields(
  caller: CrossOriginCaller,
  method: string,
  mode: CrossOriginCaller['mode'] | 'websocket',
): Field[] {
  const { origin, destination } = caller;
  // Fetch §4.1.3 "append a request `Origin` header": not for a GET or HEAD without CORS.
  const hasOrigin = mode !== 'no-cors' || !['GET', 'HEAD'].includes(method);
  return [
    ...(hasOrigin ? [['origin', origin] as const] : []),
    // Another application is another site, also on a host beside this one.
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-mode', mode],
    ['sec-fetch-dest', mode === 'websocket' ? 'empty' : destination],
  ];
}

export function isPossible(method: string, { mode }: CrossOriginCaller): boolean {
  return mode === 'cors' || isSafelistedMethod(method);
}

function isForbidden(name: string): boolean {
  return FORBIDDEN.has(name) || /^(?:proxy|sec|postern)-/.test(name);
}

function isOf(url: string, origin: string): boolean {
  return URL.canParse(url) && new URL(url).origin === origin;
}

/** A page cannot set cookies of another origin: only what was sealed for it comes back. */
function sealedPairs(cookie: string): string {
  return cookie
    .split(';')
    .filter((pair) => isSealed(pair.slice(pair.indexOf('=') + 1).trim()))
    .join(';');
}
