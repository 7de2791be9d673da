import type { InspectionOf } from '@postern/shared/schemas';
import { expect, it } from 'vitest';
import { linkRows } from './links.ts';

type Links = InspectionOf<'links'>;

const names = new Map([
  ['a', 'Athens'],
  ['b', 'Berlin'],
  ['c', 'Cairo'],
]);
const end = (peer: string, more: Partial<Links['links'][number]>): Links['links'][number] => ({
  peer: { id: peer, name: names.get(peer) ?? peer },
  state: 'up',
  isDialer: true,
  circuits: 1,
  queuedBytes: 0,
  ...more,
});
const answer = (routerId: string, ...links: Links['links']) => ({
  routerId,
  value: { value: 'links', links, total: links.length } satisfies Links,
});

it('shows a link once, with the latency of either end, and those that are down', () => {
  const there = end('b', { id: 'l1', latencyMs: 1 });
  const back = end('a', { id: 'l1', latencyMs: 2, isDialer: false });
  const lone = end('a', { id: 'l2', latencyMs: 3, isDialer: false });
  const rows = linkRows(
    [answer('b', back), answer('a', there, end('c', { state: 'down' })), answer('x', lone)],
    names,
  );
  expect(rows).toEqual([
    { id: 'l1', dialer: 'Athens', acceptor: 'Berlin', state: 'up', there, back },
    expect.objectContaining({ id: '', dialer: 'Athens', acceptor: 'Cairo', state: 'down' }),
    { id: 'l2', dialer: 'Athens', acceptor: 'x', state: 'up', there: undefined, back: lone },
  ]);
});
