/** Random rows and random filters: SQL finds what a naive reading of the specification finds. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stores, type TestDatabase } from '../../../../test/harness/stores.ts';
import { defaultAuthPolicy, newIdentity } from '../../model/defaults.ts';
import { authPolicies, identities, type Identity } from '../../model/index.ts';
import { listRows } from '../list-rows.ts';
import { repositories } from '../repositories.ts';
import type { Store } from '../store.ts';
import { parseFilter, type Expression, type Literal, type Operator } from './parser.ts';
import type { SymbolTable } from './symbols.ts';

type Value = string | number | boolean | null;
type Comparison = Extract<Expression, { node: 'compare' }>;

// A PostgreSQL server on a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const symbols = {
  table: identities,
  references: {
    authPolicy: { column: 'authPolicyId', target: (): SymbolTable => ({ table: authPolicies }) },
  },
};

// Few and similar values, so that comparisons often hold; some that careless SQL would trip over.
const TEXTS = ['', 'a', 'A', 'ab', 'Ab', 'ä', 'Ä', 'b', '%', '_', "'", '"', '\\', 'é', '1', 'true'];
const NUMBERS = [0, 1, 2, 3, 10];
const TIMES = [0, 1, 1000, 86_400_000].map((ms) => new Date(ms).toISOString());
const text = fc.constantFrom(...TEXTS);
const number = fc.constantFrom(...NUMBERS);
const tag = fc.oneof(text, number, fc.constant(1.5), fc.boolean(), fc.constant(null));

const row = fc.record({
  name: text,
  externalId: fc.option(text),
  isAdmin: fc.boolean(),
  defaultHostingCost: number,
  createdAt: fc.constantFrom(...TIMES),
  roleAttributes: fc.array(text, { maxLength: 3 }),
  tags: fc.dictionary(fc.constantFrom('x', 'y'), tag),
});

const literal = {
  text: text.map((value): Literal => ({ type: 'string', value })),
  number: fc
    .oneof(number, fc.constantFrom(-1, 1.5, 1e300))
    .map((value): Literal => ({ type: 'number', value })),
  boolean: fc.boolean().map((value): Literal => ({ type: 'boolean', value })),
  datetime: fc.constantFrom(...TIMES).map((value): Literal => ({ type: 'datetime', value })),
};

function comparison(
  symbol: string,
  kind: keyof typeof literal,
  reach: Comparison['reach'] = 'value',
) {
  const one = literal[kind];
  const operators: Operator[] =
    kind === 'boolean' ? ['=', '!='] : ['=', '!=', '<', '<=', '>', '>='];
  const make = (operator: Operator, values: fc.Arbitrary<Literal[]>, negatable = true) =>
    fc.tuple(values, fc.boolean()).map(([list, negated]): Comparison => ({
      node: 'compare',
      reach,
      symbol,
      operator,
      negated: negated && negatable,
      values: list,
    }));
  const single = one.map((value) => [value]);
  return fc.oneof(
    ...operators.map((operator) => make(operator, single, false)),
    ...(kind === 'boolean' ? [] : [make('in', fc.array(one, { minLength: 1, maxLength: 3 }))]),
    ...(kind === 'text' ? [make('contains', single), make('icontains', single)] : []),
    ...(kind === 'number' || kind === 'datetime' ? [make('between', fc.tuple(one, one))] : []),
    ...(reach === 'value'
      ? (['=', '!='] as const).map((operator) =>
          make(operator, fc.constant([{ type: 'null' }]), false),
        )
      : []),
  );
}

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  comparison('name', 'text'),
  comparison('externalId', 'text'),
  comparison('authPolicy.name', 'text'),
  comparison('isAdmin', 'boolean'),
  comparison('defaultHostingCost', 'number'),
  comparison('createdAt', 'datetime'),
  comparison('tags.x', 'text'),
  comparison('tags.x', 'number'),
  comparison('tags.y', 'boolean'),
  comparison('roleAttributes', 'text', 'anyOf'),
  comparison('roleAttributes', 'text', 'allOf'),
  comparison('roleAttributes', 'number', 'count'),
  fc.constant<Expression>({ node: 'isEmpty', symbol: 'roleAttributes' }),
  fc.constantFrom('isAdmin', 'tags.x').map((symbol): Expression => ({ node: 'symbol', symbol })),
  fc.boolean().map((value): Expression => ({ node: 'constant', value })),
);
const expression = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ node: fc.constant('not' as const), item: tie('any') }),
    fc.record({
      node: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('any'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).any;

/** The filter as a caller writes it. */
function print(item: Expression): string {
  switch (item.node) {
    case 'and':
    case 'or':
      return `(${item.items.map(print).join(` ${item.node} `)})`;
    case 'not':
      return `(not ${print(item.item)})`;
    case 'constant':
      return String(item.value);
    case 'symbol':
      return item.symbol;
    case 'isEmpty':
      return `isEmpty(${item.symbol})`;
    case 'compare': {
      const { reach, symbol, operator, negated, values } = item;
      const left = reach === 'value' ? symbol : `${reach}(${symbol})`;
      const printed = values.map(printLiteral);
      const right =
        operator === 'in'
          ? `[${printed.join(', ')}]`
          : printed.join(operator === 'between' ? ' and ' : '');
      return `${left} ${negated ? 'not ' : ''}${operator} ${right}`;
    }
  }
}

