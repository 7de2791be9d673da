/** Filter expressions as parameterised SQL. Every comparison is true or false, never null. */
import { sql } from 'kysely';
import type { Dialect, ScalarType, Sql } from '../dialect.ts';
import { FilterError } from './lexer.ts';
import type { Expression, Literal, Operator, Sort } from './parser.ts';
import { resolveSymbol, ROOT, type ResolvedSymbol, type SymbolTable } from './symbols.ts';

type Comparison = Extract<Expression, { node: 'compare' }>;

interface Scope {
  readonly symbols: SymbolTable;
  readonly dialect: Dialect;
}

/** @throws FilterError for unknown symbols and for operators or values of a wrong type. */
export function compileFilter(expression: Expression, symbols: SymbolTable, dialect: Dialect): Sql {
  const scope = { symbols, dialect };
  const compile = (item: Expression): Sql => compileFilter(item, symbols, dialect);
  switch (expression.node) {
    case 'and':
    case 'or': {
      const separator = expression.node === 'and' ? sql` and ` : sql` or `;
      return sql`(${sql.join(expression.items.map(compile), separator)})`;
    }
    case 'not':
      return sql`(not ${compile(expression.item)})`;
    case 'constant':
      return expression.value ? sql`(1 = 1)` : sql`(1 = 0)`;
    case 'symbol': {
      const { kind, as } = resolveSymbol(symbols, expression.symbol, dialect);
      if (kind !== 'boolean' && kind !== 'any')
        throw new FilterError(`${expression.symbol} is not a boolean`, expression.symbol);
      return sql`coalesce(${as('boolean')} = 1, false)`;
    }
    case 'isEmpty':
      return sql`(${dialect.count(setOf(scope, expression.symbol))} = 0)`;
    case 'compare':
      return compileComparison(expression, scope);
  }
}

/**
 * `order by` terms, nulls first; the id always decides last, so that pages never overlap.
 * @throws FilterError
 */
export function compileSort(sorts: readonly Sort[], symbols: SymbolTable, dialect: Dialect): Sql {
  const terms = sorts.flatMap(({ symbol, descending }) => {
    const { kind, as } = resolveSymbol(symbols, symbol, dialect);
    if (kind === 'strings') throw new FilterError(`${symbol} cannot be sorted by`, symbol);
    const values =
      kind === 'any'
        ? [as('boolean'), as('number'), dialect.ordered(as('string'))]
        : [kind === 'text' ? dialect.ordered(as('string')) : as('number')];
    return values.map((value) =>
      descending ? sql`${value} desc nulls last` : sql`${value} asc nulls first`,
    );
  });
  return sql.join([...terms, dialect.ordered(sql.ref(`${ROOT}.id`))]);
}

function compileComparison(comparison: Comparison, scope: Scope): Sql {
  const { symbols, dialect } = scope;
  const { reach, symbol } = comparison;
  if (reach === 'value') {
    const resolved = resolveSymbol(symbols, symbol, dialect);
    if (resolved.kind === 'strings')
      throw new FilterError(`${symbol} is a set: use anyOf, allOf or count`, symbol);
    return compare(comparison, resolved, dialect);
  }
  const set = setOf(scope, symbol);
  if (reach === 'count')
    return compare(comparison, { kind: 'number', as: () => dialect.count(set) }, dialect);
  const item: ResolvedSymbol = { kind: 'text', as: () => sql.ref('item.value') };
  const holds = compare(comparison, item, dialect);
  const among = sql`from ${dialect.elements(set, 'item')}`;
  return reach === 'anyOf'
    ? sql`exists (select 1 ${among} where ${holds})`
    : sql`(${dialect.count(set)} > 0 and not exists (select 1 ${among} where not ${holds}))`;
}

function setOf({ symbols, dialect }: Scope, name: string): Sql {
  const { kind, as } = resolveSymbol(symbols, name, dialect);
  if (kind !== 'strings') throw new FilterError(`${name} is not a set`, name);
  return as('string');
}

function compare(
  { symbol, operator, negated, values }: Comparison,
  { kind, as }: ResolvedSymbol,
  dialect: Dialect,
): Sql {
  const [first] = values;
  if (first === undefined || first.type === 'null') {
    const types: ScalarType[] = kind === 'any' ? ['string', 'number', 'boolean'] : ['string'];
    const present = sql.join(
      types.map((type) => sql`${as(type)} is not null`),
      sql` or `,
    );
    if (operator === '=') return sql`(not (${present}))`;
    if (operator === '!=') return sql`(${present})`;
    throw new FilterError(`null cannot be compared by ${operator}`, symbol);
  }
  for (const value of values) requireType(symbol, kind, operator, value);
  const value = as(first.type === 'datetime' ? 'string' : first.type);
  const isText = first.type === 'string';
  const ordered = isText ? dialect.ordered(value) : value;
  const operands = values.map((literal) => toSql(literal, dialect));
  const [low = sql`null`, high = sql`null`] = operands;
  const holds = (): Sql => {
    switch (operator) {
      case 'in':
        return sql`${value} in (${sql.join(operands)})`;
      case 'between': // the upper bound is exclusive
        return sql`${value} >= ${low} and ${value} < ${high}`;
      case 'contains':
        return sql`${dialect.position(value, low)} > 0`;
      case 'icontains':
        return sql`${dialect.position(dialect.lower(value), dialect.lower(low))} > 0`;
      case '=':
      case '!=':
        return sql`${value} ${sql.raw(operator)} ${low}`;
      default:
        return sql`${ordered} ${sql.raw(operator)} ${low}`;
    }
  };
  // Null makes every comparison false but `!=` and the negated ones.
  const result = sql`coalesce(${holds()}, ${operator === '!=' ? sql`true` : sql`false`})`;
  return negated ? sql`(not ${result})` : result;
}

const ACCEPTED: Readonly<Record<ResolvedSymbol['kind'], readonly Literal['type'][]>> = {
  text: ['string'],
  strings: ['string'],
  number: ['number'],
  boolean: ['boolean'],
  datetime: ['datetime'],
  any: ['string', 'number', 'boolean'],
  map: [],
  json: [],
};

function requireType(
  symbol: string,
  kind: ResolvedSymbol['kind'],
  operator: Operator,
  value: Literal,
): void {
  const textOperator = operator === 'contains' || operator === 'icontains';
  const fits =
    ACCEPTED[kind].includes(value.type) &&
    (!textOperator || value.type === 'string') &&
    (operator !== 'between' || value.type === 'number' || value.type === 'datetime') &&
    (value.type !== 'boolean' || operator === '=' || operator === '!=');
  if (!fits)
    throw new FilterError(
      `${symbol} cannot be compared by ${operator} with a ${value.type}`,
      symbol,
    );
}

function toSql(value: Literal, dialect: Dialect): Sql {
  switch (value.type) {
    case 'null':
      return sql`null`;
    case 'boolean':
      return sql.lit(value.value ? 1 : 0);
    case 'number':
      return dialect.number(value.value);
    default:
      return sql`${value.value}`;
  }
}
