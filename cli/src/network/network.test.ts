import { describe, expect, it } from 'vitest';
import { AppError } from '@postern/shared/errors';
import { applyChanges } from './apply.ts';
import { parseNetworkDocument, writeDocument } from './document.ts';
import { planChanges } from './plan.ts';
import type { ExistingItem, Network } from './read-network.ts';

const item = (id: string, name: string, values: ExistingItem['values'] = {}): ExistingItem => ({
  id,
  name,
  values,
  isKept: id === 'default',
});
function network(
  items: Record<string, ExistingItem[]>,
  builtIn: Record<string, string[]> = {},
): Network {
  const ids = Object.entries(items).map(
    ([key, of]) =>
      [
        key,
        new Map([
          ...of.map(({ name, id }) => [name, id] as const),
          ...(builtIn[key] ?? []).map((name) => [name, name] as const),
        ]),
      ] as const,
  );
  return { items: new Map(Object.entries(items)), ids: new Map(ids) };
}
const document = (body: string) => parseNetworkDocument(`format: postern-network/1\n${body}`);
const plan = (of: Network, body: string, prune = false) =>
  planChanges(of, document(body), { prune }).map(
    (change) => `${change.action} ${change.kind.key} ${change.name}`,
  );

describe('parseNetworkDocument', () => {
  it.each([
    ['no format', 'services: []', 'format'],
    ['another format', 'format: postern-network/2', 'format'],
    ['an unknown kind', 'format: postern-network/1\nservcies: []', 'servcies'],
    [
      'an unknown member',
      'format: postern-network/1\nservices: [{name: a, colour: red}]',
      '"colour"',
    ],
    ['a name twice', 'format: postern-network/1\nservices: [{name: a}, {name: a}]', 'twice'],
    ['no name', 'format: postern-network/1\nservices: [{tags: {}}]', 'services.0.name'],
    [
      'a member twice',
      'format: postern-network/1\nservices: [{name: a, tags: {}, tags: {}}]',
      'unique',
    ],
    [
      'an alias',
      'format: postern-network/1\nservices: [{name: a, tags: &x {a: 1}}, {name: b, tags: *x}]',
      'aliases',
    ],
    ['broken YAML', 'format: [', 'line 1'],
  ])('refuses %s', (_, text, word) => {
    expect(() => parseNetworkDocument(text)).toThrow(
      expect.objectContaining({ code: 'ERR_CLI_NETWORK', message: expect.stringContaining(word) }),
    );
  });

  it('reads what writeDocument writes, which is always the same text', () => {
    const one = network({
      services: [item('1', 'wiki', { tags: { a: '1', b: '2' }, roleAttributes: ['x'] })],
    });
    const text = writeDocument(one);
    expect(parseNetworkDocument(text).get('services')).toEqual([
      { name: 'wiki', values: { tags: { a: '1', b: '2' }, roleAttributes: ['x'] } },
    ]);
    expect(text).not.toContain('id:');
  });
});

describe('planChanges', () => {
  const present = network(
    {
      services: [item('s1', 'wiki', { roleAttributes: ['a'], tags: {} }), item('s2', 'old')],
      authPolicies: [item('default', 'Default')],
      identities: [item('i1', 'ann')],
    },
    { identities: ['admin'] },
  );

  it('finds nothing where nothing differs, and members left out do not', () => {
    expect(plan(present, 'services: [{name: wiki, roleAttributes: [a]}]')).toEqual([]);
  });

  it('sees past the order of sets', () => {
    const two = network({ services: [item('s', 'wiki', { roleAttributes: ['a', 'b'] })] });
    expect(plan(two, 'services: [{name: wiki, roleAttributes: [b, a]}]')).toEqual([]);
  });

  it('deletes only with prune, only kinds the file names, never what is built in or kept', () => {
    const body = 'services: [{name: wiki}]\nauthPolicies: []\nidentities: []';
    expect(plan(present, body)).toEqual([]);
    expect(plan(present, body, true)).toEqual(['delete identities ann', 'delete services old']);
    expect(plan(present, 'services: [{name: wiki}]', true)).toEqual(['delete services old']);
  });

  it('creates what is named before what names it', () => {
    const body =
      'servicePolicies: [{name: p, type: Dial, serviceRoles: ["@new"], identityRoles: ["@ann", "#all"]}]\nservices: [{name: new, configs: [c]}]\nconfigs: [{name: c, configTypeId: t}]\nconfigTypes: [{name: t}]';
    expect(plan(present, body)).toEqual([
      'create configTypes t',
      'create configs c',
      'create services new',
      'create servicePolicies p',
    ]);
  });

  it.each([
    ['a name nothing has', 'applications: [{name: a, serviceId: nowhere}]', false, 'nowhere'],
    [
      'a name that is being deleted',
      'services: []\napplications: [{name: a, serviceId: old}]',
      true,
      'old',
    ],
    ['a role of nothing', 'servicePolicies: [{name: p, identityRoles: ["@bob"]}]', false, 'bob'],
    ['what is built in', 'identities: [{name: admin, isAdmin: false}]', false, 'built in'],
  ])('refuses %s, before anything changes', (_, body, prune, word) => {
    expect(() => planChanges(present, document(body), { prune })).toThrow(
      expect.objectContaining({ code: 'ERR_CLI_NETWORK', message: expect.stringContaining(word) }),
    );
  });

  it('refuses to change what cannot change', () => {
    const typed = network({ configTypes: [item('t', 'note', { target: 'service' })] });
    expect(() => plan(typed, 'configTypes: [{name: note, target: router}]')).toThrow(
      /target cannot change/,
    );
  });
});

describe('applyChanges', () => {
  it('stops at what is refused and says how far it came', async () => {
    const present = network({ services: [] });
    const changes = planChanges(present, document('services: [{name: a}, {name: b}, {name: c}]'), {
      prune: false,
    });
    const asked: string[] = [];
    const call = (method: string, path: string, { body }: { body?: unknown } = {}) => {
      const { name } = body as { name: string };
      asked.push(`${method} ${path} ${name}`);
      if (name === 'b') return Promise.reject(new AppError('ERR_CLI_API', 'no b'));
      return Promise.resolve({ status: 201, text: '', data: { id: name } });
    };
    const done: string[] = [];
    const result = await applyChanges({ call }, present, changes, ({ name }) => done.push(name));
    expect(result).toMatchObject({ done: 1, failed: { change: { name: 'b' }, reason: 'no b' } });
    expect(done).toEqual(['a']);
    expect(asked).toEqual(['POST services a', 'POST services b']);
  });
});
