/** An application whose pages use what browsers tie to response headers, or lead past service workers. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export interface PlatformApp {
  url: string;
  seen: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
  last(path: string): PlatformApp['seen'][number] | undefined;
  close(): void;
}

interface Answer {
  type?: string;
  fields?: Record<string, string | string[]>;
  body: string;
  /** The answer comes so late. */
  afterMs?: number;
}

const html = (title: string, body = ''): string =>
  `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`;
const page = (title: string, fields: Answer['fields'] = {}, body = ''): Answer => ({
  type: 'text/html; charset=utf-8',
  fields,
  body: html(title, body),
});

const answers: Record<string, Answer> = {
  '/': page('Start', { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  '/hints': page('Hints', { 'accept-ch': 'Sec-CH-UA-Full-Version-List, Sec-CH-UA-Arch' }),
  '/critical': page('Critical', {
    'accept-ch': 'Sec-CH-UA-Bitness',
    'critical-ch': 'Sec-CH-UA-Bitness',
  }),
  '/isolated': page(
    'Isolated',
    {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    },
    '<img id="image" src="/image.svg">',
  ),
  '/isolated-worker.js': {
    type: 'text/javascript',
    fields: { 'cross-origin-embedder-policy': 'require-corp' },
    body: 'onmessage = ({ data }) => { Atomics.add(new Int32Array(data), 0, 41); postMessage(crossOriginIsolated); };',
  },
  '/trusted': page('Trusted', {
    'content-security-policy':
      "require-trusted-types-for 'script'; trusted-types own; script-src 'self' 'unsafe-inline'; worker-src blob:; report-uri /reports",
  }),
  '/reports-uri': page('Reports', {
    'content-security-policy': "img-src 'none'; report-uri /reports",
  }),
  '/reports-to': page('Reports', {
    'reporting-endpoints': 'main="/reports"',
    'content-security-policy': "img-src 'none'; report-to main",
  }),
  '/sandboxed': page('Sandboxed', { 'content-security-policy': 'sandbox allow-scripts' }),
  '/speaks': page('Speaks', {}, '<script>parent.postMessage("the application", "*")</script>'),
  '/late.svg': {
    type: 'image/svg+xml',
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    afterMs: 500,
  },
  '/image.svg': {
    type: 'image/svg+xml',
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>',
  },
  '/sheet/style.css': {
    type: 'text/css',
    body: 'p { color: rgb(1, 2, 3); background: url(../image.svg?of-style) }',
  },
};

export async function startPlatformApp(): Promise<PlatformApp> {
  const seen: PlatformApp['seen'] = [];
  const server = createServer((request, response) => void respond(request, response));

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers, url = '' } = request;
    const { pathname } = new URL(url, 'http://app.invalid');
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method, path: url, headers, body });
    const known = answers[pathname];
    if (known?.afterMs !== undefined) await setTimeout(known.afterMs);
    response.writeHead(known || pathname === '/seen' ? 200 : 404, {
      'content-type': known?.type ?? 'application/json',
      ...known?.fields,
    });
    response.end(known?.body ?? JSON.stringify(headers));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    last: (path) => seen.findLast((one) => one.path === path),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
