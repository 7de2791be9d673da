import type { Change, Snapshot } from '@postern/shared/schemas';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Impact } from './impact.ts';
import { touches } from './impact.ts';
import { RouterState } from './router-state.ts';
import { isExpired } from './token-time.ts';

const router = (
  links: { id: string; peerId: string; latencyMs: number }[] = [],
  disabled = false,
) => ({
  id: 'r1',
  name: 'r1',
  roleAttributes: [],
  cost: 0,
  noTraversal: false,
  disabled,
  isOnline: true,
  edgeUrls: [],
  fabricAddresses: [],
  links,
});
const terminator = (id: string, serviceId: string) => ({
  id,
  serviceId,
  routerId: 'r1',
  hostId: 'h',
  cost: 0,
  precedence: 'default' as const,
});
const empty: Snapshot = {
  timeline: 't',
  index: 1,
  entities: {
    identity: [{ id: 'i', name: 'i', disabled: false, roleAttributes: [] }],
    service: [],
    servicePolicy: [],
    edgeRouterPolicy: [],
    serviceEdgeRouterPolicy: [],
    router: [router()],
    terminator: [terminator('t1', 's1')],
    signingKey: [],
    revocation: [],
    postureCheck: [],
    posture: [],
  },
};

let state: RouterState;
let impacts: Impact[];
let nowMs: number;
beforeEach(() => {
  nowMs = 1_000;
  state = new RouterState(() => nowMs);
  state.load(empty);
  impacts = [];
  state.onChange = (impact) => impacts.push(impact);
});

function apply(...changes: Change[]): Impact {
  const { index } = state.position;
  state.apply({ timeline: 't', previousIndex: index, index: index + 1, changes });
  return impacts.at(-1)!;
}

describe('RouterState', () => {
  it('refuses changes that do not follow, and keeps what it holds', () => {
    const gap = expect.objectContaining({ code: 'ERR_STATE_GAP' }) as Error;
    expect(() => state.apply({ timeline: 't', previousIndex: 5, index: 6, changes: [] })).toThrow(
      gap,
    );
    expect(() => state.apply({ timeline: 'u', previousIndex: 1, index: 2, changes: [] })).toThrow(
      gap,
    );
    expect(state.position).toEqual({ timeline: 't', index: 1 });
  });

  it('comes back from its own snapshot', () => {
    apply({ op: 'put', kind: 'terminator', value: terminator('t2', 's1') });
    const copy = new RouterState();
    copy.load(state.snapshot());
    expect(copy.snapshot()).toEqual(state.snapshot());
    expect([...copy.terminatorsOf('s1')].map(({ id }) => id)).toEqual(['t1', 't2']);
  });

  it('keeps terminators by service, also when one moves or goes', () => {
    apply({ op: 'put', kind: 'terminator', value: terminator('t1', 's2') });
    expect([[...state.terminatorsOf('s1')].length, [...state.terminatorsOf('s2')].length]).toEqual([
      0, 1,
    ]);
    apply({ op: 'delete', kind: 'terminator', key: 't1' });
    expect([...state.terminatorsOf('s2')]).toEqual([]);
  });

  it('knows who is enabled and which sessions ended', () => {
    expect([state.isIdentityEnabled('i'), state.isIdentityEnabled('nobody')]).toEqual([
      true,
      false,
    ]);
    apply({ op: 'put', kind: 'revocation', value: { id: 'x', expiresAtMs: 2_000 } });
    state.forgetExpiredRevocations();
    expect(state.isRevoked('x')).toBe(true);
    nowMs = 2_000;
    state.forgetExpiredRevocations();
    expect(state.isRevoked('x')).toBe(false);
  });
});

describe('impact', () => {
  const subject = { identityId: 'i', serviceId: 's', sessionId: 'x' };

  it('is what the changes can touch', () => {
    const identity = { id: 'i', name: 'i', disabled: true, roleAttributes: [] };
    expect(touches(apply({ op: 'put', kind: 'identity', value: identity }), subject)).toBe(true);
    expect(touches(apply({ op: 'delete', kind: 'identity', key: 'other' }), subject)).toBe(false);
    expect(touches(apply({ op: 'delete', kind: 'service', key: 's' }), subject)).toBe(true);
    expect(touches(apply({ op: 'delete', kind: 'servicePolicy', key: 'p' }), subject)).toBe(true);
    const revocation = { id: 'x', expiresAtMs: 2_000 };
    expect(touches(apply({ op: 'put', kind: 'revocation', value: revocation }), subject)).toBe(
      true,
    );
    expect(touches(apply({ op: 'delete', kind: 'terminator', key: 't1' }), subject)).toBe(false);
  });

  it('of a posture is its owner’s, also when it is withdrawn or runs out', () => {
    const posture = { id: 'x', identityId: 'i', passing: [{ id: 'c', untilMs: 1_500 }] };
    expect([...apply({ op: 'put', kind: 'posture', value: posture }).identities]).toEqual(['i']);
    state.expirePostures();
    expect(impacts).toHaveLength(1);
    nowMs = 1_500;
    state.expirePostures();
    state.expirePostures();
    expect(impacts).toHaveLength(2);
    expect(touches(impacts[1]!, subject)).toBe(true);
    expect(touches(impacts[1]!, { identityId: 'other' })).toBe(false);
    expect([...apply({ op: 'delete', kind: 'posture', key: 'x' }).identities]).toEqual(['i']);
    expect(apply({ op: 'delete', kind: 'postureCheck', key: 'c' }).everything).toBe(true);
  });

  it('of a router is nothing unless it was disabled or has other roles', () => {
    const links = [{ id: 'l', peerId: 'r2', latencyMs: 1 }];
    expect(apply({ op: 'put', kind: 'router', value: router(links) }).everything).toBe(false);
    expect(apply({ op: 'put', kind: 'router', value: router(links, true) }).everything).toBe(true);
    expect(apply({ op: 'delete', kind: 'router', key: 'r1' }).everything).toBe(true);
  });
});

describe('isExpired', () => {
  it('goes by exp while connected and by out after, with tolerance', () => {
    const claims = { exp: 100, out: 200 };
    const at = (seconds: number, connected: boolean) =>
      isExpired(claims, { nowMs: seconds * 1000, connected });
    expect([at(129, true), at(130, true)]).toEqual([false, true]);
    expect([at(130, false), at(229, false), at(230, false)]).toEqual([false, false, true]);
  });
});
