// What a generated Workbox worker consists of: precache, navigation fallback, runtime routes.
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
} from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { NetworkFirst } from 'workbox-strategies';
import { clientsClaim } from 'workbox-core';

self.skipWaiting();
clientsClaim();
precacheAndRoute([
  { url: '/shop/index.html', revision: '__RELEASE__' },
  { url: '/shop/app.css', revision: '__RELEASE__' },
  { url: '/shop/app.js', revision: '__RELEASE__' },
  { url: '/shop/icon.svg', revision: '__RELEASE__' },
]);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL('/shop/index.html')));
registerRoute(
  ({ url }) => url.pathname.startsWith('/shop/api/'),
  new NetworkFirst({ cacheName: 'stock', networkTimeoutSeconds: 3 }),
);
