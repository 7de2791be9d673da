/** An application whose WebSockets do what servers may do, and pages and workers that look at it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

const suite = readFileSync(new URL('../apps/websocket/suite.js', import.meta.url), 'utf8');
const listen =
  'onmessage = async ({ data, ports: [port] }) => port.postMessage(await runSuite(...data));';
const shared =
  'onconnect = ({ ports: [port] }) => { port.onmessage = async ({ data, ports: [back] }) => back.postMessage(await runSuite(...data)); };';
const nested =
  'const inner = new Worker("/worker/classic.js"); onmessage = ({ data, ports }) => inner.postMessage(data, ports);';

const scripts: Record<string, string> = {
  '/suite.js': suite,
  '/suite.mjs': suite,
  '/worker/classic.js': `"use strict"; importScripts("/suite.js"); ${listen}`,
  // Captured by what a module imports, before its own first statement.
  '/worker/module.js': `import "/suite.mjs"; ${listen}`,
  '/worker/nested.js': nested,
  '/worker/shared.js': `importScripts("/suite.js"); ${shared}`,
  '/worker/strict.js':
    '"use strict"; postMessage([(function () { return this === undefined; })(), String(location), new Error("x").stack.match(/:(\\d+):\\d+/)?.[1]]);',
  '/worker/sloppy.js':
    '// a comment\npostMessage([(function () { return this === undefined; })(), String(location), new Error("x").stack.match(/:(\\d+):\\d+/)?.[1]]);',
};

export interface WebSocketApp {
  url: string;
  /** Ends the connections of all WebSockets now open, without a word. */
  terminate(): void;
  close(): void;
}

