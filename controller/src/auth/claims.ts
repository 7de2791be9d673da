/** The value at a JSON pointer (RFC 6901), `undefined` where there is none. */
export function valueAt(claims: unknown, pointer: string): unknown {
  let value: unknown = claims;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
