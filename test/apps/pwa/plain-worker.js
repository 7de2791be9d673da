// A worker as people write them by hand: cache first, and whatever else the suite asks of it.
const VERSION = 'VERSION';
const { searchParams } = new URL(self.location.href);
const CACHE = 'plain-' + VERSION;
const log = [];
const seen = {
  location: [self.location.pathname, self.location.search, self.location.hash],
  kinds: [
    'ServiceWorkerGlobalScope' in self && self instanceof ServiceWorkerGlobalScope,
    typeof XMLHttpRequest,
    typeof window,
    typeof Worker,
    typeof clients.claim,
    typeof registration.update,
    typeof skipWaiting,
    typeof FetchEvent,
    typeof ExtendableEvent,
    typeof onfetch,
    'connect' in self,
  ],
};
importScripts('/imported.js?in=' + VERSION);
seen.imported = self.importedValue;
if (searchParams.has('throws')) throw new Error('thrown at the start');

self.addEventListener('install', (event) => {
  log.push('install ' + Boolean(registration.installing) + ' ' + registration.active?.state);
  if (searchParams.has('skip')) self.skipWaiting();
  event.waitUntil(
    searchParams.has('fails')
      ? Promise.reject(new Error('no'))
      : caches
          .open(CACHE)
          .then((cache) => cache.addAll(['/life/cached.txt', '/life/offline.html'])),
  );
});
self.addEventListener('activate', (event) => {
  log.push('activate ' + registration.active?.state);
  if (searchParams.has('claim')) event.waitUntil(self.clients.claim());
});

self.onfetch = (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const answer = routes[url.pathname];
  if (url.origin === location.origin && answer) event.respondWith(answer(event, url));
};
const json = (value, init) =>
  new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' }, ...init });
const facts = ({ request, clientId, resultingClientId }) => ({
  path: new URL(request.url).pathname + new URL(request.url).hash,
  method: request.method,
  mode: request.mode,
  destination: request.destination,
  credentials: request.credentials,
  redirect: request.redirect,
  cache: request.cache,
  referrer: request.referrer.replace(/^https?:\/\/[^/]*/, ''),
  custom: request.headers.get('x-custom'),
  hasClient: clientId !== '',
  hasResulting: resultingClientId !== '',
  isRequest: request instanceof Request,
});
const stream = (parts) =>
  new ReadableStream({
    async start(controller) {
      for (const part of parts) {
        controller.enqueue(new TextEncoder().encode(part));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      controller.close();
    },
  });
let kept;
const routes = {
  '/life/cached.txt': async () => (await caches.match('/life/cached.txt')) ?? Response.error(),
  '/life/facts': async (event) => json(facts(event)),
  '/life/frame': async (event) =>
    new Response(
      `<!doctype html><title>made</title><p id="made">${JSON.stringify(facts(event)).replaceAll('<', '')}`,
      { headers: { 'content-type': 'text/html' } },
    ),
  '/life/status': async () =>
    json({ a: 1 }, { status: 418, statusText: 'Teapot', headers: { 'x-made': 'by worker' } }),
  '/life/empty': async () => new Response(null, { status: 204 }),
  '/life/error': async () => Response.error(),
  '/life/rejected': () => Promise.reject(new Error('no')),
  '/life/nonsense': async () => 'text',
  '/life/stream': async () => new Response(stream(['one ', 'two ', 'three'])),
  '/life/large': async () => new Response(new Blob([new Uint8Array(3_000_000).fill(7)])),
  '/life/redirected': async () => Response.redirect('/life/cached.txt', 302),
  '/life/followed': async () => fetch('/server/redirect?to=/server/echo'),
  '/server/echo': (event, url) => {
    const { request } = event;
    switch (url.searchParams.get('by')) {
      case 'itself':
        return fetch(request);
      case 'clone':
        return fetch(request.clone());
      case 'copy':
        return fetch(new Request(request, { headers: { 'x-custom': 'changed' } }));
      case 'init':
        return fetch(request, { headers: { 'x-custom': 'init' } });
      case 'body':
        return request.text().then((text) => json({ readByWorker: text }));
      case 'look':
        return request
          .clone()
          .text()
          .then(async (text) => {
            kept = text;
            return fetch(request);
          });
      case 'kept':
        return caches.open('kept').then(async (cache) => {
          const response = await fetch(request);
          event.waitUntil(cache.put('/kept', response.clone()));
          return response;
        });
      case 'text':
        return fetch(request).then(async (response) => json({ of: await response.json() }));
    }
    return fetch(request);
  },
  '/life/kept': async () => (await caches.match('/kept')) ?? json('nothing'),
  '/life/navigated': (event) => fetch(event.request),
  '/server/redirect': (event) => fetch(event.request),
  '/life/preloaded': async (event) => {
    const response = await event.preloadResponse;
    return response ?? new Response('no preload', { headers: { 'content-type': 'text/html' } });
  },
};

self.addEventListener('message', (event) => {
  const { data, ports, source, origin } = event;
  const [port] = ports;
  const reply = (value) => (port ?? source).postMessage(value);
  event.waitUntil(
    answerTo(data, source, origin === location.origin).then(reply, (error) => reply(String(error))),
  );
});
/** All that script of the origin can lay its hands on, as text. */
async function loot() {
  const found = [];
  const names = (await indexedDB.databases?.()) ?? [];
  for (const name of ['postern', ...names.map(({ name }) => name)]) {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of database.objectStoreNames)
      found.push(
        await new Promise((resolve) => {
          const request = database.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => resolve(request.result);
        }),
      );
    database.close();
  }
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.push(request.url);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = globalThis[name];
    if (typeof value === 'string') found.push(value);
    else if (typeof value === 'function') found.push(String(value).slice(0, 200));
    else if (typeof value === 'object' && value !== null) found.push(Object.keys(value));
  }
  return JSON.stringify(found);
}
async function answerTo(data, source, isSameOrigin) {
  switch (data.ask) {
    case 'seen':
      return { seen, log, version: VERSION, scope: new URL(registration.scope).pathname };
    case 'source':
      return [
        isSameOrigin,
        source instanceof WindowClient,
        source.type,
        source.frameType,
        new URL(source.url).pathname,
        (await clients.get(source.id))?.id === source.id,
      ];
    case 'clients': {
      const all = await clients.matchAll({ includeUncontrolled: data.all });
      return all.map(({ url, type }) => new URL(url).pathname + ' ' + type).sort();
    }
    case 'broadcast':
      for (const client of await clients.matchAll({ includeUncontrolled: true }))
        client.postMessage({ broadcast: data.value });
      return 'done';
    case 'skip':
      await self.skipWaiting();
      return 'skipped';
    case 'claim':
      await clients.claim();
      return 'claimed';
    case 'late':
      try {
        importScripts('/imported.js?late');
        return 'imported';
      } catch (error) {
        return error.name;
      }
    case 'again':
      importScripts('/imported.js?in=' + VERSION);
      return 'imported';
    case 'caches':
      return (await caches.keys()).sort();
    case 'fetch': {
      const response = await fetch(data.url, data.init);
      return [
        response.status,
        response.type,
        response.redirected,
        response.headers.get('x-app'),
        await response.text(),
      ];
    }
    case 'loot':
      return loot();
    case 'update':
      return await registration.update().then(
        () => 'updated',
        (error) => error.name,
      );
    case 'push':
      return registration.pushManager.subscribe({ userVisibleOnly: true }).then(
        () => 'subscribed',
        (error) => error.name,
      );
    case 'open':
      return clients.openWindow('/').then(
        () => 'opened',
        (error) => error.name,
      );
  }
  return 'unknown';
}
