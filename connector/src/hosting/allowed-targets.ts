/**
 * Which addresses the controller may have this connector connect to. A controller says what there is; where a
 * connector may reach on its own network is decided beside it, or whoever rules the controller rules the network.
 */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

const HOST =
  /^(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;

const ports = z.string().transform((text, context) => {
  const [, low = '', high = low] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range = { low: Number(low), high: Number(high) };
  if (low !== '' && range.low >= 1 && range.low <= range.high && range.high <= 65_535) return range;
  context.addIssue({ code: 'custom', message: 'must be a port or a range such as 8000-8999' });
  return z.NEVER;
});

/** One entry: `{ address: wiki.internal, ports: 443 }`; addresses are names, `*.name`, IP addresses or CIDR. */
export const allowedTargetSchema = z.strictObject({
  address: z
    .string()
    .max(255)
    .refine((text) => parseAddress(text) !== undefined, 'is no host name, *.name, address or CIDR'),
  ports,
});
export type AllowedTarget = z.infer<typeof allowedTargetSchema>;

type Address =
  | { kind: 'name'; name: string }
  | { kind: 'below'; suffix: string }
  | { kind: 'net'; contains(ip: string): boolean };

function parseAddress(text: string): Address | undefined {
  const lower = text.toLowerCase();
  if (lower.startsWith('*.')) {
    return HOST.test(lower.slice(2)) ? { kind: 'below', suffix: lower.slice(1) } : undefined;
  }
  const [ip = '', bits, ...rest] = lower.split('/');
  const version = isIP(ip);
  if (version === 0) {
    // A name of digits and dots alone would be read as an address by whoever resolves it.
    return rest.length === 0 && bits === undefined && isName(lower)
      ? { kind: 'name', name: lower }
      : undefined;
  }
  const widest = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? widest : Number(bits);
  if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits)) || prefix > widest) {
    return undefined;
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(ip, prefix, family);
  return {
    kind: 'net',
    contains: (other) => isIP(other) === version && list.check(other, family),
  };
}

/** Whether a host is a name: not an address, nor one of the forms that resolvers take for one. */
export function isName(host: string): boolean {
  return HOST.test(host) && !/^(0x[0-9a-f]*|\d+)$/i.test(host.split('.').at(-1) ?? '');
}

/** Whether one of the entries covers the address, as it is written: names are not resolved to be compared. */
export function isAllowed(
  allowed: readonly AllowedTarget[],
  { host, port }: { host: string; port: number },
): boolean {
  const lower = host.toLowerCase();
  return allowed.some(
    ({ address, ports: { low, high } }) => port >= low && port <= high && covers(address, lower),
  );
}

/** Whether `pattern` (a name, `*.name`, address or CIDR) covers a host. An unreadable pattern covers nothing. */
export function covers(pattern: string, host: string): boolean {
  const address = parseAddress(pattern);
  switch (address?.kind) {
    case 'name':
      return address.name === host;
    case 'below':
      return isName(host) && host.endsWith(address.suffix) && host.length > address.suffix.length;
    case 'net':
      return address.contains(host);
    case undefined:
      return false;
  }
}
