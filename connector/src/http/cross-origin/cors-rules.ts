/** The CORS protocol as browsers carry it out (Fetch §3.3, §4.9, §4.10), for the page of another origin. */
import type { Field } from '@postern/shared/protocol/http';

type Fields = readonly Field[];

export interface Asker {
  readonly origin: string;
  readonly isCredentialed: boolean;
}

export const isSafelistedMethod = (method: string): boolean =>
  ['GET', 'HEAD', 'POST'].includes(method);

/** Safelisted values together may have so many bytes (Fetch §2.2.2, "CORS-unsafe request-header names"). */
const MAX_SAFELISTED_BYTES = 1024;

/** Fetch §2.2.2 "CORS-safelisted request-header"; names are lower case. */
export function isSafelistedField([name, value]: Field): boolean {
  if (value.length > 128) return false;
  switch (name) {
    case 'accept':
      return !hasUnsafeByte(value);
    case 'accept-language':
    case 'content-language':
      return /^[0-9A-Za-z *,\-.;=]*$/.test(value);
    case 'content-type': {
      const essence = value.split(';', 1)[0]?.trim().toLowerCase() ?? '';
      const simple = [
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'text/plain',
      ].includes(essence);
      return simple && !hasUnsafeByte(value);
    }
    case 'range':
      return /^bytes=\d+-\d*$/.test(value);
    default:
      return false;
  }
}

/** Fetch §2.2.2 "CORS-unsafe request-header byte". */
function hasUnsafeByte(value: string): boolean {
  return /[\x00-\x08\x0a-\x1f"():<>?@[\\\]{}\x7f]/.test(value);
}

/** Names that the application has to allow in a preflight, sorted. */
export function unsafeNames(fields: Fields): string[] {
  const safe = fields.filter(isSafelistedField);
  const bytes = safe.reduce((sum, [, value]) => sum + value.length, 0);
  const unsafe = bytes > MAX_SAFELISTED_BYTES ? fields : fields.filter((f) => !safe.includes(f));
  return [...new Set(unsafe.map(([name]) => name))].sort();
}

/** Fetch §4.10.4 "CORS check". */
export function passesCorsCheck(fields: Fields, { origin, isCredentialed }: Asker): boolean {
  const allowed = combined(fields, 'access-control-allow-origin');
  if (allowed === '*' && !isCredentialed) return true;
  if (allowed !== origin) return false;
  return !isCredentialed || combined(fields, 'access-control-allow-credentials') === 'true';
}

/** What a preflight's answer allows, and for how long (Fetch §4.9). */
export interface PreflightGrant {
  readonly methods: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  readonly maxAgeSeconds: number;
}

/** Longest that browsers believe a preflight. */
const MAX_AGE_SECONDS = 7200;
const DEFAULT_AGE_SECONDS = 5;

/** `undefined` if the answer allows nothing. */
export function readPreflight(
  status: number,
  fields: Fields,
  asker: Asker,
): PreflightGrant | undefined {
  if (status < 200 || status > 299 || !passesCorsCheck(fields, asker)) return undefined;
  const age = combined(fields, 'access-control-max-age');
  return {
    methods: new Set(list(fields, 'access-control-allow-methods')),
    names: new Set(list(fields, 'access-control-allow-headers').map((name) => name.toLowerCase())),
    maxAgeSeconds: /^\d{1,9}$/.test(age ?? '')
      ? Math.min(Number(age), MAX_AGE_SECONDS)
      : DEFAULT_AGE_SECONDS,
  };
}

export function allows(
  { methods, names }: PreflightGrant,
  method: string,
  unsafe: readonly string[],
  { isCredentialed }: Pick<Asker, 'isCredentialed'>,
): boolean {
  const any = (set: ReadonlySet<string>): boolean => !isCredentialed && set.has('*');
  if (!isSafelistedMethod(method) && !methods.has(method) && !any(methods)) return false;
  return unsafe.every((name) => names.has(name) || (name !== 'authorization' && any(names)));
}

const SAFELISTED_RESPONSE_NAMES = new Set([
  ...['cache-control', 'content-language', 'content-length', 'content-type', 'expires'],
  ...['last-modified', 'pragma'],
  // What the body is made of: the service worker needs it, and pages learn it by reading the body.
  'content-encoding',
]);

/** What a page of another origin may see of the answer's head (Fetch §2.2.6 "CORS filtered response"). */
export function exposedFields(fields: Fields, { isCredentialed }: Asker): Field[] {
  const names = list(fields, 'access-control-expose-headers').map((name) => name.toLowerCase());
  const isAll = names.includes('*') && !isCredentialed;
  return fields.filter(
    ([name]) =>
      name !== 'set-cookie' &&
      (isAll || SAFELISTED_RESPONSE_NAMES.has(name) || names.includes(name)),
  );
}

/**
 * Whether a page of another origin may have the bytes of an answer to a request without CORS. Browsers show
 * such answers without letting script read them, which a service worker cannot: script could read
 * whatever passes it. So only what script may read anyway passes, or what the application
 * puts into pages of other origins by its own word (Fetch §3.9, "CORP").
 */
export function mayBeEmbedded(fields: Fields, asker: Asker): boolean {
  const policy = combined(fields, 'cross-origin-resource-policy');
  if (policy === 'cross-origin') return true;
  return policy === undefined && passesCorsCheck(fields, asker);
}

function combined(fields: Fields, name: string): string | undefined {
  const values = fields.filter(([known]) => known === name).map(([, value]) => value.trim());
  return values.length === 0 ? undefined : values.join(', ');
}

function list(fields: Fields, name: string): string[] {
  return (combined(fields, name) ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
}
