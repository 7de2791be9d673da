/**
 * The token of an API session of `POST /authenticate` is a JWT that does not look like one: OpenZiti's
 * tools send what looks like a JWT as a bearer token, and theirs is a UUID.
 */
const PREFIX = 'pst-';

/** JWT → token. */
export function toOpaqueToken(jwt: string): string {
  return PREFIX + jwt.replaceAll('.', '~');
}

/** Token → JWT; anything else is left as it is. */
export function fromOpaqueToken(token: string): string {
  return token.startsWith(PREFIX) ? token.slice(PREFIX.length).replaceAll('~', '.') : token;
}
