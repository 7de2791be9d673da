/** Which addresses this router tells others, and which names its certificate needs for them. */
import { isIP, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { formatTlsAddress, parseTlsAddress } from '@postern/node/tls';
import type { RouterConfig } from './config.ts';

interface OwnAddresses {
  edgeUrls: string[];
  fabricAddresses: string[];
}

/** What is reported to the controller; a wildcard address is told as this machine's name. */
export function ownAddresses(
  config: RouterConfig,
  edge: AddressInfo | undefined,
  fabric: AddressInfo | undefined,
): OwnAddresses {
  return {
    edgeUrls: edge === undefined ? [] : edgeUrls(config, edge),
    fabricAddresses: fabric === undefined ? [] : [fabricAddress(config, fabric)],
  };
}

/** Names and addresses for the server certificate, without duplicates. */
export function serverNames(config: RouterConfig): string[] {
  const names = new Set<string>();
  const { edge, fabric } = config;
  for (const host of [edge?.host, fabric?.host]) if (host !== undefined) names.add(reachable(host));
  if (fabric?.advertise !== undefined) names.add(splitAdvertised(fabric.advertise).host);
  for (const url of edge?.publicUrls ?? [])
    names.add(new URL(url).hostname.replace(/^\[|\]$/g, ''));
  return [...names];
}

function edgeUrls(config: RouterConfig, { port }: AddressInfo): string[] {
  const { edge } = config;
  if (edge?.publicUrls !== undefined) return edge.publicUrls;
  const host = reachable(edge?.host ?? '127.0.0.1');
  const scheme = edge?.tls === 'none' ? 'ws' : 'wss';
  return [`${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}/edge`];
}

function fabricAddress(config: RouterConfig, { port }: AddressInfo): string {
  const { fabric } = config;
  if (fabric?.advertise === undefined)
    return formatTlsAddress(reachable(fabric?.host ?? '127.0.0.1'), port);
  const advertised = splitAdvertised(fabric.advertise);
  return formatTlsAddress(advertised.host, advertised.port ?? port);
}

/** `host:port`, `[v6]:port`, `host` or a bare IPv6 address. */
function splitAdvertised(advertise: string): { host: string; port?: number } {
  if (isIP(advertise) !== 0 || !/:\d+$/.test(advertise))
    return { host: advertise.replace(/^\[|\]$/g, '') };
  return parseTlsAddress(`tls:${advertise}`);
}

function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? hostname() : host;
}
