import ipaddr from 'ipaddr.js';

/** True for an address range such as `192.0.2.0/24` or `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValidCIDR(text);
}

/**
 * Whether an address is in one of the ranges (CIDR). IPv4-mapped IPv6 addresses count as what they
 * map. False for what is no address, and for ranges that are none.
 */
export function isInNetworks(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    if (!ipaddr.isValidCIDR(range)) return false;
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}
