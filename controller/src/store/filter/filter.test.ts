import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultAuthPolicy, newIdentity } from '../../model/defaults.ts';
import { authPolicies, identities } from '../../model/index.ts';
import { listRows } from '../list-rows.ts';
import { openStore } from '../open-store.ts';
import { repositories } from '../repositories.ts';
import type { Store } from '../store.ts';
import { FilterError } from './lexer.ts';
import { parseFilter, parseSort } from './parser.ts';
import type { SymbolTable } from './symbols.ts';

const symbols = {
  table: identities,
  aliases: { type: 'typeId' },
  references: {
    authPolicy: { column: 'authPolicyId', target: (): SymbolTable => ({ table: authPolicies }) },
  },
  constants: { isSystem: false },
};

let store: Store;
beforeAll(async () => {
  store = await openStore({ file: ':memory:', clock: () => 0 });
  await store.write(async (tx) => {
    await repositories.authPolicies.insert(tx, defaultAuthPolicy(0));
    const people = [
      newIdentity(
        {
          name: 'Ann',
          id: 'a',
          roleAttributes: ['dev', 'eu'],
          externalId: 'ann@x',
          tags: { level: 3, team: 'red' },
        },
        0,
      ),
      newIdentity(
        {
          name: 'bob "the" \\ builder',
          id: 'b',
          roleAttributes: [],
          isAdmin: true,
          defaultHostingCost: 5,
        },
        1000,
      ),
      newIdentity({ name: 'Cem', id: 'c', roleAttributes: ['dev'], defaultHostingCost: 10 }, 2000),
    ];
    for (const person of people) await repositories.identities.insert(tx, person);
  });
});
afterAll(() => store.close());

async function ids(filter: string, sort = ''): Promise<string> {
  const query = parseFilter(filter);
  const { rows } = await listRows(store.db, symbols, {
    where: query.where,
    sort: query.sort.length > 0 ? query.sort : parseSort(sort),
    offset: query.skip ?? 0,
    limit: query.limit === 'none' ? undefined : query.limit,
  });
  return rows.map((row) => row.id).join('');
}

describe('filter language', () => {
  it.each([
    ['', 'abc'],
    ['true skip 0 limit 2', 'ab'],
    ['TRUE SKIP 1 LIMIT 1', 'b'],
    ['sort by name limit none', 'acb'],
    ['sort by name desc, id skip 1', 'ca'],
    ['id = "a" or name="Cem"', 'ac'],
    [' name icontains "a" and anyOf(roleAttributes) = "dev"', 'a'],
    ['name contains "a"', ''],
    ['name not contains "n"', 'bc'],
    ['not isEmpty(roleAttributes)', 'ac'],
    ['not name = "Ann" or isAdmin', 'c'],
    ['isAdmin', 'b'],
    ['isAdmin=false', 'ac'],
    ['isSystem', ''],
    ['name = "bob \\"the\\" \\\\ builder"', 'b'],
    ['allOf(roleAttributes) = "dev"', 'c'],
    ['count(roleAttributes) >= 2', 'a'],
    ['defaultHostingCost between 5 and 10', 'b'],
    ['defaultHostingCost not between 5 and 10', 'ac'],
    ['id in ["a","c"]', 'ac'],
    ['id not in ["a","c"]', 'b'],
    ['externalId = null', 'bc'],
    ['externalId != null', 'a'],
    ['externalId = "ann@x"', 'a'],
    ['externalId != "ann@x"', 'bc'],
    ['externalId not contains "zzz"', 'abc'],
    ['createdAt >= datetime(1970-01-01T00:00:01.000Z)', 'bc'],
    [
      'createdAt between datetime(1970-01-01T00:00:00Z) and datetime(1970-01-01T01:00:01+01:00)',
      'a',
    ],
    ['tags.level = 3 and tags.team="red"', 'a'],
    ['tags.absent = null', 'abc'],
    ['\'type\' = "Default"', 'abc'],
    ['authPolicy.name = "Default" and (id="a" or id="b")', 'ab'],
  ])('%s', async (filter, expected) => {
    expect(await ids(filter)).toBe(expected);
  });

  it.each([
    'passwordHash = "x"',
    'unknown = 1',
    'name = 3',
    'isAdmin > true',
    'roleAttributes = "dev"',
    'anyOf(name) = "x"',
    'name =',
    'name = "x" and',
    '(name = "x"',
    'id in []',
    'id in ["a", 3]',
    'name = "x" limit',
    'limit 1 skip 2',
    'sort name',
    'name between "a" and "b"',
    'sort by roleAttributes',
    "name = 'x'",
    'tags = "x"',
    'name',
    'true false',
    '"',
    '(((('.repeat(40),
    'createdAt > "2024"',
    '__proto__ = "x"',
    'constructor = "x"',
    'authPolicy.primary = "x"',
  ])('refuses %s', async (filter) => {
    await expect(ids(filter)).rejects.toThrow(FilterError);
  });

  it('reads the sort parameter with double blanks', async () => {
    expect(await ids('', 'name  asc')).toBe('acb');
    expect(await ids('', 'isAdmin desc, name desc')).toBe('bca');
  });

  it('answers any text with rows or a FilterError, and never lets text become SQL', async () => {
    const words = fc.constantFrom(
      'name',
      '"x"',
      '=',
      '(',
      ')',
      'and',
      'or',
      'not',
      'in',
      '[',
      ']',
      'sort',
      'by',
      '3',
      "';--",
      'limit',
      'anyOf',
      'tags.a',
    );
    const filters = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(words, { maxLength: 12 }).map((list) => list.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        await ids(filter).catch((error: unknown) => expect(error).toBeInstanceOf(FilterError));
      }),
      { numRuns: 300 },
    );
  });

  it('finds exactly the name it is given', async () => {
    const known = new Map([
      ['Ann', 'a'],
      ['Cem', 'c'],
    ]);
    await fc.assert(
      fc.asyncProperty(fc.string(), async (name) => {
        const quoted = name.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
        expect(await ids(`name = "${quoted}"`)).toBe(known.get(name) ?? '');
      }),
      { numRuns: 200 },
    );
  });
});
