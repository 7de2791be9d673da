/** Two apps for the hostile-page test: one whose page is the attacker's, one it would like to reach. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const kit = readFileSync(new URL('../apps/hostile/kit.js', import.meta.url));

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
}

export interface RecordingApp {
  target: string;
  /** Requests that arrived, oldest first. */
  seen: SeenRequest[];
  /** The last request for a path that starts so. */
  last(path: string): SeenRequest | undefined;
  close(): void;
}

/**
 * Answers every path with a page that carries the kit, sets an HttpOnly cookie, and sends every
 * header that could act on the layer below it.
 *
 * @param cookie value of the HttpOnly cookie `session`
 */
export async function startRecordingApp(title: string, cookie: string): Promise<RecordingApp> {
  const seen: SeenRequest[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers, rawHeaders } = request;
    seen.push({ method, url, headers, rawHeaders });
    request.resume();
    if (url === '/kit.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(kit);
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/html',
      'set-cookie': [
        `session=${cookie}; HttpOnly; SameSite=Lax; Path=/`,
        'wide=1; Domain=localhost; Path=/',
        'shown=1; Path=/',
      ],
      'service-worker-allowed': '/',
      // Once, or answers side by side would empty the jar for each other.
      ...(url.startsWith('/cookies') && { 'clear-site-data': '"*"' }),
      'postern-internal': 'forged',
      // As many frameworks send it: a page that the gateway's own isolation does not tell apart.
      ...(url.startsWith('/isolated') && { 'cross-origin-opener-policy': 'same-origin' }),
    });
    response.end(
      `<!doctype html><title>${title}</title><h1 id="app">${title}</h1><script src="/kit.js"></script>`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    last: (path) => seen.findLast(({ url }) => url.startsWith(path)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
