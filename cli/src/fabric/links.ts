/** `postern fabric links`: each link once, with what its two ends say of it. */
import type { InspectionOf } from '@postern/shared/schemas';
import type { Column } from '../entities/index.ts';
import { milliseconds, size } from './units.ts';

type Links = InspectionOf<'links'>;
type End = Links['links'][number];

export interface LinkRow {
  /** Empty for one that is down. */
  id: string;
  /** Name of the router that dials. */
  dialer: string;
  acceptor: string;
  state: End['state'];
  /** Of the two ends: from the dialer, and back. Absent where an end did not answer. */
  there: End | undefined;
  back: End | undefined;
}

const of = (value: (row: LinkRow) => unknown): Column['value'] => {
  return (row) => value(row as unknown as LinkRow);
};
const cost = (end: End | undefined): string => end?.cost?.toFixed(1) ?? '';

export const linkColumns: readonly Column[] = [
  { title: 'id', value: 'id' },
  { title: 'dialer', value: 'dialer' },
  { title: 'acceptor', value: 'acceptor' },
  { title: 'state', value: 'state' },
  { title: 'latency', value: of(({ there }) => milliseconds(there?.latencyMs)) },
  { title: 'latency back', value: of(({ back }) => milliseconds(back?.latencyMs)) },
  { title: 'cost', value: of(({ there }) => cost(there)) },
  { title: 'cost back', value: of(({ back }) => cost(back)) },
  { title: 'circuits', value: of(({ there, back }) => (there ?? back)?.circuits) },
  {
    title: 'queued',
    value: of(({ there, back }) => size((there?.queuedBytes ?? 0) + (back?.queuedBytes ?? 0))),
  },
];

/** @param names of routers, by id */
export function linkRows(
  answers: readonly { routerId: string; value: Links }[],
  names: ReadonlyMap<string, string>,
): LinkRow[] {
  const rows = new Map<string, LinkRow>();
  for (const { routerId, value } of answers) {
    const own = names.get(routerId) ?? routerId;
    for (const end of value.links) {
      const key = end.id ?? `${routerId}>${end.peer.id}`;
      const row = rows.get(key) ?? newRow(end, own);
      if (end.isDialer) row.there = end;
      else row.back = end;
      rows.set(key, row);
    }
  }
  return [...rows.values()].sort(
    (a, b) => a.dialer.localeCompare(b.dialer) || a.acceptor.localeCompare(b.acceptor),
  );
}

function newRow({ id = '', isDialer, peer, state }: End, own: string): LinkRow {
  const [dialer, acceptor] = isDialer ? [own, peer.name] : [peer.name, own];
  return { id, dialer, acceptor, state, there: undefined, back: undefined };
}
