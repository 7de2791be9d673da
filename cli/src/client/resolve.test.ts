import { describe, expect, it } from 'vitest';
import type { EdgeClient } from './edge-client.ts';
import { quote, resolveId, resolveRoles } from './resolve.ts';

const services = { path: 'services', plural: 'services', singular: 'service', named: true };

function client(rows: { id: string; name: string }[]) {
  const filters: unknown[] = [];
  const list: EdgeClient['list'] = (_path, query) => {
    filters.push(query?.['filter']);
    return Promise.resolve({ text: '', rows, offset: 0, totalCount: rows.length });
  };
  return { list, filters };
}

describe('resolveId', () => {
  it('takes an id before a name', async () => {
    const api = client([
      { id: 'other', name: 'x' },
      { id: 'x', name: 'y' },
    ]);
    expect(await resolveId(api, services, 'x')).toBe('x');
    expect(api.filters).toEqual(['id = "x" or name = "x"']);
  });

  it('asks nothing for id:, and only names for name:', async () => {
    const api = client([{ id: '7', name: 'id:x' }]);
    expect(await resolveId(api, services, 'id:abc')).toBe('abc');
    expect(await resolveId(api, services, 'name:id:x')).toBe('7');
    expect(api.filters).toEqual(['name = "id:x"']);
  });

  it('asks for ids alone where there are no names', async () => {
    const api = client([{ id: '7', name: '' }]);
    await resolveId(api, { ...services, named: false }, '7');
    expect(api.filters).toEqual(['id = "7"']);
  });

  it('refuses none and several', async () => {
    await expect(resolveId(client([]), services, 'x')).rejects.toMatchObject({
      code: 'ERR_CLI_NOT_FOUND',
    });
    const two = client([
      { id: '1', name: 'x' },
      { id: '2', name: 'x' },
    ]);
    await expect(resolveId(two, services, 'x')).rejects.toMatchObject({
      code: 'ERR_CLI_AMBIGUOUS',
    });
  });
});

it('a name never becomes a part of the filter', () => {
  expect(quote('a" or true or name = "\\')).toBe('"a\\" or true or name = \\"\\\\"');
});

it('roles keep attributes and name entities by id', async () => {
  const api = client([{ id: '7', name: 'wiki' }]);
  expect(await resolveRoles(api, services, ['#all', '@wiki'])).toEqual(['#all', '@7']);
  await expect(resolveRoles(api, services, ['wiki'])).rejects.toMatchObject({
    code: 'ERR_CLI_USAGE',
  });
});
