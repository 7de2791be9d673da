import type { ListAnswer, Row } from '../client/edge-client.ts';
import { memberAt, type Column } from '../entities/index.ts';
import { renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Prints one page of a list as a table, and on standard error which part of the whole it is. */
export function showRows(
  terminal: Terminal,
  columns: readonly Column[],
  { rows, offset, totalCount }: Pick<ListAnswer, 'rows' | 'offset' | 'totalCount'>,
): void {
  const cells = rows.map((row) =>
    columns.map(({ value }) =>
      cell(typeof value === 'string' ? memberAt(row, value) : value(row as Row)),
    ),
  );
  terminal.out(
    renderTable(
      columns.map(({ title }) => title),
      cells,
      terminal.columns,
    ),
  );
  const shown = rows.length === 0 ? 'none' : `${offset + 1} to ${offset + rows.length}`;
  const more = offset + rows.length < totalCount ? '; more with --offset or --limit' : '';
  terminal.err(`${shown} of ${totalCount}${more}\n`);
}

/** A member as a cell: lists by their items, nothing as nothing. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(cell).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
