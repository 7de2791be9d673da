/**
 * The script served at `/postern-sw.js` while the kill switch is on. A browser fetches it with the
 * next navigation or update check; it removes what the real worker stored (everything named
 * `postern…`, never the application's own storage) and itself, and sends open pages to the network,
 * where the gateway says that access is switched off.
 */
export const killSwitchScript = `'use strict';
self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => {
  event.waitUntil(remove());
});
async function remove() {
  const ours = (name) => name.startsWith('postern');
  const caches = await self.caches.keys();
  await Promise.all(caches.filter(ours).map((name) => self.caches.delete(name)));
  const databases = await self.indexedDB.databases();
  for (const { name } of databases) if (name && ours(name)) self.indexedDB.deleteDatabase(name);
  await self.registration.unregister();
  const pages = await self.clients.matchAll({ type: 'window' });
  await Promise.allSettled(pages.map((page) => page.navigate(page.url)));
}
`;
