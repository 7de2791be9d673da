import { describe, expect, it } from 'vitest';
import type { EdgeRouter } from '../model/edge-routers.ts';
import { linkBetween, linksOf } from './links.ts';

const router = (id: string, links: EdgeRouter['links'], isOnline = true): EdgeRouter =>
  ({ id, name: id, links, isOnline }) as EdgeRouter;

describe('links', () => {
  it('are one for both ends, with a latency of each', () => {
    const links = linksOf([
      router('r2', [{ id: 'l1', peerId: 'r1', latencyMs: 3 }]),
      router('r1', [{ id: 'l1', peerId: 'r2', latencyMs: 2 }]),
    ]);
    expect(links).toMatchObject([
      { id: 'l1', source: { id: 'r1' }, sourceLatencyMs: 2, destinationLatencyMs: 3 },
    ]);
    expect(linkBetween(links, 'r2', 'r1')?.id).toBe('l1');
    expect(linkBetween(links, 'r1', 'r3')).toBeUndefined();
  });

  it('that one end alone reports have its latency twice', () => {
    const links = linksOf([
      router('r1', [{ id: 'l1', peerId: 'r2', latencyMs: 2 }]),
      router('r2', []),
    ]);
    expect(links[0]).toMatchObject({ sourceLatencyMs: 2, destinationLatencyMs: 2 });
  });

  it('of routers that are offline or gone are none', () => {
    expect(linksOf([router('r1', [{ id: 'l1', peerId: 'gone', latencyMs: 2 }])])).toEqual([]);
    const offline = router('r1', [{ id: 'l1', peerId: 'r2', latencyMs: 2 }], false);
    expect(linksOf([offline, router('r2', [], false)])).toEqual([]);
  });
});
