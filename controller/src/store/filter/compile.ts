/** Filter expressions as parameterised SQL. Every comparison is 0 or 1, never null. */
import { sql, type RawBuilder } from 'kysely';
import { FilterError } from './lexer.ts';
import type { Expression, Literal, Operator, Sort } from './parser.ts';
import { resolveSymbol, ROOT, type ResolvedSymbol, type SymbolTable } from './symbols.ts';

type Sql = RawBuilder<unknown>;
type Comparison = Extract<Expression, { node: 'compare' }>;

/** @throws FilterError for unknown symbols and for operators or values of a wrong type. */
export function compileFilter(expression: Expression, symbols: SymbolTable): Sql {
  const compile = (item: Expression): Sql => compileFilter(item, symbols);
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
      const { kind, expression: value } = resolveSymbol(symbols, expression.symbol);
      if (kind !== 'boolean' && kind !== 'any')
        throw new FilterError(`${expression.symbol} is not a boolean`, expression.symbol);
      return sql`coalesce(${value} = 1, 0)`;
    }
    case 'isEmpty':
      return sql`(json_array_length(${setOf(symbols, expression.symbol)}) = 0)`;
    case 'compare':
      return compileComparison(expression, symbols);
  }
}

/** `order by` terms; the id always decides last, so that pages never overlap. @throws FilterError */
export function compileSort(sorts: readonly Sort[], symbols: SymbolTable): Sql {
  const terms = sorts.map(({ symbol, descending }) => {
    const { kind, expression } = resolveSymbol(symbols, symbol);
    if (kind === 'strings') throw new FilterError(`${symbol} cannot be sorted by`, symbol);
    return descending ? sql`${expression} desc` : sql`${expression}`;
  });
  return sql.join([...terms, sql.ref(`${ROOT}.id`)]);
}

function compileComparison(comparison: Comparison, symbols: SymbolTable): Sql {
  const { reach, symbol } = comparison;
  if (reach === 'value') {
    const resolved = resolveSymbol(symbols, symbol);
    if (resolved.kind === 'strings')
      throw new FilterError(`${symbol} is a set: use anyOf, allOf or count`, symbol);
    return compare(comparison, resolved);
  }
  const set = setOf(symbols, symbol);
  if (reach === 'count')
    return compare(comparison, { kind: 'number', expression: sql`json_array_length(${set})` });
  const item: ResolvedSymbol = { kind: 'text', expression: sql`${sql.ref('item.value')}` };
  const holds = compare(comparison, item);
  const among = sql`from json_each(${set}) as item`;
  return reach === 'anyOf'
    ? sql`exists (select 1 ${among} where ${holds})`
    : sql`(json_array_length(${set}) > 0 and not exists (select 1 ${among} where not ${holds}))`;
}

function setOf(symbols: SymbolTable, name: string): Sql {
  const { kind, expression } = resolveSymbol(symbols, name);
  if (kind !== 'strings') throw new FilterError(`${name} is not a set`, name);
  return expression;
}

function compare(
  { symbol, operator, negated, values }: Comparison,
  { kind, expression }: ResolvedSymbol,
): Sql {
  const [first] = values;
  if (first?.type === 'null') {
    if (operator === '=') return sql`(${expression} is null)`;
    if (operator === '!=') return sql`(${expression} is not null)`;
    throw new FilterError(`null cannot be compared by ${operator}`, symbol);
  }
  for (const value of values) requireType(symbol, kind, operator, value);
  const [low, high] = values.map(toSql);
  const holds = (): Sql => {
    switch (operator) {
      case 'in':
        return sql`${expression} in (${sql.join(values.map(toSql))})`;
      case 'between': // the upper bound is exclusive
        return sql`${expression} >= ${low} and ${expression} < ${high}`;
      case 'contains':
        return sql`instr(${expression}, ${low}) > 0`;
      case 'icontains':
        return sql`instr(lower(${expression}), lower(${low})) > 0`;
      default:
        return sql`${expression} ${sql.raw(operator)} ${low}`;
    }
  };
  // Null makes every comparison false but `!=` and the negated ones.
  const absent = operator === '!=' ? 1 : 0;
  const result = sql`coalesce(${holds()}, ${absent})`;
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

function toSql(value: Literal): Sql {
  if (value.type === 'null') return sql`null`;
  return sql`${value.type === 'boolean' ? (value.value ? 1 : 0) : value.value}`;
}
