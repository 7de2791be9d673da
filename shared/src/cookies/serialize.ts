/** A `Cookie` field, or what `document.cookie` reads. */
export function serializeCookies(cookies: readonly { name: string; value: string }[]): string {
  return cookies.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ');
}
