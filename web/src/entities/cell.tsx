import { Link } from '@tanstack/react-router';
import { Moment } from '../ui/moment.tsx';
import { words } from '../words/index.ts';
import type { Column } from './kinds.ts';

export type Row = Readonly<Record<string, unknown>> & { readonly id: string };

/** What a row has at a column: `type.name` is a member of a member. */
export function valueAt(row: Row, member: string): unknown {
  return member
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null
          ? (value as Record<string, unknown>)[name]
          : undefined,
      row,
    );
}

/** How an entity without a name is called. */
export function nameOf(row: Row): string {
  for (const member of ['name', 'username', 'identity.name', 'service.name', 'id']) {
    const value = valueAt(row, member);
    if (typeof value === 'string' && value !== '') return value;
  }
  return row.id;
}

/** One value of a row, as text or link. */
export function Cell({ row, column }: { row: Row; column: Column }) {
  const value = valueAt(row, column.member);
  switch (column.as) {
    case 'time':
      return typeof value === 'string' ? <Moment at={value} /> : null;
    case 'list':
      return Array.isArray(value) ? <>{value.map(String).join(', ')}</> : null;
    case 'yes-no':
      return <>{value === true ? words.list.yes : words.list.no}</>;
    case 'state':
      return (
        <span className={value === true ? 'state good' : 'state'}>
          {value === true ? words.list.online : words.list.offline}
        </span>
      );
    case 'reference':
      return <Reference value={value} />;
    default:
      return <>{typeof value === 'string' || typeof value === 'number' ? String(value) : ''}</>;
  }
}

function Reference({ value }: { value: unknown }) {
  if (typeof value !== 'object' || value === null) return null;
  const { id, name, entity } = value as { id?: string; name?: string; entity?: string };
  if (id === undefined || id === '' || entity === undefined) return <>{name ?? id ?? ''}</>;
  return (
    <Link to="/$kind/$id" params={{ kind: entity, id }}>
      {name === undefined || name === '' ? id : name}
    </Link>
  );
}