export async function startWebSocketApp(): Promise<WebSocketApp> {
  const closes = new Map<string, unknown>();
  const waiting = new Map<string, () => void>();
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://app.invalid');
    const script = scripts[url.pathname];
    if (url.pathname === '/closed') {
      const id = url.searchParams.get('id')!;
      const answer = (): void => send(response, 'application/json', JSON.stringify(closes.get(id)));
      if (closes.has(id)) answer();
      else waiting.set(id, answer);
    } else if (url.pathname === '/events') {
      events(request, response);
    } else if (url.pathname === '/slow') {
      slow(response);
    } else if (url.pathname === '/upload') {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => send(response, 'application/json', String(bytes)));
    } else if (script !== undefined) {
      send(response, 'text/javascript', script);
    } else if (url.pathname.startsWith('/csp')) {
      response.setHeader('content-security-policy', url.searchParams.get('policy')!);
      send(response, 'text/html', PAGE);
    } else send(response, 'text/html', PAGE);
  });
  const options = {
    noServer: true,
    handleProtocols: (offered: Set<string>) => (offered.has('chat') ? 'chat' : false),
  } as const;
  const plain = new WebSocketServer({ ...options, perMessageDeflate: false });
  const deflating = new WebSocketServer({ ...options, perMessageDeflate: { threshold: 0 } });

  server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    const url = new URL(request.url!, 'http://app.invalid');
    const kind = url.pathname.replace('/ws/', '');
    if (kind === 'refuse') {
      const status = url.searchParams.get('status')!;
      const location = status === '302' ? 'location: /ws/echo\r\n' : '';
      socket.end(
        `HTTP/1.1 ${status} No\r\n${location}content-length: 2\r\nconnection: close\r\n\r\nno`,
      );
      return;
    }
    if (kind === 'slow') {
      setTimeout(() => socket.destroy(), 500);
      return;
    }
    const chosen = kind === 'deflate' ? deflating : plain;
    chosen.handleUpgrade(request, socket, head, (webSocket) => {
      const id = url.searchParams.get('id');
      webSocket.on('error', () => undefined);
      webSocket.on('close', (code, reason) => {
        if (id === null) return;
        closes.set(id, [code, reason.toString()]);
        waiting.get(id)?.();
      });
      behaviours[kind]?.(webSocket, url, request, socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const terminate = (): void => {
    for (const set of [plain, deflating]) for (const socket of set.clients) socket.terminate();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    terminate,
    close: () => {
      terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

const PAGE = '<!doctype html><title>WebSocket</title><script src="/suite.js"></script>';

const echo = (socket: WebSocket, url: URL): void => {
  const size = Number(url.searchParams.get('fragments') ?? 0);
  socket.on('message', (data: Buffer, binary) => {
    if (size === 0) socket.send(data, { binary });
    else
      for (let at = 0; at < data.length; at += size) {
        socket.send(data.subarray(at, at + size), { binary, fin: at + size >= data.length });
      }
  });
};

/** Frames no server may send (RFC 6455 §5.2, §5.5, §7.4, §8.1). */
const broken: Record<string, number[]> = {
  utf8: [0x81, 2, 0xc3, 0x28],
  reserved: [0xc1, 1, 0x61],
  opcode: [0x83, 0],
  masked: [0x81, 0x81, 0, 0, 0, 0, 0x61],
  'close-code': [0x88, 2, 0x03, 0xed],
  'long-ping': [0x89, 126, 0, 126, ...Array<number>(126).fill(0)],
};

const behaviours: Record<
  string,
  (socket: WebSocket, url: URL, request: IncomingMessage, raw: Socket) => unknown
> = {
  echo,
  deflate: echo,
  close: (socket, url) => {
    const code = url.searchParams.get('code');
    if (code === null) socket.close();
    else socket.close(Number(code), url.searchParams.get('reason') ?? '');
  },
  burst: (socket) => {
    for (let i = 0; i < 20; i++) socket.send(`message ${i}`);
    socket.close(4002, 'done');
  },
  // Late enough for any browser to have told of the opening.
  terminate: (socket) => setTimeout(() => socket.terminate(), 300),
  broken: (_, url, _request, raw) => raw.write(Buffer.from(broken[url.searchParams.get('kind')!]!)),
  ping: (socket) => {
    socket.on('pong', (data) => socket.send(`pong ${data.toString()}`));
    socket.ping('are you there');
  },
  headers: (socket, _url, request) => {
    const { headers } = request;
    socket.send(
      JSON.stringify({
        method: request.method,
        version: headers['sec-websocket-version'],
        protocol: headers['sec-websocket-protocol'],
        hasKey: /^[\w+/]{22}==$/.test(headers['sec-websocket-key'] ?? ''),
        offersDeflate: headers['sec-websocket-extensions']?.startsWith('permessage-deflate'),
        sameOrigin: headers.origin === `http://${headers.host}`,
        cookie: headers.cookie ?? '',
        userAgent: /Mozilla/.test(headers['user-agent'] ?? ''),
        site: headers['sec-fetch-site'] ?? 'same-origin',
        mode: headers['sec-fetch-mode'] ?? 'websocket',
      }),
    );
  },
  /** Counts from `from` on, one number every `ms`; says back what it hears. */
  count: (socket, url) => {
    let next = Number(url.searchParams.get('from') ?? 0);
    const timer = setInterval(
      () => socket.send(String(next++)),
      Number(url.searchParams.get('ms') ?? 20),
    );
    socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
    socket.on('close', () => clearInterval(timer));
  },
};

/** Numbered events for ever, on from the one that the browser had last. */
function events(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-type', 'text/event-stream');
  let next = Number(request.headers['last-event-id'] ?? -1) + 1;
  response.write('retry: 50\n\n');
  const timer = setInterval(() => {
    response.write(`id: ${next}\ndata: ${next}\n\n`);
    next += 1;
  }, 50);
  response.on('close', () => clearInterval(timer));
}

/** Bytes of `/slow`, which takes 20 s: longer than any machine needs to stop a service worker. */
export const SLOW_BYTES = 40 * 4_096;

function slow(response: ServerResponse): void {
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('content-length', SLOW_BYTES);
  let sent = 0;
  const timer = setInterval(() => {
    response.write(Buffer.alloc(4_096, 7));
    sent += 4_096;
    if (sent < SLOW_BYTES) return;
    clearInterval(timer);
    response.end();
  }, 500);
  response.on('close', () => clearInterval(timer));
}

function send(response: ServerResponse, type: string, body: string): void {
  response.setHeader('content-type', `${type}; charset=utf-8`);
  response.end(body);
}
