/** Requests to other origins: those to applications go their way, the rest goes to the network. */
import { isSibling } from '@postern/shared/origins';
import type { ApplicationOrigins } from './application-origins.ts';
import type { CrossOriginRequests } from './cross-origin-requests.ts';

export interface ElsewhereOptions {
  /** Our own. */
  origin: string;
  origins: ApplicationOrigins;
  requests: Pick<CrossOriginRequests, 'fetch'>;
  fetch: typeof globalThis.fetch;
}

export interface Elsewhere {
  /** The answer, or `undefined` to leave the request to the browser. Never rejects with our own errors. */
  respond(url: URL, request: Request, clientId: string): Promise<Response> | undefined;
  /** Whether a URL, also of a WebSocket, leads to another application. */
  isApplication(url: URL): Promise<boolean>;
}

export function createElsewhere(options: ElsewhereOptions): Elsewhere {
  const { origins, requests, fetch } = options;
  const own = new URL(options.origin);

  return {
    respond(url, request, clientId) {
      if (request.mode === 'navigate' || !isSibling(own, url)) return undefined;
      if (origins.isKnownOutside(url.origin)) return undefined;
      return origins
        .has(url.origin)
        .then((isIt) => (isIt ? requests.fetch(request, clientId) : fetch(request)));
    },
    isApplication: async (url) => {
      const http = new URL(url.href.replace(/^ws/, 'http'));
      return isSibling(own, http) && origins.has(http.origin);
    },
  };
}
