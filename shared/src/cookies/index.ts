export { isAcceptable, isSecureOrigin } from './acceptance.ts';
export {
  CookieJar,
  MAX_COOKIES,
  type CookieContext,
  type CookieJarOptions,
  type VisibleCookie,
} from './cookie-jar.ts';
export { fromByteString, toByteString } from './byte-string.ts';
export { defaultPath, pathMatches } from './matching.ts';
export { parseCookieDate } from './cookie-date.ts';
export { serializeCookies } from './serialize.ts';
export { parseSetCookie, type ParsedSetCookie, type SameSite } from './set-cookie.ts';
