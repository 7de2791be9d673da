/**
 * The page runtime: first script of every document of the application. It supplies what a service
 * worker cannot see (WebSocket, document.cookie) and keeps the worker alive. What it needs to know
 * stands in attributes of its own script element, so that its text, and thus its CSP hash, is fixed.
 */
import type { VisibleCookie } from '@postern/shared/cookies';
import type { AppWorkerState } from '../messages/app-worker.ts';
import { installAppWorkers } from './app-worker/container.ts';
import { hideOwnNames } from './app-worker/own-names.ts';
import { interceptCookieStore } from './cookie-store.ts';
import { createCookieView } from './cookies.ts';
import { adoptFrames, releaseAdopted } from './frames.ts';
import { installHttp } from './http.ts';
import { startKeepalive } from './keepalive.ts';
import { intercept } from './native-look.ts';
import { createPortCarrier } from './port-carrier.ts';
import { guardServiceWorker } from './service-worker-guard.ts';
import { installSignInDialog } from './sign-in-dialog.ts';
import { forwardViolationReports, parseEndpoints } from './violation-reports.ts';
import { reportWithheld } from './withheld.ts';
import { createWebSocketClass } from './websocket.ts';
import { createWorkerLink } from './worker-link.ts';
import { patchWorkers } from './workers.ts';

/** The only name the runtime leaves behind. */
const marker = Symbol.for('postern');
const WORKER_PATH = '/postern-sw.js';

const script = document.currentScript;
if (script instanceof HTMLScriptElement && releaseAdopted(window, marker)) start(script.dataset);
script?.remove();

function start({
  posternCookies,
  posternWorker,
  posternAppWorkers,
  posternEndpoints = '',
}: DOMStringMap): void {
  Object.defineProperty(window, marker, { value: Object.freeze({ version: 1 }) });
  const link = createWorkerLink(navigator.serviceWorker);

  const cookies = createCookieView(
    JSON.parse(posternCookies ?? '[]') as VisibleCookie[],
    link,
    location,
    sendCookieAhead(),
  );
  intercept(Document.prototype, 'cookie', cookies.read, (_native, _self, [value]) =>
    cookies.write(String(value)),
  );
  interceptCookieStore(window, { cookies, location, isDetailed: 'userAgentData' in navigator });

  Object.defineProperty(window, 'WebSocket', {
    configurable: true,
    writable: true,
    value: createWebSocketClass({
      Native: window.WebSocket,
      carrier: createPortCarrier(link),
      baseUrl: () => document.baseURI,
      origin: location.origin,
    }),
  });
  // What these two need of the browser's own they take before others change it.
  if (!parentRunsRuntime()) startKeepalive({ link, mayUseWorker: posternWorker === 'yes' });
  patchWorkers(window, `${location.origin}/.postern/worker-runtime.js`);
  installHttp(link);
  forwardViolationReports(window, {
    isReportUriLost: !('userAgentData' in navigator),
    endpoints: parseEndpoints(posternEndpoints, location.href),
    send: (message) => link.sendLast(message),
  });
  installSignInDialog(link);
  reportWithheld(link);
  guardServiceWorker(WORKER_PATH);
  hideOwnNames(window);
  installAppWorkers({
    link,
    container: navigator.serviceWorker,
    state:
      posternAppWorkers === undefined
        ? undefined
        : (JSON.parse(posternAppWorkers) as AppWorkerState),
  });
  adoptFrames(window, marker);
}

/** A request that the service worker sees before the page's next one; with the browser's own function. */
function sendCookieAhead(): (number: number, value: string) => void {
  const { fetch } = globalThis;
  return (number, value) => {
    // Neither is a cookie: too long, or no Unicode.
    if (value.length > 8192 || /[\ud800-\udfff]/u.test(value)) return;
    const headers = { 'postern-cookie': `${number} ${encodeURIComponent(value)}` };
    // The message that follows says the same.
    void fetch('/.postern/cookie', {
      method: 'POST',
      headers,
      referrer: location.pathname,
      referrerPolicy: 'unsafe-url',
    }).catch(() => undefined);
  };
}

/** A frame need not do what the page around it does already. */
function parentRunsRuntime(): boolean {
  try {
    return window.parent !== window && marker in window.parent;
  } catch {
    return false;
  }
}
