/** An application that answers pages of other origins as its addresses say, and remembers what came. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export interface CrossOriginApp {
  target: string;
  seen: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
  /** The last request for a path, of that method if given. */
  last(path: string, method?: string): CrossOriginApp['seen'][number] | undefined;
  close(): void;
}

const image =
  '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"><rect width="7" height="7"/></svg>';
const bodies: Record<string, [string, string]> = {
  '/': ['text/html', '<!doctype html><title>Start</title><h1>Start</h1>'],
  '/image': ['image/svg+xml', image],
  '/script': ['text/javascript', 'globalThis.loaded = (globalThis.loaded ?? 0) + 1;'],
  '/style': ['text/css', 'p { color: rgb(1, 2, 3) }'],
};

/**
 * `?h=<JSON>` sets fields of the answer, `?p=<JSON>` those of the answer to a preflight, `?status=` its status.
 * `/home` and the like set cookies of the application's own.
 */
export async function startCrossOriginApp(): Promise<CrossOriginApp> {
  const seen: CrossOriginApp['seen'] = [];
  const server = createServer(
    (request, response) =>
      void answer(request, response).catch(() => {
        response.destroy();
      }),
  );

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://app.invalid');
    const { method = '', headers } = request;
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method, path: url.pathname, headers, body });
    const fields = (name: string): Record<string, string | string[]> =>
      JSON.parse(url.searchParams.get(name) ?? '{}') as Record<string, string | string[]>;
    if (method === 'OPTIONS') {
      response.writeHead(204, fields('p')).end();
      return;
    }
    if (url.pathname === '/') {
      response.setHeader('set-cookie', [
        'own=secret; HttpOnly; SameSite=Lax',
        'strict=secret; SameSite=Strict',
        'none=secret; Secure; SameSite=None',
      ]);
    }
    if (url.pathname === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', ...fields('h') });
      response.write('data: one\n\n');
      return;
    }
    const [type, text] = bodies[url.pathname] ?? ['text/plain', `body of ${url.pathname}`];
    const status = Number(url.searchParams.get('status') ?? 200);
    response.writeHead(status, { 'content-type': type, ...fields('h') });
    response.end(text);
  }

  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url!, 'http://app.invalid');
    seen.push({ method: 'SOCKET', path: pathname, headers: request.headers, body: '' });
    if (pathname === '/refused') socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    else {
      sockets.handleUpgrade(request, socket, head, (one) => {
        one.on('message', (data, isBinary) => one.send(data, { binary: isBinary }));
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    last: (path, method) =>
      seen.findLast((one) => one.path === path && (method === undefined || one.method === method)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
