import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stores, type TestDatabase } from '../../../../test/harness/stores.ts';
import { defaultAuthPolicy, newEntity, newIdentity } from '../../model/defaults.ts';
import { authPolicies, identities, servicePolicies } from '../../model/index.ts';
import { listRows } from '../list-rows.ts';
import { repositories } from '../repositories.ts';
import type { Store } from '../store.ts';
import { entitiesInRoles } from './entity-sets.ts';
import { FilterError } from './lexer.ts';
import { parseFilter, parseSort } from './parser.ts';
import type { SymbolTable } from './symbols.ts';

// A PostgreSQL server on a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const symbols = {
  table: identities,
  aliases: { type: 'typeId' },
  references: {
    authPolicy: { column: 'authPolicyId', target: (): SymbolTable => ({ table: authPolicies }) },
  },
  constants: { isSystem: false },
};

const policySymbols = {
  table: servicePolicies,
  sets: { identities: entitiesInRoles('identityRoles', (): SymbolTable => symbols) },
};

describe.each(await stores())('filter language on $name', ({ create }) => {
  let database: TestDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await create();
    store = await database.open(() => 0);
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
        newIdentity(
          { name: 'Cem', id: 'c', roleAttributes: ['dev'], defaultHostingCost: 10 },
          2000,
        ),
      ];
      for (const person of people) await repositories.identities.insert(tx, person);
      const policies: [string, 'AnyOf' | 'AllOf', string[]][] = [
        ['p1', 'AnyOf', ['#dev', '#absent']],
        ['p2', 'AllOf', ['#dev', '#eu']],
        ['p3', 'AllOf', ['#eu', '@b']],
        ['p4', 'AnyOf', ['#all']],
        ['p5', 'AllOf', []],
      ];
      for (const [id, semantic, identityRoles] of policies) {
        const policy = { ...newEntity(0), id, name: id, tags: {}, type: 'Dial' as const };
        const roles = { identityRoles, serviceRoles: [], postureCheckRoles: [] };
        await repositories.servicePolicies.insert(tx, { ...policy, semantic, ...roles });
      }
    });
  });
  afterAll(async () => {
    await store.close();
    await database.dispose();
  });

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

  it.each([
    ['', 'abc'],
    ['true skip 0 limit 2', 'ab'],
    ['TRUE SKIP 1 LIMIT 1', 'b'],
    ['sort by name limit none', 'acb'],
    ['sort by isSystem, name', 'acb'],
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
    ['tags.level = "3"', ''],
    ['tags.level > 2.5', 'a'],
    ['tags.team != "blue"', 'abc'],
    ['tags.team contains "e"', 'a'],
    ['sort by tags.level desc, id', 'abc'],
    ['defaultHostingCost = 5.5', ''],
    ['defaultHostingCost < 1e300', 'abc'],
    ['name > "Cem"', 'b'],
    ['sort by externalId', 'bca'],
    ['sort by externalId desc', 'abc'],
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
    'defaultHostingCost = 1e400',
    'isEmpty(from roleAttributes where true)',
    'isEmpty(from absent where true)',
    `name = "${'x'.repeat(20_000)}"`,
    'name = "\0"',
  ])('refuses %s', async (filter) => {
    await expect(ids(filter)).rejects.toThrow(FilterError);
  });

  it.each([
    ['anyOf(identities) = "b"', 'p3p4'],
    ['anyOf(identities.name) = "Cem"', 'p1p4'],
    ['allOf(identities.name) = "Ann"', 'p2'],
    ['count(identities) = 3', 'p4'],
    ['isEmpty(identities)', 'p5'],
    ['not isEmpty(from identities where name = "Ann" and isAdmin = false)', 'p1p2p3p4'],
    ['count(from identities where anyOf(roleAttributes) = "dev") > 1 and name != "p4"', 'p1'],
    ['anyOf(from identities where isAdmin) = "b" or name = "p5"', 'p3p4p5'],
    ['isEmpty(from identities where authPolicy.name = "Default")', 'p5'],
  ])('sets of entities: %s', async (filter, expected) => {
    const { where } = parseFilter(filter);
    const { rows } = await listRows(store.db, policySymbols, { where, sort: [], offset: 0 });
    expect(rows.map((row) => row.id).join('')).toBe(expected);
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
