/** Reading `Set-Cookie` and `document.cookie` assignments (RFC 6265bis §5.6). */

export interface ParsedCookie {
  name: string;
  value: string;
  /** Ends then, in ms since 1970; `undefined` for a session cookie. */
  expiresAtMs: number | undefined;
  /** As given, without a leading dot, lower case. */
  domain: string | undefined;
  /** As given, if absolute. */
  path: string | undefined;
  secure: boolean;
  httpOnly: boolean;
  sameSite: 'strict' | 'lax' | 'none' | undefined;
}

/** Limits of §5.6, in UTF-16 units; values beyond the first make the cookie void. */
const MAX_PAIR_LENGTH = 4096;
const MAX_ATTRIBUTE_LENGTH = 1024;
/** §5.5: no cookie lives longer. */
const MAX_LIFE_MS = 400 * 86_400_000;

/** The cookie, or `undefined` where the text is to be ignored as a whole. */
export function parseSetCookie(text: string, nowMs: number): ParsedCookie | undefined {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return undefined;
  const [pair = '', ...attributes] = text.split(';');
  const at = pair.indexOf('=');
  const name = at === -1 ? '' : trim(pair.slice(0, at));
  const value = trim(pair.slice(at + 1));
  if (name.length + value.length === 0 || name.length + value.length > MAX_PAIR_LENGTH)
    return undefined;
  const cookie: ParsedCookie = {
    name,
    value,
    expiresAtMs: undefined,
    domain: undefined,
    path: undefined,
    secure: false,
    httpOnly: false,
    sameSite: undefined,
  };
  let maxAgeMs: number | undefined;
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=');
    const key = trim(equals === -1 ? attribute : attribute.slice(0, equals)).toLowerCase();
    const given = equals === -1 ? '' : trim(attribute.slice(equals + 1));
    if (given.length > MAX_ATTRIBUTE_LENGTH) continue;
    switch (key) {
      case 'expires': {
        const at = Date.parse(given.replaceAll('-', ' '));
        if (!Number.isNaN(at)) cookie.expiresAtMs = Math.min(at, nowMs + MAX_LIFE_MS);
        break;
      }
      case 'max-age':
        if (/^-?\d+$/.test(given)) maxAgeMs = Math.min(Number(given) * 1000, MAX_LIFE_MS);
        break;
      case 'domain':
        cookie.domain = given.replace(/^\./, '').toLowerCase() || undefined;
        break;
      case 'path':
        cookie.path = given.startsWith('/') ? given : undefined;
        break;
      case 'secure':
        cookie.secure = true;
        break;
      case 'httponly':
        cookie.httpOnly = true;
        break;
      case 'samesite':
        cookie.sameSite = sameSite(given);
    }
  }
  if (maxAgeMs !== undefined) cookie.expiresAtMs = maxAgeMs <= 0 ? 0 : nowMs + maxAgeMs;
  return cookie;
}

function sameSite(given: string): ParsedCookie['sameSite'] {
  const lower = given.toLowerCase();
  return lower === 'strict' || lower === 'lax' || lower === 'none' ? lower : undefined;
}

/** White space in the sense of §5.6: spaces and tabs. */
function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
