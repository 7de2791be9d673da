/** HTTP of the page: what the browser does not let the service worker see, or leads past it. */
import { interceptDownloads } from './downloads.ts';
import { createEventSourceClass } from './event-source.ts';
import { interceptFarewells } from './farewell.ts';
import { interceptFetch } from './fetch.ts';
import { intercept } from './native-look.ts';
import { createRequestTracker } from './requests.ts';
import type { ContainerLink } from './worker-link.ts';
import { interceptXhr } from './xhr.ts';

export function installHttp(link: Pick<ContainerLink, 'send' | 'sendLast' | 'isControlled'>): void {
  const isControlled = (): boolean => link.isControlled;
  const isUnpaced = !('body' in Request.prototype);
  const isChromium = 'userAgentData' in navigator;
  const tracker = createRequestTracker(link, (listener) => addEventListener('pagehide', listener));
  const options = { tracker, isControlled, isUnpaced };
  interceptFetch(window, options);
  interceptXhr(window, { ...options, refusesSync: isChromium });
  // After the others, so before them: it decides first.
  interceptFarewells(window, { send: (message) => link.sendLast(message) });
  if (isChromium) {
    Object.defineProperty(window, 'EventSource', {
      configurable: true,
      writable: true,
      value: createEventSourceClass(window.EventSource),
    });
  }
  interceptDownloads(isControlled);
  // The numbers of our own are not for pages that measure themselves.
  intercept(PerformanceEntry.prototype, 'name', (native, self, args) =>
    String(Reflect.apply(native, self, args)).replace(
      /#postern-(?:[0-9a-f]{16}-\d+u?c?(?:l\d+)?|download=.*)$/,
      '',
    ),
  );
}
