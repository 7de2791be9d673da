/**
 * Our own static files, kept by Workbox so that the loader also appears while the gateway cannot be
 * reached. The application's responses are never cached here.
 */
import { PrecacheController } from 'workbox-precaching/PrecacheController.js';
import type { PrecacheEntry } from 'workbox-precaching/_types.js';
import { STORAGE_PREFIX } from '../../messages/loader.ts';

export function createAssetCache(entries: PrecacheEntry[]): PrecacheController {
  const controller = new PrecacheController({ cacheName: `${STORAGE_PREFIX}-assets` });
  controller.addToCacheList(entries);
  return controller;
}
