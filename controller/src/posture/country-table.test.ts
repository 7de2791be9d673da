import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCountryTable } from './country-table.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-countries-'));
});
afterAll(() => rm(folder, { recursive: true }));
const table = async (text: string) => {
  const file = join(folder, 'table.csv');
  await writeFile(file, text);
  return openCountryTable(file);
};

describe('the table of countries', () => {
  it('knows what the operator wrote into it, and nothing else', async () => {
    const countryOf = await table('# ours\n192.0.2.0/24, DE\n\n2001:db8::/32,FR # other\n');
    expect(
      ['192.0.2.9', '::ffff:192.0.2.9', '2001:db8::1', '198.51.100.1', 'nonsense', ''].map(
        countryOf,
      ),
    ).toEqual(['DE', 'DE', 'FR', undefined, undefined, undefined]);
    expect((await openCountryTable(undefined))('192.0.2.9')).toBeUndefined();
  });

  it.each([
    '192.0.2.0,DE',
    '192.0.2.0/24',
    '192.0.2.0/24,Germany',
    'DE,192.0.2.0/24',
    '192.0.2.0/99,DE',
  ])('refuses %j and names the line', async (line) => {
    await expect(table(`192.0.2.0/24,DE\n${line}\n`)).rejects.toMatchObject({
      code: 'ERR_CONFIG_COUNTRY_TABLE',
      message: expect.stringContaining('line 2') as unknown,
    });
  });
});
