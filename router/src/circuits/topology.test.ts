import { emptySnapshot } from '../../../test/harness/empty-snapshot.ts';
import { describe, expect, it } from 'vitest';
import { RouterState } from '../state/router-state.ts';
import { Topology } from './topology.ts';

type Links = Record<string, number>;

/** Routers as the controller tells, seen from `me`, which has `own` links. */
function world(reported: Record<string, Links>, own: Links) {
  const state = new RouterState();
  state.load(emptySnapshot());
  const links = new Map(Object.entries(own));
  const topology = new Topology('me', state, () => new Map(links));
  let index = 1;
  const report = (id: string, to: Links, extra: { disabled?: boolean } = {}): void => {
    const router = {
      ...{ id, name: id, roleAttributes: [], cost: 0, noTraversal: false, disabled: false },
      ...{ isOnline: true, edgeUrls: [], fabricAddresses: [], ...extra },
      links: Object.entries(to).map(([peerId, latencyMs]) => ({
        id: `${id}${peerId}`,
        peerId,
        latencyMs,
      })),
    };
    const changes = [{ op: 'put' as const, kind: 'router' as const, value: router }];
    state.apply({ timeline: 'test', previousIndex: index, index: ++index, changes });
    topology.invalidate();
  };
  for (const [id, to] of Object.entries(reported)) report(id, to);
  return { topology, links, report };
}

describe('Topology', () => {
  it('uses its own link at once, whether the neighbour has reported it or not', () => {
    const { topology, links } = world({ a: {} }, { a: 3 });
    expect(topology.pathTo('a')).toEqual({ hops: ['a'], cost: 4 });
    links.clear();
    expect(topology.pathTo('a')?.cost).toBe(4);
    topology.invalidate();
    expect(topology.pathTo('a')).toBeUndefined();
  });

  it('does not believe a link that the neighbour has lost', () => {
    const { topology, report } = world({ a: { b: 1 }, b: { a: 1 } }, { a: 1 });
    expect(topology.pathTo('b')?.hops).toEqual(['a', 'b']);
    report('b', {});
    expect(topology.pathTo('b')).toBeUndefined();
  });

  it('does not let a router draw circuits by claiming links it has not, or cheaper ones', () => {
    const { topology } = world(
      { liar: { b: 0, me: 0 }, a: { b: 20, me: 20 }, b: { a: 20 } },
      { liar: 50, a: 20 },
    );
    expect(topology.pathTo('b')).toEqual({ hops: ['a', 'b'], cost: 42 });
    expect(topology.pathTo('liar')?.cost).toBe(51);
  });

  it('leaves out routers that are disabled', () => {
    const { topology, report } = world({ a: { b: 1 }, b: { a: 1 } }, { a: 1 });
    report('a', { b: 1 }, { disabled: true });
    expect(topology.pathTo('b')).toBeUndefined();
  });

  it('keeps a path that none of the failed edges is on, and finds another one otherwise', () => {
    const { topology } = world({ a: { b: 1 }, b: { a: 1 } }, { a: 1, b: 9 });
    expect(topology.pathTo('b', new Set(['me>b']))?.hops).toEqual(['a', 'b']);
    expect(topology.pathTo('b', new Set(['a>b']))?.hops).toEqual(['b']);
  });
});
