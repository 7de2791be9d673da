/** Routers as clients see them: where and how to connect, never how to enrol. */
import { z } from 'zod';
import type { EdgeRouter } from '../../model/edge-routers.ts';
import { tagsSchema } from '../responses.ts';

export const edgeRouterInfoSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    hostname: z.string(),
    isOnline: z.boolean(),
    disabled: z.boolean(),
    noTraversal: z.boolean(),
    cost: z.int(),
    syncStatus: z.string(),
    appData: tagsSchema,
    supportedProtocols: z.record(z.string(), z.string()),
    urls: z.record(z.string(), z.string()),
  })
  .meta({ id: 'EdgeRouterInfo' });

/** SDKs read `tls://host:port` under `tls`; browsers' addresses stand under `ws` and `wss`. */
function protocolsOf({
  edgeUrls,
  fabricAddresses,
}: Pick<EdgeRouter, 'edgeUrls' | 'fabricAddresses'>): Record<string, string> {
  const urls = [
    ...fabricAddresses.map((address) => address.replace(/^tls:/, 'tls://')),
    ...edgeUrls,
  ];
  // The first address of a protocol is the one the operator named first.
  return Object.fromEntries(
    urls.reverse().map((url) => [url.slice(0, url.indexOf(':')), url] as const),
  );
}

export function edgeRouterInfo(router: EdgeRouter): z.input<typeof edgeRouterInfoSchema> {
  const protocols = protocolsOf(router);
  const [first = ''] = Object.values(protocols);
  return {
    id: router.id,
    name: router.name,
    hostname: router.hostname || (first && new URL(first).hostname),
    isOnline: router.isOnline,
    disabled: router.disabled,
    noTraversal: router.noTraversal,
    cost: router.cost,
    syncStatus: router.isOnline ? 'SYNC_DONE' : 'SYNC_DISCONNECTED',
    appData: router.appData,
    supportedProtocols: protocols,
    urls: protocols,
  };
}

/** Online first, then the cheapest, then by name. */
export function bestFirst(routers: readonly EdgeRouter[]): EdgeRouter[] {
  return [...routers].sort(
    (a, b) =>
      Number(b.isOnline) - Number(a.isOnline) || a.cost - b.cost || a.name.localeCompare(b.name),
  );
}
