import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { messageOf } from '../api/api-error.ts';
import type { Operation } from '../api/operations.ts';
import { useClient, useMay } from '../session/use-session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { labelOf } from '../words/label.ts';
import { fill, kindWords, words } from '../words/index.ts';
import { Cell, nameOf, type Row } from './cell.tsx';
import { kindOf, type Kind } from './kinds.ts';
import { filterOf, ListSearch } from './list-search.tsx';
import { RowsTable, type TableColumn } from './rows-table.tsx';

/** The state of a list that stands in the address. */
export interface ListParameters {
  q?: string;
  sort?: string;
  expression?: boolean;
}

export function ListPage(): ReactNode {
  const { kind: path }: { kind: string } = useParams({ from: '/$kind' });
  const kind = kindOf(path);
  return kind ? (
    <KindList key={path} kind={kind} />
  ) : (
    <Notice tone="bad">{words.shell.notFound}</Notice>
  );
}

function KindList({ kind }: { kind: Kind }) {
  const { q = '', sort, expression = false }: ListParameters = useSearch({ from: '/$kind' });
  const navigate = useNavigate({ from: '/$kind' });
  const may = useMay();
  const { many, one } = kindWords(kind.path);
  const update = (change: ListParameters) =>
    void navigate({ search: (now: ListParameters) => ({ ...now, ...change }), replace: true });
  const search = { text: q, isExpression: expression };
  const end = useEnd(kind);
  const mayEnd = kind.path.endsWith('sessions') && may(`delete /${kind.path}/{id}` as Operation);
  const { mutate } = end;
  const columns = useMemo<TableColumn[]>(
    () => [
      ...kind.columns.map((column, at) => ({
        id: column.member,
        label: labelOf(column.member),
        sort: column.sort,
        width: column.as === 'time' ? 2 : column.as === 'yes-no' ? 0.9 : at === 0 ? 1.6 : 1.3,
        cell: (row: Row) =>
          at === 0 ? <OpenLink kind={kind.path} row={row} /> : <Cell row={row} column={column} />,
      })),
      ...(mayEnd
        ? [
            {
              id: 'end',
              label: words.list.end,
              cell: (row: Row) => (
                <Confirm
                  className="plain small"
                  label={words.list.end}
                  heading={fill(words.form.deleteHeading, { one, name: nameOf(row) })}
                  text={words.form.deleteText}
                  onConfirm={() => mutate(row.id)}
                />
              ),
            },
          ]
        : []),
    ],
    [kind, mayEnd, one, mutate],
  );
  return (
    <Page
      title={many}
      actions={
        may(`post /${kind.path}` as Operation) && (
          <Link className="button" to="/$kind/new" params={{ kind: kind.path }}>
            {fill(words.list.create, { one })}
          </Link>
        )
      }
    >
      {end.error && <Notice tone="bad">{messageOf(end.error)}</Notice>}
      <ListSearch
        value={search}
        onChange={({ text, isExpression }) => update({ q: text, expression: isExpression })}
      />
      <RowsTable
        label={many}
        request={{ path: `/${kind.path}`, filter: filterOf(search, kind.search) }}
        columns={columns}
        sort={sort}
        onSort={(by) => update(by === undefined ? {} : { sort: by })}
      />
    </Page>
  );
}

function OpenLink({ kind, row }: { kind: string; row: Row }) {
  return (
    <Link to="/$kind/$id" params={{ kind, id: row.id }}>
      {nameOf(row)}
    </Link>
  );
}

function useEnd(kind: Kind) {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.call('DELETE', `/${kind.path}/${id}`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['list', `/${kind.path}`] }),
  });
}
