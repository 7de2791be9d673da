/** Countries of addresses, by a table that the operator supplies: we ship none and ask nobody. */
import { createReadStream } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { createInterface } from 'node:readline';
import { AppError } from '@postern/shared/errors';
import { isNetwork } from '@postern/shared/posture';

/** Longer tables are refused. */
const MAX_ROWS = 500_000;

/**
 * Reads `range,country` lines (CIDR, ISO 3166-1 code); `#` begins a comment. Without a file nothing is
 * known.
 *
 * @throws AppError ERR_CONFIG_COUNTRY_TABLE naming the first bad line
 */
export async function openCountryTable(
  file: string | undefined,
): Promise<(address: string) => string | undefined> {
  if (file === undefined) return () => undefined;
  const countries = new Map<string, BlockList>();
  let row = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      row += 1;
      const text = line.split('#', 1)[0]?.trim() ?? '';
      if (text === '') continue;
      const [range = '', country = ''] = text.split(',').map((part) => part.trim());
      if (row > MAX_ROWS || !isNetwork(range) || !/^[A-Z]{2}$/.test(country))
        throw new Error('expected "range,country", for example "192.0.2.0/24,DE"');
      const list = countries.get(country) ?? new BlockList();
      countries.set(country, list);
      const [network = '', bits] = range.split('/');
      list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
    }
  } catch (cause) {
    throw new AppError(
      'ERR_CONFIG_COUNTRY_TABLE',
      `line ${row} of ${file} is no row of a country table`,
      {
        cause,
      },
    );
  }
  return (address) => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) return undefined;
    for (const [country, list] of countries) if (list.check(address, family)) return country;
    return undefined;
  };
}
