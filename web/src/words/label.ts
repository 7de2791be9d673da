/** `roleAttributes` → `Role attributes`: what members of the API are called in forms and tables. */
const KNOWN: Readonly<Record<string, string>> = {
  id: 'ID',
  updb: 'User name and password',
  extJwt: 'Identity provider (JWT)',
  cert: 'Certificate',
  passkey: 'Passkey',
  certPem: 'Certificate (PEM)',
  isAdmin: 'Administrator',
};
const ACRONYMS = new Set([
  'url',
  'ip',
  'jwt',
  'jwks',
  'ca',
  'ott',
  'totp',
  'mfa',
  'api',
  'mac',
  'id',
]);

export function labelOf(name: string): string {
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  if (known !== undefined) return known;
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_.]/g, ' ')
    .toLowerCase()
    .split(' ')
    .filter((word, at) => !(at === 0 && word === 'is' && name.length > 2))
    .map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : word));
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
