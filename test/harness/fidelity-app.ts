/** An application that exercises what browsers do with pages, and remembers what it saw of them. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const FILE = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 251));
/** With what must not be changed: an early `<head>` and nothing around it. */
export const FRAGMENT = '<head><b>fragment</b><script>/* not ours */</script>';
const INLINE = 'document.documentElement.dataset.inline = "ran"';

export interface FidelityApp {
  url: string;
  /** Methods and `sec-fetch-dest` of requests so far, as `GET /path empty`. */
  seen: string[];
  /** Resolves when the connection of an endless response was closed from the other side. */
  endlessClosed(): Promise<void>;
  close(): void;
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

export async function startFidelityApp(): Promise<FidelityApp> {
  const seen: string[] = [];
  let markClosed = (): void => undefined;
  let endless = new Promise<void>((resolve) => (markClosed = resolve));

  const routes: Record<string, Handler> = {
    '/': (_, response) => html(response, page('Start')),
    '/echo': async (request, response) => json(response, await described(request)),
    '/form': async (request, response, url) => {
      const got = { ...(await described(request)), search: url.search };
      html(response, page('Form', `<pre id="got">${escape(JSON.stringify(got))}</pre>`));
    },
    '/form-page': (_, response) =>
      html(
        response,
        page(
          'Forms',
          ['get', 'post', 'multipart']
            .map(
              (kind) =>
                `<form id="${kind}" action="/form" method="${kind === 'get' ? 'get' : 'post'}"${kind === 'multipart' ? ' enctype="multipart/form-data"' : ''}><input name="text" value="ä &amp; b"><input type="hidden" name="n" value="1"></form>`,
            )
            .join(''),
        ),
      ),
    '/redirect': (_, response, url) => {
      response.writeHead(Number(url.searchParams.get('status')), {
        location: url.searchParams.get('to')!,
      });
      response.end();
    },
    '/empty': (_, response) => response.writeHead(204).end(),
    '/not-modified': (_, response) => response.writeHead(304, { etag: '"1"' }).end(),
    '/file': (request, response) => file(request, response),
    // What servers of streams send so that nobody compresses them; it is no coding.
    '/coding-none': (_, response) => {
      response.writeHead(200, { 'content-encoding': 'none', 'content-type': 'text/plain' });
      response.end('as it is');
    },
    '/download': (_, response) => {
      response.setHeader('content-disposition', 'attachment; filename="file.bin"');
      response.end(FILE);
    },
    '/endless': (_, response) => {
      endless = new Promise((resolve) => (markClosed = resolve));
      // Without a type, browsers wait for more bytes to guess it from.
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.write('first');
      response.on('close', markClosed);
    },
    '/truncated': (_, response) => {
      response.writeHead(200, { 'content-length': 1_000_000, 'content-type': 'text/plain' });
      response.write('x'.repeat(5_000), () => response.destroy());
    },
    '/parts/page': (_, response) =>
      html(
        response,
        '<!doctype html><title>Parts</title><link rel="stylesheet" href="style.css">' +
          '<script type="module" src="main.mjs"></script><p>Parts</p><img id="image" src="image.svg">',
      ),
    '/parts/main.mjs': (_, response) =>
      typed(
        response,
        'text/javascript',
        'import { value } from "./other.mjs"; document.documentElement.dataset.module = value;',
      ),
    '/parts/other.mjs': (_, response) =>
      typed(response, 'text/javascript', 'export const value = "loaded";'),
    '/parts/style.css': (_, response) =>
      typed(
        response,
        'text/css',
        '@font-face { font-family: own; src: url(font.woff2); } p { color: rgb(1, 2, 3); font-family: own; }',
      ),
    '/parts/font.woff2': (_, response) => typed(response, 'font/woff2', FILE),
    '/parts/image.svg': (_, response) =>
      typed(
        response,
        'image/svg+xml',
        '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>',
      ),
    '/fragment': (_, response) => html(response, FRAGMENT),
    '/csp/nonce': (_, response) => {
      response.setHeader(
        'content-security-policy',
        "default-src 'none'; script-src 'nonce-n1'; connect-src 'self'",
      );
      html(
        response,
        page(
          'Nonce',
          `<script nonce="n1">${INLINE}</script><script>document.documentElement.dataset.evil = "ran"</script>`,
        ),
      );
    },
    '/csp/hash': (_, response) => {
      const hash = createHash('sha256').update(INLINE).digest('base64');
      response.setHeader(
        'content-security-policy',
        `default-src 'none'; script-src 'sha256-${hash}'; connect-src 'self'`,
      );
      html(
        response,
        page(
          'Hash',
          `<script>${INLINE}</script><script>document.documentElement.dataset.evil = "ran"</script>`,
        ),
      );
    },
    '/cookies/set': (_, response) => {
      response.setHeader('set-cookie', ['secret=s1; HttpOnly; Path=/', 'open=o1; Path=/']);
      response.end();
    },
    '/cookies/delete': (_, response) => {
      response.setHeader('set-cookie', [
        'secret=; HttpOnly; Path=/; Max-Age=0',
        'open=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      ]);
      response.end();
    },
    '/cookies/show': (request, response) => json(response, request.headers.cookie ?? ''),
    '/events': (request, response) => {
      response.setHeader('content-type', 'text/event-stream');
      const last = request.headers['last-event-id'] ?? 'none';
      response.end(`retry: 100\nid: 7\ndata: ${String(last)}\n\n`);
    },
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://app.invalid');
    const destination = request.headers['sec-fetch-dest'] ?? '';
    seen.push(`${request.method} ${url.pathname} ${destination}`);
    const handle = routes[url.pathname];
    if (handle) handle(request, response, url);
    else html(response, page('Missing'), 404);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    endlessClosed: () => endless,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function described(request: IncomingMessage) {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  const body = Buffer.concat(chunks);
  return {
    method: request.method,
    type: request.headers['content-type'] ?? '',
    bytes: body.length,
    body: body.subarray(0, 2_000).toString(),
  };
}

function file(request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  response.setHeader('content-type', 'application/octet-stream');
  if (!range) return void response.end(FILE);
  const [from, to] = [Number(range[1]), Number(range[2])];
  response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${FILE.length}` });
  response.end(FILE.subarray(from, to + 1));
}

const page = (title: string, body = ''): string =>
  `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`;

function typed(response: ServerResponse, type: string, body: string | Buffer, status = 200): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

const html = (response: ServerResponse, body: string, status = 200): void =>
  typed(response, 'text/html; charset=utf-8', body, status);
const json = (response: ServerResponse, value: unknown): void =>
  typed(response, 'application/json', JSON.stringify(value));
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
