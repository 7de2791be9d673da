export {
  CookieJar,
  MAX_COOKIES,
  MAX_COOKIES_PER_DOMAIN,
  type CookieContext,
  type CookieJarOptions,
  type StoredCookie,
} from './cookie-jar.ts';
export { parseCookieDate } from './cookie-date.ts';
export { parseSetCookie, type ParsedSetCookie, type SameSite } from './set-cookie.ts';
