/** Which scripts may be registered for which scope (Service Workers §"Start Register", §"Update"). */
import { AppWorkerError } from './errors.ts';

/** Never the application's: what lies here is ours. */
const RESERVED = /^\/(?:\.postern(?:\/|$)|postern-sw\.js$)/;
const ENCODED_SLASH = /%2f|%5c/i;

export interface RegistrationUrls {
  scriptUrl: string;
  scope: string;
}

/** The URLs to use for a registration. Throws `AppWorkerError` for what may not be registered. */
export function checkUrls(
  given: { scriptUrl: string; scope?: string | undefined },
  origin: string,
): RegistrationUrls {
  const script = parse(given.scriptUrl, 'script URL');
  const scope =
    given.scope === undefined && URL.canParse('./', script)
      ? new URL('./', script)
      : parse(given.scope ?? script.href, 'scope');
  for (const [url, what] of [
    [script, 'script'],
    [scope, 'scope'],
  ] as const) {
    if (url.origin !== origin) {
      throw new AppWorkerError(
        'SecurityError',
        `The origin of the ${what} ('${url.origin}') does not match the current origin ('${origin}').`,
      );
    }
    if (ENCODED_SLASH.test(url.pathname)) {
      throw new AppWorkerError('TypeError', `The ${what} has an encoded slash in its path.`);
    }
    if (RESERVED.test(url.pathname)) {
      throw new AppWorkerError(
        'SecurityError',
        `The ${what} lies at an address that Postern keeps for itself.`,
      );
    }
    url.hash = '';
  }
  return { scriptUrl: script.href, scope: scope.href };
}

/**
 * Holds the scope to what the script's place or its `Service-Worker-Allowed` permits. The field is the
 * application's word about its own worker: it never reaches the browser.
 */
export function checkScope({ scriptUrl, scope }: RegistrationUrls, allowed: string | null): void {
  const widest = URL.canParse(allowed ?? './', scriptUrl)
    ? new URL(allowed ?? './', scriptUrl)
    : undefined;
  const { origin, pathname } = new URL(scope);
  if (widest?.origin === origin && pathname.startsWith(widest.pathname)) return;
  throw new AppWorkerError(
    'SecurityError',
    `The path of the provided scope ('${pathname}') is not under the max scope allowed ('${widest?.pathname ?? ''}'). ` +
      'Adjust the scope, move the script, or use the Service-Worker-Allowed HTTP header to allow the scope.',
  );
}

/** The registration a URL belongs to: the one with the longest scope (§"Match Service Worker Registration"). */
export function matchScope<Registration extends { scope: string }>(
  registrations: Iterable<Registration>,
  url: string,
): Registration | undefined {
  let best: Registration | undefined;
  for (const registration of registrations) {
    const { scope } = registration;
    if (url.startsWith(scope) && scope.length > (best?.scope.length ?? -1)) best = registration;
  }
  return best;
}

function parse(text: string, what: string): URL {
  if (!URL.canParse(text)) throw new AppWorkerError('TypeError', `The ${what} is no valid URL.`);
  return new URL(text);
}
