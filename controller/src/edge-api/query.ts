/** `limit`, `offset`, `filter` and `sort` of list requests (specs/edge-api.md §1.4). */
import { FilterError } from '../store/filter/lexer.ts';
import { parseFilter, parseSort, type Query, type Sort } from '../store/filter/parser.ts';
import type { ListRequest } from '../store/list-rows.ts';
import { EdgeError } from './errors.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 500;
const MAX_OFFSET = 100_000;

interface QuerySource {
  query(name: string): string | undefined;
}

/** @throws EdgeError INVALID_PAGINATION, INVALID_FILTER, INVALID_SORT_IDENTIFIER */
export function parseListQuery(request: QuerySource): ListRequest {
  const query: Query = parseFilter(request.query('filter') ?? '');
  const limit = query.limit ?? wholeNumber(request.query('limit'), DEFAULT_LIMIT);
  const offset = query.skip ?? wholeNumber(request.query('offset'), 0);
  if (offset < 0 || offset > MAX_OFFSET)
    throw new EdgeError('INVALID_PAGINATION', `offset must be 0 to ${MAX_OFFSET}`);
  return {
    where: query.where,
    sort: query.sort.length > 0 ? query.sort : sortParameter(request.query('sort')),
    offset,
    limit: effectiveLimit(limit),
  };
}

function sortParameter(text: string | undefined): Sort[] {
  try {
    return parseSort(text ?? '');
  } catch (error) {
    if (error instanceof FilterError) throw new EdgeError('INVALID_SORT_IDENTIFIER', error.message);
    throw error;
  }
}

function effectiveLimit(limit: number | 'none'): number | undefined {
  if (limit === 'none' || limit === -1) return undefined;
  return limit <= 0 ? DEFAULT_LIMIT : Math.min(limit, MAX_LIMIT);
}

function wholeNumber(text: string | undefined, absent: number): number {
  if (text === undefined || text === '') return absent;
  if (!/^-?\d{1,15}$/.test(text))
    throw new EdgeError('INVALID_PAGINATION', `"${text.slice(0, 32)}" is no whole number`);
  return Number(text);
}
