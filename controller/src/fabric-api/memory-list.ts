import { list, type EdgeReply } from '../edge-api/envelope.ts';
import { parseListQuery } from '../edge-api/query.ts';
import type { EdgeRequest } from '../edge-api/routes.ts';
import { defineTable } from '../model/table.ts';
import { compareRows, matchRow, type MemoryRow } from './match-row.ts';

/** Filters here know their symbols by the rows. */
const IN_MEMORY = { symbols: { table: defineTable('memory', {}) }, scope: {} };

/** One page of rows that are in memory: `symbolsOf` says what a filter may name of each. */
export function answerMemoryList<T>(
  request: EdgeRequest,
  rows: readonly T[],
  symbolsOf: (row: T) => MemoryRow & { id: string },
  show: (row: T) => unknown,
): EdgeReply {
  const { where, sort, limit, offset } = parseListQuery(request, IN_MEMORY);
  const order = compareRows(sort);
  const found = rows
    .map((row) => ({ row, symbols: symbolsOf(row) }))
    .filter(({ symbols }) => !where || matchRow(where, symbols))
    .sort((a, b) => order(a.symbols, b.symbols));
  const page = found.slice(offset, limit === undefined ? undefined : offset + limit);
  return list(
    page.map(({ row }) => show(row)),
    { limit: limit ?? Math.max(found.length, 1), offset, totalCount: found.length },
    Object.keys(found[0]?.symbols ?? { id: '' }).sort(),
  );
}
