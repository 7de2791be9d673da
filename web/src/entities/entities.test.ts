import { describe, expect, it } from 'vitest';
import { accessOf, type Operation } from '../api/operations.ts';
import { labelOf } from '../words/label.ts';
import { kindWords } from '../words/index.ts';
import { groups, kinds, type Kind } from './kinds.ts';
import { filterOf } from './list-search.tsx';
import { tokensOf } from './tokens.ts';
import { pagesOf } from './use-rows.ts';

describe('the kinds of entities', () => {
  const all: Kind[] = Object.values(kinds);

  it('are all that the Management API lists, but the two names of routers', () => {
    const listed = ['audit', 'identity-types', 'posture-check-types', 'network-jwts', 'specs'];
    const paths = all.map(({ path }) => path).sort();
    expect(paths.filter((path) => accessOf(`get /${path}`) === undefined)).toEqual([]);
    expect(paths.some((path) => listed.includes(path))).toBe(false);
    expect(groups.flatMap((group) => group.kinds).sort()).toEqual(paths);
  });

  it('name operations and lists that exist, and have words', () => {
    for (const kind of all) {
      expect(kindWords(kind.path).one, kind.path).not.toBe(kind.path);
      for (const { operation } of kind.actions ?? [])
        expect(accessOf(operation), operation).toBeDefined();
      for (const name of kind.related ?? [])
        expect(accessOf(`get /${kind.path}/{id}/${name}` as Operation), name).toBeDefined();
      for (const { member } of kind.columns) expect(labelOf(member)).not.toBe('');
    }
  });
});

describe('a search', () => {
  it('looks for the text in the members, as text', () => {
    const search = { text: ' a"b\\ ', isExpression: false };
    expect(filterOf(search, ['name', 'origin'])).toBe(
      String.raw`name icontains "a\"b\\" or origin icontains "a\"b\\"`,
    );
    expect(filterOf({ text: '  ', isExpression: false }, ['name'])).toBeUndefined();
  });

  it('hands an expression over as it is', () => {
    expect(filterOf({ text: 'isAdmin = true', isExpression: true }, ['name'])).toBe(
      'isAdmin = true',
    );
  });
});

it('fetches the pages in sight', () => {
  expect(pagesOf(0, 20)).toEqual([0]);
  expect(pagesOf(95, 120)).toEqual([0, 1]);
  expect(pagesOf(9_950, 9_990)).toEqual([99]);
});

it('finds unused enrollment tokens', () => {
  expect(tokensOf({ id: 'r', enrollmentJwt: 'a.b.c' })).toEqual([
    { method: 'erott', jwt: 'a.b.c' },
  ]);
  expect(tokensOf({ id: 'i', enrollment: { ott: { jwt: 'd.e.f' }, updb: null } })).toEqual([
    { method: 'ott', jwt: 'd.e.f' },
  ]);
  expect(tokensOf({ id: 'i', enrollment: {} })).toEqual([]);
});
