/** An application with service workers of its own: one made with Workbox, and some written by hand. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Value of an HttpOnly cookie that comes with every answer. */
export const SECRET = 'none-of-the-workers-business';
const folder = new URL('../apps/pwa/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const suite = text('suite.js');
const plainWorker = text('plain-worker.js');
const moduleWorker = `import { value } from '/module-import.js';
  self.addEventListener('install', () => self.skipWaiting());
  self.addEventListener('fetch', (event) => {
    if (event.request.url.endsWith('/life/by-module')) event.respondWith(new Response(value));
  });`;

export interface PwaApp {
  url: string;
  /** Requests so far, as `GET /path`. */
  seen: string[];
  /** What `/shop/` and its worker serve from now on. */
  release(version: string): void;
  close(): void;
}

/** The worker of `/shop/`, bundled from Workbox's own packages as an application's build does. */
async function bundleWorkboxWorker(): Promise<string> {
  const result = await build({
    root: fileURLToPath(folder),
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      minify: true,
      lib: { entry: 'workbox-worker.mjs', formats: ['iife'], name: 'worker', fileName: 'sw' },
    },
  });
  const [{ output }] = result as unknown as [{ output: [{ code: string }] }];
  return output[0].code;
}

export async function startPwaApp(): Promise<PwaApp> {
  const workbox = await bundleWorkboxWorker();
  const seen: string[] = [];
  let release = 'one';
  let version = '1';
  let imported = 'first';
  let scriptHeaders: unknown;

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url!, 'http://app.invalid');
    const { pathname, searchParams } = url;
    seen.push(`${request.method} ${pathname}`);
    const send: Send = (type, body, status = 200) => {
      response.writeHead(status, {
        'content-type': type,
        'cache-control': 'no-cache',
        'set-cookie': `secret=${SECRET}; HttpOnly; Path=/hidden`,
        'x-app': 'yes',
      });
      response.end(body);
    };
    const script = (body: string): void => {
      const { 'service-worker': field, 'sec-fetch-dest': destination } = request.headers;
      if (field !== undefined) scriptHeaders = { field, destination };
      send('text/javascript', body);
    };
    const page = (body: string): void => send('text/html', `<!doctype html>${body}`);
    const routes: Record<string, () => void> = {
      '/suite.js': () => send('text/javascript', suite),
      '/life/sw.js': () => script(plainWorker.replaceAll("'VERSION'", `'${version}'`)),
      '/life/allowed/sw.js': () => {
        response.setHeader('service-worker-allowed', '/life/');
        script(plainWorker);
      },
      '/life/module.js': () => script(moduleWorker),
      '/life/broken.js': () => script('this is no script ('),
      '/life/cached.txt': () => send('text/plain', `cached in ${version}`),
      '/life/script.js': () => send('text/javascript', 'window.loadedByScript = true;'),
      '/module-import.js': () => send('text/javascript', 'export const value = "of a module";'),
      '/imported.js': () => send('text/javascript', `self.importedValue = '${imported}';`),
      '/missing.js': () => send('text/javascript', '', 404),
      '/server/script-headers': () => send('application/json', JSON.stringify(scriptHeaders)),
      '/server/version': () => {
        version = searchParams.get('is')!;
        imported = searchParams.get('imported') ?? 'first';
        send('text/plain', '');
      },
      '/server/redirect': () => {
        response.writeHead(302, { location: searchParams.get('to')! });
        response.end();
      },
      '/life/preloaded': () =>
        page(
          `<title>preload</title><body>preload ${String(request.headers['service-worker-navigation-preload'])}`,
        ),
      '/life/navigated': () => page(`<body>navigated ${url.search}`),
      ...shopRoutes(release, workbox, send),
    };
    const route = routes[pathname];
    if (route !== undefined) route();
    else if (pathname.startsWith('/server/')) void echo(request, url, send);
    else if (pathname.startsWith('/shop/')) send('text/plain', 'not found', 404);
    else send('text/html', PAGE);
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    release: (name) => void (release = name),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

type Send = (type: string, body: string | Buffer, status?: number) => void;

/** A small shop, as an application's build would leave it. */
function shopRoutes(release: string, worker: string, send: Send): Record<string, () => void> {
  const index = (): void => send('text/html', SHOP_PAGE.replaceAll('RELEASE', release));
  return {
    '/shop/': index,
    '/shop/index.html': index,
    '/shop/sw.js': () => send('text/javascript', worker.replaceAll('__RELEASE__', release)),
    '/shop/app.css': () => send('text/css', `body { --release: ${release}; }`),
    '/shop/app.js': () => send('text/javascript', SHOP_SCRIPT.replaceAll('RELEASE', release)),
    '/shop/api/stock': () => send('application/json', JSON.stringify({ release })),
    '/shop/icon.svg': () => send('image/svg+xml', ICON),
    '/shop/manifest.json': () => send('application/manifest+json', MANIFEST),
  };
}

async function echo(request: IncomingMessage, url: URL, send: Send): Promise<void> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  const body = Buffer.concat(chunks);
  const bytes = url.searchParams.get('bytes');
  if (bytes !== null) send('application/octet-stream', Buffer.alloc(Number(bytes), 66));
  else
    send(
      'application/json',
      JSON.stringify({
        method: request.method,
        type: request.headers['content-type'] ?? '',
        custom: request.headers['x-custom'] ?? '',
        cookie: request.headers.cookie ?? '',
        length: body.length,
        body: body.length > 1_000 ? '' : body.toString(),
      }),
    );
}

const PAGE = '<!doctype html><title>Life</title><h1>Life</h1><script src="/suite.js"></script>';
const ICON = '<svg xmlns="http://www.w3.org/2000/svg" width="192" height="192"/>';
const MANIFEST = JSON.stringify({
  name: 'Shop',
  start_url: '/shop/',
  scope: '/shop/',
  display: 'standalone',
  icons: [{ src: '/shop/icon.svg', sizes: '192x192', type: 'image/svg+xml' }],
});
const SHOP_PAGE = `<!doctype html><html><head><title>Shop RELEASE</title>
<link rel="manifest" href="/shop/manifest.json" crossorigin="use-credentials">
<link rel="stylesheet" href="/shop/app.css"></head>
<body><h1>Shop RELEASE</h1><p id="stock"></p><script src="/shop/app.js"></script></body></html>`;
const SHOP_SCRIPT = `window.release = 'RELEASE';
window.cssRelease = () => getComputedStyle(document.body).getPropertyValue('--release').trim();
window.ready = navigator.serviceWorker.register('/shop/sw.js').then(() => navigator.serviceWorker.ready).then(() => true);
fetch('/shop/api/stock').then((response) => response.json()).then(({ release }) => {
  document.getElementById('stock').textContent = 'stock ' + release;
}, () => { document.getElementById('stock').textContent = 'no stock'; });`;
