/** The Edge filter language over rows that are in memory, not in a table. */
import { FilterError } from '../store/filter/lexer.ts';
import type { Expression, Literal, Sort } from '../store/filter/parser.ts';

/** Symbols and their values. */
export type MemoryRow = Readonly<Record<string, string | number | boolean>>;

/** @throws FilterError for unknown symbols, sets and operators that these rows do not know. */
export function matchRow(expression: Expression, row: MemoryRow): boolean {
  switch (expression.node) {
    case 'and':
      return expression.items.every((item) => matchRow(item, row));
    case 'or':
      return expression.items.some((item) => matchRow(item, row));
    case 'not':
      return !matchRow(expression.item, row);
    case 'constant':
      return expression.value;
    case 'symbol':
      return valueOf(expression.symbol, row) === true;
    case 'isEmpty':
      throw new FilterError(`${expression.symbol} is not a set`, expression.symbol);
    case 'compare': {
      if (expression.reach !== 'value')
        throw new FilterError(`${expression.symbol} is not a set`, expression.symbol);
      return compare(expression, valueOf(expression.symbol, row)) !== expression.negated;
    }
  }
}

/** A comparison function for `sort` clauses; at last by id. @throws FilterError */
export function compareRows(sort: readonly Sort[]): (a: MemoryRow, b: MemoryRow) => number {
  return (a, b) => {
    for (const { symbol, descending } of [...sort, { symbol: 'id', descending: false }]) {
      const [left, right] = [valueOf(symbol, a), valueOf(symbol, b)];
      if (left === right) continue;
      return left < right === descending ? 1 : -1;
    }
    return 0;
  };
}

function valueOf(symbol: string, row: MemoryRow): string | number | boolean {
  const value = Object.hasOwn(row, symbol) ? row[symbol] : undefined;
  if (value === undefined) throw new FilterError(`unknown symbol ${symbol}`, symbol);
  return value;
}

function compare(
  { operator, symbol, values }: Extract<Expression, { node: 'compare' }>,
  actual: string | number | boolean,
): boolean {
  const wanted = values.map((literal) => typed(literal, actual, symbol));
  const [first, second] = wanted;
  switch (operator) {
    case '=':
      return actual === first;
    case '!=':
      return actual !== first;
    case '<':
      return first !== undefined && actual < first;
    case '<=':
      return first !== undefined && actual <= first;
    case '>':
      return first !== undefined && actual > first;
    case '>=':
      return first !== undefined && actual >= first;
    case 'in':
      return wanted.includes(actual);
    case 'between':
      return first !== undefined && second !== undefined && actual >= first && actual < second;
    case 'contains':
      return String(actual).includes(String(first));
    case 'icontains':
      return String(actual).toLowerCase().includes(String(first).toLowerCase());
  }
}

/** The literal as a value of the same type; null equals nothing here. */
function typed(literal: Literal, actual: string | number | boolean, symbol: string) {
  if (literal.type === 'null') return undefined;
  if (typeof literal.value !== typeof actual)
    throw new FilterError(`${symbol} is a ${typeof actual}`, symbol);
  return literal.value;
}