function printLiteral(value: Literal): string {
  if (value.type === 'null') return 'null';
  if (value.type === 'datetime') return `datetime(${value.value})`;
  if (value.type !== 'string') return String(value.value);
  return `"${value.value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function matches(item: Expression, identity: Identity): boolean {
  switch (item.node) {
    case 'and':
      return item.items.every((each) => matches(each, identity));
    case 'or':
      return item.items.some((each) => matches(each, identity));
    case 'not':
      return !matches(item.item, identity);
    case 'constant':
      return item.value;
    case 'symbol':
      return valueOf(item.symbol, identity) === true;
    case 'isEmpty':
      return identity.roleAttributes.length === 0;
    case 'compare': {
      const set = identity.roleAttributes;
      if (item.reach === 'count') return holds(item, set.length);
      if (item.reach === 'anyOf') return set.some((value) => holds(item, value));
      if (item.reach === 'allOf') return set.length > 0 && set.every((value) => holds(item, value));
      return holds(item, valueOf(item.symbol, identity));
    }
  }
}

function valueOf(symbol: string, identity: Identity): Value {
  if (symbol === 'authPolicy.name') return 'Default';
  if (symbol.startsWith('tags.')) return identity.tags[symbol.slice(5)] ?? null;
  return identity[symbol as 'name'];
}

const asciiLower = (value: string): string => value.replace(/[A-Z]/g, (c) => c.toLowerCase());

function holds({ operator, negated, values }: Comparison, found: Value): boolean {
  const [first, second] = values.map((value) => (value.type === 'null' ? null : value.value));
  if (first === null) return operator === '=' ? found === null : found !== null;
  // A value of another type is no value.
  const left = typeof found === typeof first ? found : null;
  const negates = negated || operator === '!=';
  if (left === null || first === undefined) return negates;
  const text = String(left);
  const result = {
    '=': left === first,
    '!=': left === first,
    '<': left < first,
    '<=': left <= first,
    '>': left > first,
    '>=': left >= first,
    in: values.some((value) => 'value' in value && value.value === left),
    between: left >= first && left < (second ?? 0),
    contains: text.includes(String(first)),
    icontains: asciiLower(text).includes(asciiLower(String(first))),
  }[operator];
  return negates ? !result : result;
}

describe.each(await stores())('filters on $name', ({ create }) => {
  let database: TestDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await create();
    store = await database.open(() => 0);
    await store.write((tx) => repositories.authPolicies.insert(tx, defaultAuthPolicy(0)));
  });
  afterAll(async () => {
    await store.close();
    await database.dispose();
  });

  it('find what the oracle finds', async () => {
    const rows = fc.uniqueArray(row, { minLength: 1, maxLength: 8, selector: ({ name }) => name });
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(expression, { minLength: 20, maxLength: 20 }),
        async (some, filters) => {
          const externalIds = new Set<string>();
          const people = some.map((values, at) => {
            const isFree = values.externalId === null || !externalIds.has(values.externalId);
            if (values.externalId !== null) externalIds.add(values.externalId);
            const externalId = isFree ? values.externalId : null;
            return newIdentity({ ...values, externalId, id: String(at) }, 0);
          });
          await store.write(async (tx) => {
            await tx.db.deleteFrom('identities').execute();
            for (const person of people) await repositories.identities.insert(tx, person);
          });
          for (const filter of filters) {
            const { where } = parseFilter(print(filter));
            const found = await listRows(store.db, symbols, { where, sort: [], offset: 0 });
            const expected = people.filter((person) => matches(filter, person));
            expect(
              found.rows.map(({ id }) => id),
              print(filter),
            ).toEqual(expected.map(({ id }) => id));
            expect(found.total).toBe(expected.length);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it('read what they print', () => {
    fc.assert(
      fc.property(expression, (item) => {
        const printed = print(item);
        expect(print(parseFilter(printed).where ?? { node: 'constant', value: true })).toBe(
          printed,
        );
      }),
    );
  });
});
