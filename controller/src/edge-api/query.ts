/** `limit`, `offset`, `filter` and `sort` of list requests (specs/edge-api.md §1.4). */
import { z } from 'zod';
import { FilterError } from '../store/filter/lexer.ts';
import {
  parseFilter,
  parseSort,
  type Expression,
  type Query,
  type Sort,
} from '../store/filter/parser.ts';
import type { SymbolTable } from '../store/filter/symbols.ts';
import type { ListRequest } from '../store/list-rows.ts';
import { EdgeError } from './errors.ts';
import { rolesAsFilter } from './role-filter.ts';
import type { QueryParameters } from './route-spec.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 500;
const MAX_OFFSET = 100_000;

/** Judged by {@link parseListQuery}, which answers with codes of its own. */
export const listParameters: QueryParameters = {
  limit: {
    schema: z.string().meta({ type: 'integer' }),
    description: `Rows of a page, at most ${MAX_LIMIT}, default ${DEFAULT_LIMIT}; -1: all rows`,
  },
  offset: {
    schema: z.string().meta({ type: 'integer' }),
    description: `Rows to skip, at most ${MAX_OFFSET}`,
  },
  filter: {
    schema: z.string(),
    description: 'Filter expression, which may also sort, skip and limit',
  },
  sort: { schema: z.string(), description: 'Such as `name desc, id`; default: by id' },
};

const roleFilters: QueryParameters = {
  roleFilter: {
    schema: z
      .array(
        z
          .string()
          .regex(/^[#@]./, 'must begin with # or @')
          .max(256),
      )
      .max(100),
    description: 'Only entities in these roles: `#attribute`, `@id` or `#all`',
    repeatable: true,
  },
  roleSemantic: {
    schema: z.string().regex(/^(allof|anyof)$/i, 'must be AllOf or AnyOf'),
    description: 'Whether `roleFilter` wants AllOf its attributes (default) or AnyOf',
  },
};

/** `roleFilter` and `roleSemantic`, for entities that have role attributes. */
export function roleParameters({ symbols }: { symbols: SymbolTable }): QueryParameters {
  return 'roleAttributes' in symbols.table.columns ? roleFilters : {};
}

interface QuerySource {
  query(name: string): string | undefined;
  queries(name: string): string[];
}

/** @throws EdgeError INVALID_PAGINATION, INVALID_FILTER, INVALID_SORT_IDENTIFIER */
export function parseListQuery(
  request: QuerySource,
  { symbols, scope }: { symbols: SymbolTable; scope: Readonly<Record<string, boolean>> },
): ListRequest {
  const query: Query = parseFilter(request.query('filter') ?? '');
  const limit = query.limit ?? wholeNumber(request.query('limit'), DEFAULT_LIMIT);
  const offset = query.skip ?? wholeNumber(request.query('offset'), 0);
  if (offset < 0 || offset > MAX_OFFSET)
    throw new EdgeError('INVALID_PAGINATION', `offset must be 0 to ${MAX_OFFSET}`);
  return {
    where: allOf([query.where, roleCondition(request, symbols), scopeCondition(scope)]),
    sort: query.sort.length > 0 ? query.sort : sortParameter(request.query('sort')),
    offset,
    limit: effectiveLimit(limit),
  };
}

/** Conditions joined by `and`; none of them: no condition. */
export function allOf(conditions: readonly (Expression | undefined)[]): Expression | undefined {
  const items = conditions.filter((condition) => condition !== undefined);
  return items.length > 1 ? { node: 'and', items } : items[0];
}

function scopeCondition(scope: Readonly<Record<string, boolean>>): Expression | undefined {
  return allOf(
    Object.entries(scope).map(([symbol, value]) => ({
      node: 'compare' as const,
      reach: 'value' as const,
      symbol,
      operator: '=' as const,
      negated: false,
      values: [{ type: 'boolean' as const, value }],
    })),
  );
}

function roleCondition(request: QuerySource, symbols: SymbolTable): Expression | undefined {
  const roles = request.queries('roleFilter');
  if (roles.length === 0 || !('roleAttributes' in symbols.table.columns)) return undefined;
  const anyOf = request.query('roleSemantic')?.toLowerCase() === 'anyof';
  return rolesAsFilter(roles, anyOf ? 'AnyOf' : 'AllOf');
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
