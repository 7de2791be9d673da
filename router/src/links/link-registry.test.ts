import { describe, expect, it, vi } from 'vitest';
import { FakeFrameSocket } from '../../../test/harness/router-frame-socket.ts';
import { Peer } from '../net/peer.ts';
import { LinkRegistry, type Link } from './link-registry.ts';

function link(linkId: string, dialed: boolean): Link {
  const options = { accepting: !dialed, nowMs: 0, maxQueuedBytes: 1 };
  const peer = new Peer('link', 'r2', new FakeFrameSocket(), options);
  return { routerId: 'r2', linkId, dialed, peer, staticCost: 1, latencyMs: 10 };
}

describe('LinkRegistry', () => {
  it.each([
    ['a', 'b', 'a'],
    ['b', 'a', 'a'],
  ])('of two links dialed at once (%s, then %s) keeps %s', (first, second, kept) => {
    const registry = new LinkRegistry();
    registry.admit(link(first, true));
    registry.admit(link(second, false));
    expect(registry.get('r2')?.linkId).toBe(kept);
    expect(registry.size).toBe(1);
  });

  it('lets the side that dialed replace its own link, whatever the ids', () => {
    const registry = new LinkRegistry();
    const old = link('a', false);
    registry.admit(old);
    expect(registry.admit(link('b', false))).toBe(true);
    expect([registry.get('r2')?.linkId, old.peer.socket.isClosed]).toEqual(['b', true]);
    expect(registry.remove(old)).toBe(false);
    expect(registry.size).toBe(1);
  });

  it('smooths latencies and tells only noticeable changes', () => {
    const registry = new LinkRegistry();
    const measured = link('a', true);
    registry.admit(measured);
    registry.onChange = vi.fn();
    registry.measured(measured, 12);
    expect([measured.latencyMs, vi.mocked(registry.onChange).mock.calls.length]).toEqual([11, 0]);
    registry.measured(measured, 100);
    expect(registry.latencies().get('r2')).toBe(55.5);
    expect(registry.onChange).toHaveBeenCalledTimes(1);
  });
});
