/** Header fields of the request that goes to the application. */
import { isForbiddenField, type Field } from '@postern/shared/protocol/http';
import { fetchMetadata, originHeader, refererHeader, type RequestFacts } from './initiator.ts';

export interface RequestFieldsInput extends RequestFacts {
  headers: Iterable<Field>;
  /** `Cookie` from the jar. */
  cookie: string | undefined;
  /** Exact length of the body, if known. */
  bodyLength: number | undefined;
  /** Values of `headers` were decoded from UTF-8, as Chromium does. */
  areDecoded?: boolean;
  /** Client hints; the page's own are dropped. */
  hints?: readonly Field[];
  userAgent: string;
  languages: readonly string[];
  acceptEncoding: string;
}

/** Never taken from the page: decided here or by the connector. `Sec-…` and ours are dropped too. */
const DROPPED = new Set([
  'cookie',
  'cookie2',
  'content-length',
  'accept-encoding',
  'origin',
  'referer',
  'trailer',
]);

/** The fields in the order sent: what the page set, then what a browser would have added. */
export function buildRequestFields(input: RequestFieldsInput): Field[] {
  const fields: Field[] = [];
  for (const [name, value] of input.headers) {
    if (isDropped(name.toLowerCase())) continue;
    fields.push([name.toLowerCase(), input.areDecoded === true ? toByteString(value) : value]);
  }
  const has = (name: string): boolean => fields.some(([known]) => known === name);
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '' && !has(name)) fields.push([name, value]);
  };
  add('content-length', input.bodyLength?.toString());
  add('accept', '*/*');
  add('accept-language', acceptLanguage(input.languages));
  add('user-agent', input.userAgent);
  // A range counts bytes of the coded body: without a coding it counts those the page sees.
  add('accept-encoding', has('range') ? 'identity' : input.acceptEncoding || 'identity');
  add('origin', originHeader(input));
  add('referer', refererHeader(input));
  for (const [name, value] of fetchMetadata(input)) add(name, value);
  for (const [name, value] of input.hints ?? []) add(name, value);
  add('cookie', input.cookie);
  return fields;
}

function isDropped(name: string): boolean {
  return DROPPED.has(name) || isForbiddenField(name) || /^(?:sec|postern)-/.test(name);
}

/**
 * Fetch §4.6 "HTTP-network-or-cache fetch", steps 8.17 and 8.18: what the cache mode of a request adds when
 * it goes to the network.
 */
export function cacheModeFields(mode: RequestCache, fields: readonly Field[]): Field[] {
  const without = (added: Field[]): Field[] =>
    added.filter(([name]) => !fields.some(([known]) => known === name));
  if (mode === 'no-cache') return without([['cache-control', 'max-age=0']]);
  if (mode !== 'no-store' && mode !== 'reload') return [];
  return without([
    ['pragma', 'no-cache'],
    ['cache-control', 'no-cache'],
  ]);
}

/** Chromium shows the worker the bytes of a field decoded as UTF-8. */
function toByteString(value: string): string {
  if (!/[\u0080-\uffff]/.test(value)) return value;
  return String.fromCharCode(...new TextEncoder().encode(value));
}

/** `Accept-Language` as browsers write it: falling quality in steps of 0.1. */
export function acceptLanguage(languages: readonly string[]): string {
  return languages
    .slice(0, 9)
    .map((language, index) =>
      index === 0 ? language : `${language};q=${(1 - index / 10).toFixed(1)}`,
    )
    .join(',');
}
