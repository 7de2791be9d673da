/** HTTP GET of URLs that configuration or tokens name, without becoming a way into the network. */
import { lookup as lookupAddress } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { AppError } from '@postern/shared/errors';
import { Agent, request } from 'undici';

const TIMEOUT_MS = 5000;
const MAX_BODY_BYTES = 65_536;

const refused = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  refused.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  refused.addSubnet(network, prefix, 'ipv6');
/** Cloud metadata lives here; refused even where private addresses are allowed. */
const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');

/** Whether an address may be fetched from. IPv4-mapped IPv6 addresses count as what they map. */
export function isAllowedAddress(address: string, allowPrivate: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return !(allowPrivate ? linkLocal : refused).check(address, family);
}

export interface FetchOptions {
  /** For the whole exchange. Default 5 s. */
  timeoutMs?: number;
  /** The system's, unless a test moves names about. */
  lookup?: (hostname: string) => Promise<{ address: string }>;
}

/**
 * GETs JSON: https only, the name resolved once and the connection pinned to that address, private
 * and special addresses refused, no redirects, 5 s, 64 KiB. `allowPrivate` permits http and private
 * addresses (never link-local ones).
 * @throws AppError ERR_FETCH_REFUSED, ERR_FETCH_FAILED
 */
export async function fetchJson(
  url: string,
  allowPrivate: boolean,
  { timeoutMs = TIMEOUT_MS, lookup = lookupAddress }: FetchOptions = {},
): Promise<unknown> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !(allowPrivate && protocol === 'http:')) {
    throw new AppError('ERR_FETCH_REFUSED', 'only https URLs are fetched');
  }
  const address = await resolve(hostname.replace(/^\[|\]$/g, ''), lookup);
  if (!isAllowedAddress(address, allowPrivate))
    throw new AppError('ERR_FETCH_REFUSED', `address ${address} is not fetched from`);
  const family = isIP(address);
  const dispatcher = new Agent({
    connect: {
      timeout: timeoutMs,
      lookup: (_host, options, done) => {
        if (options.all) done(null, [{ address, family }]);
        else done(null, address, family);
      },
    },
    maxResponseSize: MAX_BODY_BYTES,
  });
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await request(url, {
      dispatcher,
      signal,
      headers: { accept: 'application/json' },
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('ERR_FETCH_FAILED', `GET ${url} failed`, { cause, retryable: true });
  } finally {
    await dispatcher.destroy();
  }
}

async function resolve(
  hostname: string,
  lookup: NonNullable<FetchOptions['lookup']>,
): Promise<string> {
  if (isIP(hostname) !== 0) return hostname;
  try {
    return (await lookup(hostname)).address;
  } catch (cause) {
    throw new AppError('ERR_FETCH_FAILED', `cannot resolve ${hostname}`, {
      cause,
      retryable: true,
    });
  }
}
