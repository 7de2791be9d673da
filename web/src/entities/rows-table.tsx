import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { messageOf } from '../api/api-error.ts';
import { Notice } from '../ui/notice.tsx';
import { fill, words } from '../words/index.ts';
import type { Row } from './cell.tsx';
import { useRows, type ListRequest } from './use-rows.ts';

export interface TableColumn {
  readonly id: string;
  readonly label: string;
  /** What the API sorts by. */
  readonly sort?: string | undefined;
  /** Of the room, 1 by default. */
  readonly width?: number | undefined;
  readonly cell: (row: Row) => ReactNode;
}

export interface RowsTableProps {
  label: string;
  request: Omit<ListRequest, 'sort'>;
  columns: readonly TableColumn[];
  /** Such as `name desc`. */
  sort: string | undefined;
  onSort: (sort: string | undefined) => void;
}

const ROW_HEIGHT = 44;

/** A list of any length: only the rows in sight are in the document, and only their pages are fetched. */
export function RowsTable({ label, request, columns, sort, onSort }: RowsTableProps) {
  const viewport = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ first: 0, last: 0 });
  const rows = useRows({ ...request, sort }, range.first, range.last);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoised by what it returns
  const virtual = useVirtualizer({
    count: rows.total,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    onChange: ({ range: seen }) => {
      if (!seen) return;
      const { startIndex: first, endIndex: last } = seen;
      setRange((now) => (now.first === first && now.last === last ? now : { first, last }));
    },
  });
  const gridTemplateColumns = columns
    .map(({ width = 1 }) => `minmax(${6 * width}rem, ${width}fr)`)
    .join(' ');
  const [sortedBy, direction] = sort?.split(' ') ?? [];
  return (
    <>
      {rows.error && <Notice tone="bad">{messageOf(rows.error)}</Notice>}
      <div
        ref={viewport}
        className="table-viewport"
        role="table"
        aria-label={label}
        aria-rowcount={rows.total + 1}
        tabIndex={0}
      >
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} className="table-row" style={{ gridTemplateColumns }}>
            {columns.map(({ id, label: text, sort: by }) => {
              const isSorted = by !== undefined && by === sortedBy;
              const next = isSorted && direction !== 'desc' ? `${by} desc` : by;
              return (
                <div
                  key={id}
                  role="columnheader"
                  {...(isSorted && {
                    'aria-sort': direction === 'desc' ? 'descending' : 'ascending',
                  })}
                >
                  {by === undefined ? (
                    text
                  ) : (
                    <Button className="sort" onPress={() => onSort(next)}>
                      {text}
                      <span aria-hidden="true">
                        {isSorted ? (direction === 'desc' ? ' ↓' : ' ↑') : ''}
                      </span>
                    </Button>
                  )}
                </div>
              );
            })}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows.at(index);
            return (
              <div
                key={index}
                role="row"
                aria-rowindex={index + 2}
                className="table-row"
                style={{ gridTemplateColumns, transform: `translateY(${start}px)` }}
              >
                {columns.map(({ id, cell }) => (
                  <div key={id} role="cell">
                    {row ? cell(row) : '…'}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      <p className="count" role="status">
        {rows.isPending
          ? words.list.loading
          : rows.total === 0
            ? request.filter === undefined
              ? words.list.none
              : words.list.noneFound
            : fill(words.list.count, { total: rows.total })}
      </p>
    </>
  );
}
