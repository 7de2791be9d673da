/**
 * The server of the cases: answers as the request itself asks for, in `?spec=` (JSON, {@link Spec}), under any
 * path; `/inspect` says what arrived, `/log` what arrived earlier.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { encode, type Coding } from './content-codings.ts';
import { silence } from './silence.ts';

export interface Spec {
  /** Default 200. */
  status?: number;
  /** Reason phrase. */
  reason?: string;
  headers?: Record<string, string | string[]>;
  /** `COUNT` in it is how often this key was asked for so far, `PAD` as many `x` as `pad` says. */
  body?: string;
  pad?: number;
  base64?: string;
  /** Written one by one, `delayMs` apart, instead of `body`. */
  chunks?: string[];
  delayMs?: number;
  /** Milliseconds before anything is sent. */
  waitMs?: number;
  codings?: Coding[];
  /** Breaks the connection off after the body. */
  breaks?: boolean;
  /** Keeps the response open after the body. */
  hangs?: boolean;
  trailers?: Record<string, string>;
  earlyHints?: string;
  /** Remembers the request under this key, for `/log` and `COUNT`. */
  log?: string;
  /** Answers 304 where `If-None-Match` has this. */
  etag?: string;
  /** Answers `Range` by RFC 9110 §14. */
  ranges?: boolean;
  /** Seconds of silence as audio. */
  silence?: number;
}

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface OriginServer {
  port: number;
  close(): void;
}

const MAX_BODY_BYTES = 10_000_000;
const LOG_WAIT_MS = 4_000;
const file = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

export async function startOriginServer(): Promise<OriginServer> {
  const log = new Map<string, Seen[]>();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://app.invalid');
    if (url.pathname === '/runner') {
      runner(response, url);
      return;
    }
    if (/^\/wpt\/(?:harness|cases\/[\w-]+)\.js$/.test(url.pathname)) {
      send(response, 'text/javascript', file(`.${url.pathname.slice(4)}`));
      return;
    }
    const body = await bodyOf(request);
    const seen = { method: request.method!, url: request.url!, headers: request.headers, body };
    if (url.pathname === '/inspect') {
      response.setHeader('cache-control', 'no-store');
      send(response, url.searchParams.get('type') ?? 'application/json', inspected(seen, url));
      return;
    }
    if (url.pathname === '/log') return sendLog(response, url);
    const given = url.searchParams.get('spec');
    if (given === null) {
      send(response, 'text/html', '<!doctype html><title>Nothing</title>', 404);
      return;
    }
    const spec = JSON.parse(given) as Spec;
    let count = 0;
    if (spec.log !== undefined) {
      const entries = log.get(spec.log) ?? [];
      log.set(spec.log, entries);
      count = entries.push(seen);
      server.emit(`log ${spec.log}`);
    }
    return serve(request, response, spec, count);
  }

  /** Waits until so many requests are there, or none came for a while. */
  async function sendLog(response: ServerResponse, url: URL): Promise<void> {
    const key = url.searchParams.get('key')!;
    const wanted = Number(url.searchParams.get('count') ?? 0);
    const signal = AbortSignal.timeout(LOG_WAIT_MS);
    while ((log.get(key)?.length ?? 0) < wanted && !signal.aborted) {
      await once(server, `log ${key}`, { signal }).catch(() => undefined);
    }
    response.setHeader('cache-control', 'no-store');
    response.setHeader('access-control-allow-origin', '*');
    send(response, 'application/json', JSON.stringify(log.get(key) ?? []));
  }

  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => undefined);
    socket.send(JSON.stringify({ url: request.url, cookie: request.headers.cookie ?? '' }));
    socket.on('message', (data: Buffer, binary) => socket.send(data, { binary }));
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

function runner(response: ServerResponse, url: URL): void {
  const name = url.searchParams.get('file') ?? '';
  send(
    response,
    'text/html',
    `<!doctype html><meta charset="utf-8"><title>Runner</title><script src="/wpt/harness.js"></script><script src="/wpt/cases/${encodeURIComponent(name)}.js"></script>`,
  );
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  spec: Spec,
  count: number,
): Promise<void> {
  if (spec.waitMs !== undefined) await sleep(spec.waitMs);
  if (spec.earlyHints !== undefined) response.writeEarlyHints({ link: spec.earlyHints });
  let body = contentOf(spec, count);
  let status = spec.status ?? 200;
  const headers: Record<string, string | string[]> = {
    'content-type': 'text/plain',
    'cache-control': 'no-store',
    ...spec.headers,
  };
  if (spec.etag !== undefined) {
    headers['etag'] = spec.etag;
    if (request.headers['if-none-match'] === spec.etag) [status, body] = [304, Buffer.alloc(0)];
  }
  if (spec.ranges) [status, body] = part(request, headers, body);
  // An empty chunked body would be taken for the next answer.
  if (status === 205) headers['content-length'] = '0';
  for (const coding of spec.codings ?? []) body = encode(coding, body);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (spec.trailers !== undefined) response.setHeader('trailer', Object.keys(spec.trailers));
  if (spec.reason === undefined) response.writeHead(status);
  else response.writeHead(status, spec.reason);
  response.flushHeaders();
  if (spec.chunks !== undefined) {
    for (const chunk of spec.chunks) {
      response.write(chunk);
      if (spec.delayMs !== undefined) await sleep(spec.delayMs);
    }
  } else if (request.method !== 'HEAD' && body.length > 0) response.write(body);
  if (spec.breaks) {
    await sleep(50);
    response.destroy();
  } else if (!spec.hangs) {
    if (spec.trailers !== undefined) response.addTrailers(spec.trailers);
    response.end();
  }
}

function contentOf(spec: Spec, count: number): Buffer {
  if (spec.silence !== undefined) return silence(spec.silence);
  if (spec.base64 !== undefined) return Buffer.from(spec.base64, 'base64');
  const padding = 'x'.repeat(Math.min(spec.pad ?? 0, MAX_BODY_BYTES));
  return Buffer.from(
    (spec.body ?? '').replaceAll('COUNT', String(count)).replaceAll('PAD', padding),
  );
}

function part(
  request: IncomingMessage,
  headers: Record<string, string | string[]>,
  body: Buffer,
): [number, Buffer] {
  headers['accept-ranges'] = 'bytes';
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  headers['content-length'] = String(body.length);
  if (!range) return [200, body];
  const first = range[1] === '' ? body.length - Number(range[2]) : Number(range[1]);
  const last =
    range[1] === '' || range[2] === ''
      ? body.length - 1
      : Math.min(Number(range[2]), body.length - 1);
  if (first > last) {
    headers['content-range'] = `bytes */${body.length}`;
    headers['content-length'] = '0';
    return [416, Buffer.alloc(0)];
  }
  headers['content-range'] = `bytes ${first}-${last}/${body.length}`;
  headers['content-length'] = String(last - first + 1);
  return [206, body.subarray(first, last + 1)];
}

/** As JSON, or as a page whose title says that it is there. */
function inspected(seen: Seen, url: URL): string {
  const json = JSON.stringify(seen);
  if (url.searchParams.get('type') !== 'text/html') return json;
  return `<!doctype html><meta charset="utf-8"><title>Inspected</title><script type="application/json" id="seen">${json.replaceAll('<', '\\u003c')}</script>`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new Error('the body is too large for a case');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

function send(response: ServerResponse, type: string, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` });
  response.end(body);
}
