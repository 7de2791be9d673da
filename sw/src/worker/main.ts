/**
 * The service worker. Listeners are added at once, as browsers demand; everything else is made at
 * first use, because a worker is started anew for any event.
 */
import { precache } from 'virtual:postern-precache';
import { createConsoleLogger } from './log.ts';
import { createAssetCache } from './install/assets.ts';
import { createWorker } from './create-worker.ts';

const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const assets = createAssetCache(precache);
const worker = createWorker(scope, createConsoleLogger());

// No skipWaiting here: Firefox would end the open streams of the old worker as if complete.
scope.addEventListener('install', (event) => event.waitUntil(assets.install(event)));
scope.addEventListener('activate', (event) => event.waitUntil(assets.activate(event)));
scope.addEventListener('message', (event) => {
  if (worker.takeOver(event)) return;
  event.waitUntil(worker.messages.take(event));
});
scope.addEventListener('fetch', (event) => {
  const response = worker.router.respond(event.request, event);
  if (response !== undefined) event.respondWith(response);
});
