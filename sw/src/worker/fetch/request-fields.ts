/** Header fields of the request that goes to the application. */
import { isForbiddenField, type Field } from '@postern/shared/protocol/http';
import { fetchMetadata, originHeader, refererHeader, type RequestFacts } from './initiator.ts';

export interface RequestFieldsInput extends RequestFacts {
  headers: Iterable<[string, string]>;
  /** `Cookie` from the jar. */
  cookie: string | undefined;
  /** Exact length of the body, if known. */
  bodyLength: number | undefined;
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
    if (!isDropped(name.toLowerCase())) fields.push([name.toLowerCase(), value]);
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
  add('cookie', input.cookie);
  return fields;
}

function isDropped(name: string): boolean {
  return DROPPED.has(name) || isForbiddenField(name) || /^(?:sec|postern)-/.test(name);
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
