/**
 * What the browser would have sent with a request but hides from a service worker: where the
 * request came from. Rebuilt from `referrer`, its policy, mode and destination.
 */

export interface RequestFacts {
  method: string;
  url: string;
  mode: RequestMode;
  destination: RequestDestination;
  /** As `Request.referrer`: a URL, `about:client` or empty. */
  referrer: string;
  referrerPolicy: ReferrerPolicy;
}

export type Site = 'same-origin' | 'same-site' | 'cross-site' | 'none';

/**
 * Where a request was started from. Only pages of this origin reach the worker with anything but a
 * navigation. A navigation without a referrer is either the person's own (typed, bookmark) or from a
 * page that hides itself: with an unsafe method it counts as the latter.
 */
export function initiatorSite(facts: RequestFacts): Site {
  if (facts.mode !== 'navigate') return 'same-origin';
  const target = new URL(facts.url);
  const referrer = referrerUrl(facts);
  if (referrer === undefined) return isSafeMethod(facts.method) ? 'none' : 'cross-site';
  if (referrer.origin === target.origin) return 'same-origin';
  return isSameSite(referrer, target) ? 'same-site' : 'cross-site';
}

/**
 * Same site as far as it is certain: same scheme and host, any port. Sibling hosts count as
 * cross-site, because other applications live there (threat model, "Gateway HTTP").
 */
function isSameSite(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && a.hostname === b.hostname;
}

/** `Referer` (Referrer Policy §8.3), or `undefined` for none. */
export function refererHeader(facts: RequestFacts): string | undefined {
  const referrer = referrerUrl(facts);
  if (referrer === undefined) return undefined;
  const target = new URL(facts.url);
  const isSameOrigin = referrer.origin === target.origin;
  const isDowngrade = referrer.protocol === 'https:' && target.protocol === 'http:';
  const full = referrer.href;
  const origin = `${referrer.origin}/`;
  switch (facts.referrerPolicy) {
    case 'no-referrer':
      return undefined;
    case 'origin':
      return origin;
    case 'unsafe-url':
      return full;
    case 'same-origin':
      return isSameOrigin ? full : undefined;
    case 'strict-origin':
      return isDowngrade ? undefined : origin;
    case 'origin-when-cross-origin':
      return isSameOrigin ? full : origin;
    case 'no-referrer-when-downgrade':
      return isDowngrade ? undefined : full;
    case 'strict-origin-when-cross-origin':
    case '':
      if (isSameOrigin) return full;
      return isDowngrade ? undefined : origin;
  }
}

/** `Origin` (Fetch §4.1.3 "append a request Origin header"), or `undefined` for none. */
export function originHeader(facts: RequestFacts): string | undefined {
  if (isSafeMethod(facts.method)) return undefined;
  if (facts.mode !== 'navigate') return new URL(facts.url).origin;
  return facts.referrerPolicy === 'no-referrer' ? 'null' : (referrerUrl(facts)?.origin ?? 'null');
}

/** Fetch Metadata headers. `Sec-Fetch-User` cannot be known and is left out. */
export function fetchMetadata(facts: RequestFacts): [string, string][] {
  return [
    ['sec-fetch-site', initiatorSite(facts)],
    ['sec-fetch-mode', facts.mode],
    ['sec-fetch-dest', facts.destination === '' ? 'empty' : facts.destination],
  ];
}

/** Safe in the sense of RFC 9110 §9.2.1, as far as cookies and `Origin` are concerned. */
function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function referrerUrl({ referrer }: RequestFacts): URL | undefined {
  if (!URL.canParse(referrer)) return undefined;
  const url = new URL(referrer);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  url.hash = '';
  url.username = '';
  url.password = '';
  return url;
}
