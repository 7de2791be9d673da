/** Filter expressions as parameterised SQL. Every comparison is true or false, never null. */
import { sql } from 'kysely';
import type { Dialect, ScalarType, Sql } from '../dialect.ts';
import { FilterError, SortError } from './lexer.ts';
import type { Expression, Literal, Operator, Sort } from './parser.ts';
import {
  MAX_NESTED_SETS,
  resolveSymbol,
  ROOT,
  type ResolvedSymbol,
  type SymbolTable,
} from './symbols.ts';

type Comparison = Extract<Expression, { node: 'compare' }>;

type SetNode = Extract<Expression, { node: 'compare' | 'isEmpty' }>;

/** What a symbol stands for here. */
interface Scope {
  readonly symbols: SymbolTable;
  readonly dialect: Dialect;
  /** Alias of the entity that is looked at. */
  readonly alias: string;
  /** How many sets of entities this one is in. */
  readonly depth: number;
}

/** @throws FilterError for unknown symbols and for operators or values of a wrong type. */
export function compileFilter(expression: Expression, symbols: SymbolTable, dialect: Dialect): Sql {
  return compile(expression, { symbols, dialect, alias: ROOT, depth: 0 });
}

function compile(expression: Expression, scope: Scope): Sql {
  switch (expression.node) {
    case 'and':
    case 'or': {
      const separator = expression.node === 'and' ? sql` and ` : sql` or `;
      const items = expression.items.map((item) => compile(item, scope));
      return sql`(${sql.join(items, separator)})`;
    }
    case 'not':
      return sql`(not ${compile(expression.item, scope)})`;
    case 'constant':
      return expression.value ? sql`(1 = 1)` : sql`(1 = 0)`;
    case 'symbol': {
      const { kind, as } = resolve(expression.symbol, scope);
      if (kind !== 'boolean' && kind !== 'any')
        throw new FilterError(`${expression.symbol} is not a boolean`, expression.symbol);
      return sql`coalesce(${as('boolean')} = 1, false)`;
    }
    case 'isEmpty':
      return sql`(not exists (select 1 ${setOf(expression, scope).rows}))`;
    case 'compare':
      return compileComparison(expression, scope);
  }
}

function resolve(name: string, { symbols, dialect, alias }: Scope): ResolvedSymbol {
  return resolveSymbol(symbols, name, dialect, alias);
}

/**
 * `order by` terms, nulls first; the id always decides last, so that pages never overlap.
 * @throws SortError
 */
export function compileSort(sorts: readonly Sort[], symbols: SymbolTable, dialect: Dialect): Sql {
  const terms = sorts.flatMap(({ symbol, descending }) => {
    const { kind, as } = sortSymbol(symbols, symbol, dialect);
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

function sortSymbol(symbols: SymbolTable, symbol: string, dialect: Dialect): ResolvedSymbol {
  try {
    const resolved = resolveSymbol(symbols, symbol, dialect);
    if (resolved.kind !== 'strings') return resolved;
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
  }
  throw new SortError(`${symbol} cannot be sorted by`, symbol);
}

function compileComparison(comparison: Comparison, scope: Scope): Sql {
  const { dialect } = scope;
  const { reach, symbol } = comparison;
  if (reach === 'value') {
    const resolved = resolve(symbol, scope);
    if (resolved.kind === 'strings')
      throw new FilterError(`${symbol} is a set: use anyOf, allOf or count`, symbol);
    return compare(comparison, resolved, dialect);
  }
  const { rows, item } = setOf(comparison, scope);
  if (reach === 'count') {
    const count: ResolvedSymbol = { kind: 'number', as: () => sql`(select count(*) ${rows})` };
    return compare(comparison, count, dialect);
  }
  const holds = compare(comparison, item, dialect);
  return reach === 'anyOf'
    ? sql`exists (select 1 ${rows} and ${holds})`
    : sql`(exists (select 1 ${rows}) and not exists (select 1 ${rows} and not ${holds}))`;
}

/** The elements of a set as `from … where …`, and what an element is compared by. */
function setOf({ symbol, where }: SetNode, scope: Scope): { rows: Sql; item: ResolvedSymbol } {
  const { symbols, dialect, alias, depth } = scope;
  const [head = '', ...path] = symbol.split('.');
  const entities = Object.hasOwn(symbols.sets ?? {}, head) ? symbols.sets?.[head] : undefined;
  const isColumn = Object.hasOwn(symbols.table.columns, symbol) && where === undefined;
  if (!entities || isColumn) {
    const { kind, as } = resolve(symbol, scope);
    if (kind !== 'strings' || where) throw new FilterError(`${symbol} is not such a set`, symbol);
    const element = `${alias}i`;
    return {
      rows: sql`from ${dialect.elements(as('string'), element)} where true`,
      item: { kind: 'text', as: () => sql.ref(`${element}.value`) },
    };
  }
  if (depth === MAX_NESTED_SETS)
    throw new FilterError(`sets are nested deeper than ${MAX_NESTED_SETS}`, symbol);
  const member = `${alias}m`;
  const target = entities.target();
  const inner: Scope = { symbols: target, dialect, alias: member, depth: depth + 1 };
  const conditions = [entities.holds(member, alias, dialect)];
  if (where) conditions.push(compile(where, inner));
  const from = sql`${sql.table(target.table.name)} as ${sql.ref(member)}`;
  return {
    rows: sql`from ${from} where ${sql.join(conditions, sql` and `)}`,
    item: resolve(path.length === 0 ? 'id' : path.join('.'), inner),
  };
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
