import { parseCookieDate } from './cookie-date.ts';

/** `default`: nothing was said, which is `lax` with an exception for fresh cookies (RFC 6265bis §5.6.7.2). */
export type SameSite = 'strict' | 'lax' | 'none' | 'default';

/** A `Set-Cookie` value taken apart, nothing decided yet. */
export interface ParsedSetCookie {
  readonly name: string;
  readonly value: string;
  /** Lower case, without a leading dot. */
  readonly domain: string | undefined;
  /** `undefined`: the default path of the request. */
  readonly path: string | undefined;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly partitioned: boolean;
  readonly sameSite: SameSite;
  /** Milliseconds since 1970; `undefined`: until the session ends. */
  readonly expiresAtMs: number | undefined;
}

const MAX_NAME_VALUE_LENGTH = 4096;
/** Room for a value that the connector sealed: base64url of at most 4,096 bytes and what it adds. */
const MAX_SEALED_LENGTH = 6144;
const MAX_ATTRIBUTE_LENGTH = 1024;
/** Browsers cut lifetimes there: RFC 6265bis §5.5. */
const MAX_AGE_MS = 400 * 24 * 3_600_000;

/** RFC 6265bis §5.6: `undefined` if the whole header is to be ignored. */
export function parseSetCookie(header: string, nowMs: number): ParsedSetCookie | undefined {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(header)) return undefined;
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  const name = equals < 0 ? '' : trim(pair.slice(0, equals));
  const value = trim(pair.slice(equals + 1));
  if (name === '' && value === '') return undefined;

  let domain: string | undefined;
  let path: string | undefined;
  let secure = false;
  let httpOnly = false;
  let partitioned = false;
  let sameSite: SameSite = 'default';
  let expiresAtMs: number | undefined;
  let maxAgeMs: number | undefined;
  for (const attribute of attributes) {
    const at = attribute.indexOf('=');
    const key = trim(at < 0 ? attribute : attribute.slice(0, at)).toLowerCase();
    const text = at < 0 ? '' : trim(attribute.slice(at + 1));
    if (text.length > MAX_ATTRIBUTE_LENGTH) continue;
    if (key === 'secure') secure = true;
    else if (key === 'httponly') httpOnly = true;
    else if (key === 'partitioned') partitioned = true;
    else if (key === 'domain') domain = text.replace(/^\./, '').toLowerCase() || undefined;
    else if (key === 'path') path = text.startsWith('/') ? text : undefined;
    else if (key === 'samesite') sameSite = parseSameSite(text);
    else if (key === 'expires') expiresAtMs = parseCookieDate(text) ?? expiresAtMs;
    else if (key === 'max-age' && /^-?\d+$/.test(text)) {
      maxAgeMs = Math.min(Number(text) * 1000, MAX_AGE_MS);
    }
  }
  const maxLength = httpOnly ? MAX_SEALED_LENGTH : MAX_NAME_VALUE_LENGTH;
  if (name.length + value.length > maxLength) return undefined;
  if (maxAgeMs !== undefined) expiresAtMs = maxAgeMs <= 0 ? 0 : nowMs + maxAgeMs;
  else if (expiresAtMs !== undefined) expiresAtMs = Math.min(expiresAtMs, nowMs + MAX_AGE_MS);
  return { name, value, domain, path, secure, httpOnly, partitioned, sameSite, expiresAtMs };
}

function parseSameSite(text: string): SameSite {
  const value = text.toLowerCase();
  return value === 'strict' || value === 'lax' || value === 'none' ? value : 'default';
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
