/** Rows of a list by their number, fetched page by page where somebody looks. */
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useClient } from '../session/use-session.ts';
import type { Row } from './cell.tsx';

export interface ListRequest {
  readonly path: string;
  readonly filter: string | undefined;
  readonly sort: string | undefined;
}

const PAGE_SIZE = 100;
/** What the API lets a list skip: beyond it only a filter helps. */
const MAX_ROWS = 100_000;

export interface Rows {
  readonly total: number;
  readonly isPending: boolean;
  readonly error: Error | null;
  at(index: number): Row | undefined;
}

/** The pages that hold the rows from `first` to `last`. */
export function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(Math.max(0, first) / PAGE_SIZE);
  const to = Math.floor(Math.max(0, last) / PAGE_SIZE);
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

export function useRows({ path, filter, sort }: ListRequest, first: number, last: number): Rows {
  const client = useClient();
  const wanted = [...new Set([0, ...pagesOf(first, last)])];
  const results = useQueries({
    queries: wanted.map((page) => ({
      queryKey: ['list', path, { filter, sort, page }],
      placeholderData: page === 0 ? keepPreviousData : undefined,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        client.call<Row[]>('GET', path, {
          query: { filter, sort, limit: PAGE_SIZE, offset: page * PAGE_SIZE },
          signal,
        }),
    })),
  });
  const byPage = new Map(wanted.map((page, at) => [page, results[at]?.data?.data]));
  return {
    total: Math.min(results[0]?.data?.total ?? 0, MAX_ROWS),
    isPending: results[0]?.isPending ?? true,
    error: results.find(({ error }) => error !== null)?.error ?? null,
    at: (index) => byPage.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE],
  };
}
