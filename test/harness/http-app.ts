/** An application for what HTTP through the gateway must keep: it counts, hangs, and remembers. */
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpApp {
  url: string;
  /** How often a path (with its query) was asked for. */
  count(path: string): number;
  /** Resolves when the next request for a path arrives, or one has that nobody waited for. */
  arrived(path: string): Promise<void>;
  /** Resolves, with the time, when a request for a path was broken off by the other side. */
  broken(path: string): Promise<number>;
  close(): void;
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

export async function startHttpApp(extra: Record<string, Handler> = {}): Promise<HttpApp> {
  const seen = new Map<string, number>();
  const brokenAt = new Map<string, number>();
  const events = new EventEmitter();
  let tag = 1;

  const routes: Record<string, Handler> = {
    '/': (_, response) => html(response, '<!doctype html><title>Start</title><h1>Start</h1>'),
    /** Never answers. */
    '/hang': () => undefined,
    '/upload': (request, response) => digest(request, response),
    '/redirect-upload': (request, response) => {
      request.resume();
      response.writeHead(307, { location: '/upload' }).end();
    },
    '/repeat': (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=600', 'content-type': 'text/plain' });
      response.end(`answer ${seen.get('/repeat')}`);
    },
    '/forget': (_, response) =>
      void response.writeHead(204, { 'clear-site-data': '"cache", "cookies"' }).end(),
    '/validated': (request, response) => {
      const etag = `"${tag}"`;
      response.setHeader('etag', etag);
      response.setHeader('cache-control', 'no-cache');
      if (request.headers['if-none-match'] === etag) return response.writeHead(304).end();
      return response.end(`version ${tag}`);
    },
    '/validated/change': (_, response) => {
      tag++;
      response.end();
    },
    '/named': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>A file</title>');
    },
    '/bytes': (_, response, url) => bytes(response, Number(url.searchParams.get('count'))),
    '/ids': (request, response) => {
      const last = Number(request.headers['last-event-id'] ?? 0);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`retry: 50\n: comment\nid: ${last + 1}\nevent: step\ndata: a${last + 1}\n`);
      response.end(`data: b\n\nid: never\ndata: cut off`);
    },
    '/basic/page': (request, response) => {
      if (request.headers.authorization === `Basic ${btoa('ann:pass')}`) {
        html(response, '<!doctype html><title>Inside</title><img src="image">');
      } else demand(response, 'Basic realm="notes"');
    },
    '/basic/image': (request, response) =>
      void response.writeHead(request.headers.authorization ? 200 : 401).end(),
    '/digest': (request, response) => {
      const sent = request.headers.authorization ?? '';
      if (sent !== '' && sent === digestFor(sent, request.url!)) {
        html(response, '<!doctype html><title>Digested</title>');
      } else demand(response, `Digest realm="vault", nonce="${NONCE}", qop="auth", algorithm=MD5`);
    },
    '/seen': (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.headers));
    },
    ...extra,
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://app.invalid');
    const path = url.pathname + url.search;
    seen.set(path, (seen.get(path) ?? 0) + 1);
    events.emit(`arrived ${path}`);
    response.on('close', () => {
      if (response.writableFinished) return;
      brokenAt.set(path, Date.now());
      events.emit(`broken ${path}`);
    });
    const handle = routes[url.pathname];
    if (handle) handle(request, response, url);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (path) => seen.get(path) ?? 0,
    arrived: async (path) => {
      if (!seen.has(path)) await once(events, `arrived ${path}`);
    },
    broken: async (path) => {
      if (!brokenAt.has(path)) await once(events, `broken ${path}`);
      return brokenAt.get(path)!;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const NONCE = 'once-given';

function demand(response: ServerResponse, challenge: string): void {
  response.writeHead(401, { 'www-authenticate': challenge, 'content-type': 'text/html' });
  response.end('<!doctype html><title>Refused</title>');
}

/** The field with the right `response` for ann's password (RFC 7616 §3.4.1). */
function digestFor(sent: string, uri: string): string {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const of = (name: string): string => new RegExp(`${name}="?([^",]*)`).exec(sent)?.[1] ?? '';
  const middle = `${NONCE}:${of('nc')}:${of('cnonce')}:auth`;
  const response = md5(`${md5('ann:vault:pass')}:${middle}:${md5(`GET:${uri}`)}`);
  return sent.replace(/response="[^"]*"/, `response="${response}"`);
}

/** What arrived, without ever holding it. */
async function digest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    length += chunk.length;
  }
  const { 'content-type': type, 'content-length': announced } = request.headers;
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({ method: request.method, length, sha256: hash.digest('hex'), type, announced }),
  );
}

const BLOCK = Buffer.from(Array.from({ length: 65_536 }, (_, i) => i % 251));

/** `count` bytes of a pattern, as fast as they are taken, without a `content-length`. */
async function bytes(response: ServerResponse, count: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  for (let left = count; left > 0 && !response.destroyed; left -= BLOCK.length) {
    if (response.write(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK)) continue;
    await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}

function html(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(body);
}
