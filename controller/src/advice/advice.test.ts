import fc from 'fast-check';
import { PolicyIndex } from '@postern/shared/policy';
import type { Change } from '@postern/shared/schemas';
import { beforeEach, describe, expect, it } from 'vitest';
import { advise } from './advise.ts';
import { toChange } from './proposed-change.ts';
import { simulate, type Effect } from './simulate.ts';

const put = (kind: Change['kind'], value: object): Change => ({ op: 'put', kind, value }) as Change;
const identity = (id: string, roleAttributes: string[] = [], disabled = false): Change =>
  put('identity', { id, name: `n-${id}`, disabled, roleAttributes });
const service = (id: string, roleAttributes: string[] = []): Change =>
  put('service', {
    id,
    name: `n-${id}`,
    roleAttributes,
    encryptionRequired: true,
    terminatorStrategy: 'smartrouting',
  });
const router = (id: string, isOnline = true): Change =>
  put('router', {
    id,
    name: `n-${id}`,
    roleAttributes: [],
    cost: 0,
    noTraversal: false,
    disabled: false,
    isOnline,
    edgeUrls: [],
    fabricAddresses: [],
    links: [],
  });
const policyOf = (id: string, identityRoles: string[], serviceRoles: string[], more = {}): Change =>
  put('servicePolicy', {
    id,
    type: 'Dial',
    semantic: 'AllOf',
    identityRoles,
    serviceRoles,
    postureCheckRoles: [],
    ...more,
  });
const routersForAll = [
  router('r'),
  put('edgeRouterPolicy', {
    id: 'e',
    semantic: 'AnyOf',
    identityRoles: ['#all'],
    edgeRouterRoles: ['#all'],
  }),
  put('serviceEdgeRouterPolicy', {
    id: 'se',
    semantic: 'AnyOf',
    serviceRoles: ['#all'],
    edgeRouterRoles: ['#all'],
  }),
];
const indexOf = (...changes: Change[]): PolicyIndex => {
  const index = new PolicyIndex();
  for (const change of changes) index.apply(change);
  return index;
};
const options = {
  page: { offset: 0, limit: 10_000 },
  posture: 'ignored' as const,
  nowMs: 0,
  signal: new AbortController().signal,
};

describe('a simulation', () => {
  it('tells who gains and loses what, and changes nothing', async () => {
    const index = indexOf(
      ...routersForAll,
      identity('a', ['staff']),
      identity('b'),
      service('s'),
      service('t'),
      policyOf('p', ['#staff'], ['@s']),
    );
    const changes = [
      {
        op: 'update' as const,
        type: 'identities' as const,
        id: 'b',
        data: { roleAttributes: ['staff'] },
      },
      {
        op: 'update' as const,
        type: 'service-policies' as const,
        id: 'p',
        data: { serviceRoles: ['@t'] },
      },
    ].map((change, at) => toChange(index, change, at));
    const result = await simulate(index, changes, options);
    expect(result).toMatchObject({
      gained: { dial: 2, bind: 0, router: 0 },
      lost: { dial: 1, bind: 0, router: 0 },
      identities: 2,
    });
    expect(result.effects).toEqual([
      effect('gained', 'a', 't'),
      effect('lost', 'a', 's'),
      effect('gained', 'b', 't'),
    ]);
    expect(index.mayDial('b', 't')).toBe(false);
    const page = await simulate(index, changes, { ...options, page: { offset: 1, limit: 1 } });
    expect(page.effects).toEqual([effect('lost', 'a', 's')]);
    expect(page.gained.dial).toBe(2);
  });

  it('can take the sessions open now into account', async () => {
    const index = indexOf(
      ...routersForAll,
      identity('a'),
      identity('b'),
      service('s'),
      put('postureCheck', { id: 'c', roleAttributes: [] }),
      put('posture', { id: 'x', identityId: 'a', passing: [{ id: 'c' }] }),
      policyOf('p', ['#all'], ['@s']),
    );
    const change = {
      op: 'update',
      type: 'service-policies',
      id: 'p',
      data: { postureCheckRoles: ['@c'] },
    } as const;
    const changes = [toChange(index, change, 0)];
    expect((await simulate(index, changes, options)).lost.dial).toBe(0);
    const now = await simulate(index, changes, { ...options, posture: 'current' });
    expect(now.effects).toEqual([effect('lost', 'b', 's')]);
  });

  it('refuses what is no change', () => {
    const index = indexOf(identity('a'));
    expect(() =>
      toChange(index, { op: 'update', type: 'identities', id: 'x', data: {} }, 0),
    ).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }) as Error);
    expect(() =>
      toChange(index, { op: 'create', type: 'identities', id: 'a', data: {} }, 0),
    ).toThrow(expect.objectContaining({ code: 'COULD_NOT_VALIDATE' }) as Error);
    expect(() =>
      toChange(index, { op: 'create', type: 'service-policies', data: { type: 'Both' } }, 2),
    ).toThrow(
      expect.objectContaining({
        field: expect.objectContaining({ field: 'changes.2.data.type' }) as unknown,
      }) as Error,
    );
  });

  it('finds exactly what changes, for everybody', { timeout: 60_000 }, async () => {
    const names = ['1', '2', '3'];
    const id = fc.constantFrom(...names);
    const attributes = fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 2 });
    const roles = fc.array(fc.constantFrom('#a', '#b', '#all', '@1', '@2'), { maxLength: 3 });
    const more = fc.record({
      type: fc.constantFrom('Dial', 'Bind'),
      semantic: fc.constantFrom('AllOf', 'AnyOf'),
    });
    const change = fc.oneof(
      fc.tuple(id, attributes, fc.boolean()).map((args) => identity(...args)),
      fc.tuple(id, attributes).map((args) => service(...args)),
      fc.tuple(id, roles, roles, more).map((args) => policyOf(...args)),
      fc
        .tuple(
          fc.constantFrom(
            'identity' as const,
            'service' as const,
            'servicePolicy' as const,
            'router' as const,
          ),
          id,
        )
        .map(([kind, key]): Change => ({ op: 'delete', kind, key })),
      fc.constant<Change>({ op: 'delete', kind: 'edgeRouterPolicy', key: 'e' }),
    );
    const granted = (index: PolicyIndex) =>
      new Set(
        names.flatMap((i) =>
          names.flatMap((s) => [
            ...(index.mayDial(i, s) ? [`dial ${i} ${s}`] : []),
            ...(index.mayBind(i, s) ? [`bind ${i} ${s}`] : []),
          ]),
        ),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 12 }),
        fc.array(change, { minLength: 1, maxLength: 5 }),
        async (base, proposed) => {
          const before = indexOf(...routersForAll, ...base);
          const after = indexOf(...routersForAll, ...base, ...proposed);
          const { effects } = await simulate(before, proposed, options);
          const told = (kind: string) =>
            effects
              .filter((one) => one.effect === kind && one.access !== 'router')
              .map((one) => `${one.access} ${one.identityId} ${one.targetId}`)
              .sort();
          const [was, is] = [granted(before), granted(after)];
          expect(told('gained')).toEqual([...is].filter((one) => !was.has(one)).sort());
          expect(told('lost')).toEqual([...was].filter((one) => !is.has(one)).sort());
        },
      ),
      { numRuns: 300 },
    );
  });

  it('ends when its time is up', async () => {
    const index = indexOf(...routersForAll);
    for (let i = 0; i < 2000; i += 1) index.apply(identity(`i${i}`));
    for (let s = 0; s < 300; s += 1) index.apply(service(`s${s}`));
    const abort = AbortSignal.abort(new Error('late'));
    const change = policyOf('p', ['#all'], ['#all']);
    await expect(simulate(index, [change], { ...options, signal: abort })).rejects.toThrow('late');
  });
});

