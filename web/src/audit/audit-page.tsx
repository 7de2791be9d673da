import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { messageOf } from '../api/api-error.ts';
import { Cell, type Row } from '../entities/cell.tsx';
import type { ListParameters } from '../entities/list-page.tsx';
import { filterOf, ListSearch } from '../entities/list-search.tsx';
import { RowsTable, type TableColumn } from '../entities/rows-table.tsx';
import { useClient } from '../session/use-session.ts';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { fill, words } from '../words/index.ts';
import { checkChain, readExport, type ChainVerdict } from './chain.ts';

const SEARCHED = ['action', 'actorId', 'entityKind', 'entityId', 'reason'];

const text = (row: Row, member: string): string => {
  const value = row[member];
  return typeof value === 'string' ? value : '';
};
const columns: readonly TableColumn[] = [
  { id: 'seq', label: '#', sort: 'seq', width: 0.7, cell: (row) => <RecordLink row={row} /> },
  {
    id: 'createdAt',
    label: words.audit.time,
    sort: 'createdAt',
    width: 2.2,
    cell: (row) => <Cell row={row} column={{ member: 'createdAt', as: 'time' }} />,
  },
  { id: 'action', label: words.audit.action, sort: 'action', cell: (row) => text(row, 'action') },
  {
    id: 'outcome',
    label: words.audit.outcome,
    sort: 'outcome',
    cell: (row) => (
      <span className={row['outcome'] === 'refused' ? 'state bad' : 'state good'}>
        {text(row, 'outcome')} {text(row, 'reason')}
      </span>
    ),
  },
  {
    id: 'entity',
    label: words.audit.entity,
    width: 2,
    sort: 'entityKind',
    cell: (row) => `${text(row, 'entityKind')} ${text(row, 'entityId')}`,
  },
  {
    id: 'actor',
    label: words.audit.actor,
    width: 2,
    cell: (row) => `${text(row, 'actorKind')} ${text(row, 'actorId')} ${text(row, 'address')}`,
  },
  {
    id: 'details',
    label: words.audit.details,
    cell: (row) => <code>{JSON.stringify(row['details'])}</code>,
  },
];

function RecordLink({ row }: { row: Row }) {
  return (
    <Link to="/audit/$id" params={{ id: row.id }}>
      {String(row['seq'])}
    </Link>
  );
}

export function AuditPage(): ReactNode {
  const { q = '', sort, expression = false }: ListParameters = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const search = { text: q, isExpression: expression };
  return (
    <Page title={words.pages.audit} text={words.audit.text} actions={<ChainCheck />}>
      <ListSearch
        value={search}
        onChange={({ text: next, isExpression }) =>
          void navigate({
            search: (now: ListParameters) => ({ ...now, q: next, expression: isExpression }),
            replace: true,
          })
        }
      />
      <RowsTable
        label={words.pages.audit}
        request={{ path: '/audit', filter: filterOf(search, SEARCHED) }}
        columns={columns}
        sort={sort}
        onSort={(by) =>
          void navigate({
            search: (now: ListParameters) => ({ ...now, ...(by !== undefined && { sort: by }) }),
            replace: true,
          })
        }
      />
    </Page>
  );
}

type Check = { readonly count: number } | ChainVerdict | { readonly error: unknown };

function ChainCheck() {
  const client = useClient();
  const [check, setCheck] = useState<Check>();
  const run = async (): Promise<ChainVerdict> => {
    // Signed first: the log may grow while it is read.
    const { data: head } = await client.call<{ seq: number; hash: string }>('GET', '/audit/head');
    const { body } = await client.open('/audit/export');
    if (!body) return { ok: true, count: 0, hash: '' };
    const upToHead = async function* () {
      for await (const record of readExport(body)) {
        yield record;
        if (record.seq >= head.seq) return;
      }
    };
    const verdict = await checkChain(upToHead(), (count) => setCheck({ count }));
    return verdict.ok && verdict.hash !== head.hash
      ? { ok: false, seq: head.seq, reason: 'chain' }
      : verdict;
  };
  return (
    <>
      <Button
        className="plain"
        onPress={() => {
          setCheck({ count: 0 });
          run().then(setCheck, (error: unknown) => setCheck({ error }));
        }}
      >
        {words.audit.verify}
      </Button>
      {check && <CheckResult check={check} />}
    </>
  );
}

function CheckResult({ check }: { check: Check }) {
  if ('error' in check) return <Notice tone="bad">{messageOf(check.error)}</Notice>;
  if (!('ok' in check))
    return <Notice tone="plain">{fill(words.audit.checking, { count: check.count })}</Notice>;
  if (!check.ok)
    return (
      <Notice tone="bad">
        {fill(words.audit.broken, { seq: check.seq, reason: words.audit.reasons[check.reason] })}
      </Notice>
    );
  return (
    <Notice tone="good">
      {fill(words.audit.intact, { count: check.count })} {words.audit.limits}
    </Notice>
  );
}
