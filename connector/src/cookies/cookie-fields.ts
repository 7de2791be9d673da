/** Applies a {@link CookieSealer} to `cookie` and `set-cookie` fields (RFC 6265bis §4, §5.6). */
import { type CookieOwner, type CookieSealer, isSealed } from './seal.ts';

/** Opens the sealed pairs of a `cookie` field. Pairs that do not open are left out. */
export function openCookieField(field: string, owner: CookieOwner, sealer: CookieSealer): string {
  return field
    .split(';')
    .map((pair) => pair.trim())
    .map((pair) => {
      const { name, value } = splitPair(pair);
      if (!isSealed(value)) return pair;
      const opened = sealer.open(owner, name, value);
      return opened === undefined ? '' : `${name}=${opened}`;
    })
    .filter((pair) => pair !== '')
    .join('; ');
}

/** Seals the value of a `set-cookie` field that carries `HttpOnly`; others pass unchanged. */
export function sealSetCookieField(
  field: string,
  owner: CookieOwner,
  sealer: CookieSealer,
): string {
  const [pair = '', ...attributes] = field.split(';');
  const isHttpOnly = attributes.some((text) => /^\s*httponly\s*(=|$)/i.test(text));
  if (!isHttpOnly) return field;
  const { name, value } = splitPair(pair.trim());
  return [`${name}=${sealer.seal(owner, name, value)}`, ...attributes].join(';');
}

/**
 * Seals the value of a cookie that a response sets in the pages of another origin, whatever its kind: script
 * of those pages could read it. `undefined` for a cookie that is not for other sites (RFC 6265bis §5.7).
 */
export function sealCrossSiteCookie(
  field: string,
  owner: CookieOwner,
  sealer: CookieSealer,
): string | undefined {
  const [pair = '', ...attributes] = field.split(';');
  const has = (pattern: RegExp): boolean => attributes.some((text) => pattern.test(text.trim()));
  if (!has(/^secure(?:\s*=|$)/i) || !has(/^samesite\s*=\s*none$/i)) return undefined;
  const { name, value } = splitPair(pair.trim());
  return [`${name}=${sealer.seal(owner, name, value)}`, ...attributes].join(';');
}

/** A pair without `=` is a value with an empty name (RFC 6265bis §5.6). */
function splitPair(pair: string): { name: string; value: string } {
  const equals = pair.indexOf('=');
  if (equals === -1) return { name: '', value: pair };
  return { name: pair.slice(0, equals).trim(), value: pair.slice(equals + 1).trim() };
}