const effect = (kind: Effect['effect'], identityId: string, targetId: string): Effect => ({
  effect: kind,
  access: 'dial',
  identityId,
  identityName: `n-${identityId}`,
  targetId,
  targetName: `n-${targetId}`,
});

describe('advice', () => {
  let changes: Change[];
  beforeEach(() => {
    changes = [
      ...routersForAll,
      identity('a', ['staff']),
      service('s', ['wiki']),
      put('postureCheck', { id: 'c', roleAttributes: [] }),
      policyOf('p', ['#staff'], ['#wiki']),
    ];
  });
  const ask = (more: Change[], terminators = 1) => {
    const index = indexOf(...changes, ...more);
    return advise(
      index,
      {
        identity: index.entity('identity', 'a')!,
        service: index.entity('service', 's')!,
        terminators,
        nowMs: 10,
      },
      'Dial',
    );
  };
  const codes = (more: Change[], terminators?: number) =>
    ask(more, terminators).findings.map(({ code }) => code);
  const remove = (kind: Change['kind'], key: string): Change => ({ op: 'delete', kind, key });

  it.each<[string, Change[], number, string[]]>([
    ['all is well', [], 1, ['ALLOWED']],
    ['nobody hosts', [], 0, ['ALLOWED', 'NOT_HOSTED']],
    ['the router is offline', [router('r', false)], 1, ['ALLOWED', 'ROUTERS_OFFLINE']],
    ['the identity is disabled', [identity('a', ['staff'], true)], 1, ['IDENTITY_DISABLED']],
    ['a role is missing', [identity('a')], 1, ['NO_POLICY']],
    ['there is no policy', [remove('servicePolicy', 'p')], 1, ['NO_POLICY']],
    [
      'posture fails',
      [policyOf('p', ['#staff'], ['#wiki'], { postureCheckRoles: ['@c'] })],
      1,
      ['POSTURE_FAILING'],
    ],
    [
      'a check is gone',
      [policyOf('p', ['#staff'], ['#wiki'], { postureCheckRoles: ['@gone'] })],
      1,
      ['POSTURE_FAILING'],
    ],
    [
      'the identity has no router',
      [remove('edgeRouterPolicy', 'e')],
      1,
      ['IDENTITY_HAS_NO_ROUTER'],
    ],
    [
      'the service has no router',
      [remove('serviceEdgeRouterPolicy', 'se')],
      1,
      ['SERVICE_HAS_NO_ROUTER'],
    ],
  ])('when %s', (_name, more, terminators, expected) => {
    expect(codes(more, terminators)).toEqual(expected);
  });

  it('names the roles that are missing, and the sessions that pass', () => {
    const near = ask([identity('a'), policyOf('q', ['#staff', '#berlin'], ['@s'])]);
    expect(near.isAllowed).toBe(false);
    expect(near.policies.map(({ id, identityMissing }) => [id, identityMissing])).toEqual([
      ['p', ['#staff']],
      ['q', ['#staff', '#berlin']],
    ]);
    expect(near.findings[0]?.fix).toContain('the identity lacks #staff');
    const guarded = ask([
      policyOf('p', ['#staff'], ['#wiki'], { postureCheckRoles: ['@c'] }),
      put('posture', { id: 'x', identityId: 'a', passing: [{ id: 'c' }] }),
      put('posture', { id: 'y', identityId: 'a', passing: [] }),
    ]);
    expect(guarded.isAllowed).toBe(true);
    expect(guarded.policies[0]).toMatchObject({
      isGranting: true,
      postureChecks: [{ id: 'c', sessions: 1 }],
    });
  });
});
