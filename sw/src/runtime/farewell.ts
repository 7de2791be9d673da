/**
 * What a page sends while it is left: Firefox leads `fetch` with `keepalive` and `sendBeacon` past the
 * service worker then, where nothing reaches the application, and Chromium drops them when the page is gone
 * before the worker was asked. Messages still arrive, so the request goes in one.
 */
import type { Farewell } from '../messages/page.ts';
import { intercept } from './native-look.ts';
import { toUploadBody } from './upload-body.ts';

/** Fetch §4.8: bodies of requests that outlive their page, together. */
const MAX_BYTES = 65_536;

export interface FarewellOptions {
  /** True if the worker was told. */
  send: (message: Farewell) => boolean;
}

export function interceptFarewells(scope: typeof globalThis, { send }: FarewellOptions): void {
  let isLeaving = false;
  let bytes = 0;
  const abandoned: (() => void)[] = [];
  // First of all listeners, as the runtime is the first script.
  scope.addEventListener('pagehide', () => (isLeaving = true), true);
  scope.addEventListener(
    'pageshow',
    () => {
      isLeaving = false;
      bytes = 0;
      for (const abandon of abandoned.splice(0)) abandon();
    },
    true,
  );

  /** False where it has to be left to the browser. */
  const say = (
    url: URL,
    init: Omit<Farewell, 'type' | 'id' | 'url' | 'body'>,
    data: unknown,
  ): boolean => {
    const body = data === undefined || data === null ? undefined : toUploadBody(data);
    const isBody = data === undefined || data === null || body !== undefined;
    if (!isLeaving || !isBody || url.origin !== scope.location.origin) return false;
    bytes += body?.blob.size ?? 0;
    if (bytes > MAX_BYTES) return false;
    const { headers } = init;
    const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
    const type = body?.type;
    return send({
      ...init,
      type: 'postern.farewell',
      id: crypto.randomUUID(),
      url: url.href,
      headers: type === undefined || hasType ? headers : [...headers, ['content-type', type]],
      ...(body && { body: body.blob }),
    });
  };

  intercept(scope, 'fetch', (native, self, args) => {
    const [input, init] = args as [RequestInfo | URL, RequestInit | null | undefined];
    const isOurs = isLeaving && !(input instanceof Request) && init?.keepalive === true;
    if (isOurs && URL.canParse(String(input), document.baseURI)) {
      const isSaid = say(
        new URL(input, document.baseURI),
        {
          method: (init.method ?? 'GET').toUpperCase(),
          headers: [...new Headers(init.headers)],
          credentials: init.credentials ?? 'same-origin',
        },
        init.body,
      );
      // The page that could see an answer is gone; one that comes back sees what the browser would show.
      if (isSaid) {
        return new Promise((_, reject) => {
          abandoned.push(() =>
            reject(new TypeError('NetworkError when attempting to fetch resource.')),
          );
        });
      }
    }
    return Reflect.apply(native, self, args);
  });

  intercept(scope.Navigator.prototype, 'sendBeacon', (native, self, args) => {
    const [given, data] = args as [string | URL, unknown];
    if (isLeaving && URL.canParse(String(given), document.baseURI)) {
      const init = { method: 'POST', headers: [], credentials: 'include' } as const;
      if (say(new URL(given, document.baseURI), { ...init, headers: [] }, data)) return true;
    }
    return Reflect.apply(native, self, args);
  });
}
