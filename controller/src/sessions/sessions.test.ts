import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../../../test/harness/controller-context.ts';
import { newEntity } from '../model/defaults.ts';
import { repositories } from '../store/repositories.ts';
import {
  endApiSessions,
  endApiSessionsOf,
  endServiceSessions,
  REVOCATION_MS,
} from './end-sessions.ts';
import { startAccessEnforcement } from './enforce-access.ts';
import { revoke, sweepRevocations } from './revoke.ts';

let ctx: TestContext;

beforeEach(async () => {
  ctx = await createTestContext();
  await ctx.insert('identities', { id: 'alice' });
  await ctx.insert('services', { id: 'wiki' });
  await ctx.insert('apiSessions', {
    id: 'api',
    identityId: 'alice',
    authenticatorId: 'password',
    tokenHash: 'api',
  });
});
afterEach(() => ctx.dispose());

async function addSession(id: string, type: 'Dial' | 'Bind' = 'Dial') {
  await ctx.store.write((tx) =>
    repositories.sessions.insert(tx, {
      ...newEntity(ctx.clock()),
      id,
      tags: {},
      apiSessionId: 'api',
      identityId: 'alice',
      serviceId: 'wiki',
      type,
    }),
  );
}
const revoked = async () =>
  (await ctx.store.snapshot()).entities.revocation.map(({ id }) => id).sort();
const left = async () => (await repositories.sessions.find(ctx.store.db)).map(({ id }) => id);

describe('ending sessions', () => {
  it('takes service sessions with their API session, and tells routers of it', async () => {
    await addSession('dial');
    await ctx.store.write((tx) => endApiSessions(tx, [{ id: 'api' }], ctx.clock()));
    expect(await left()).toEqual([]);
    expect(await revoked()).toEqual(['api']);
  });

  it('leaves the API session when a service session ends', async () => {
    await addSession('dial');
    await addSession('bind', 'Bind');
    await ctx.store.write((tx) => endServiceSessions(tx, [{ id: 'dial' }], ctx.clock()));
    expect(await left()).toEqual(['bind']);
    expect(await revoked()).toEqual(['dial']);
    expect(await repositories.apiSessions.get(ctx.store.db, 'api')).toBeDefined();
  });

  it('ends those of an identity, or of an authenticator, and no other', async () => {
    await ctx.insert('identities', { id: 'bob' });
    await ctx.insert('apiSessions', {
      id: 'other',
      identityId: 'bob',
      authenticatorId: 'key',
      tokenHash: 'other',
    });
    await ctx.store.write((tx) => endApiSessionsOf(tx, { authenticatorId: 'key' }, ctx.clock()));
    expect(await revoked()).toEqual(['other']);
    await ctx.store.write((tx) => endApiSessionsOf(tx, { identityId: 'alice' }, ctx.clock()));
    expect(await revoked()).toEqual(['api', 'other']);
  });

  it('says nothing of sessions that are not there', async () => {
    await ctx.store.write((tx) => endApiSessions(tx, [{ id: 'nothing' }], ctx.clock()));
    expect(await revoked()).toEqual([]);
  });
});

describe('revocations', () => {
  it('replace an earlier one of the same id and go when their time has come', async () => {
    const add = (lifeMs: number) =>
      ctx.store.write((tx) => revoke(tx, { id: 'x', type: 'JTI', nowMs: ctx.clock(), lifeMs }));
    await add(1000);
    await add(REVOCATION_MS);
    const sweep = () => ctx.store.write((tx) => sweepRevocations(tx, ctx.clock()));
    ctx.advance(REVOCATION_MS - 60_000);
    await sweep();
    expect(await revoked()).toEqual(['x']);
    ctx.advance(60_001);
    await sweep();
    expect(await revoked()).toEqual([]);
  });
});

describe('access that is taken away', () => {
  it('ends the sessions that stand for it as soon as the change is committed', async () => {
    const policy = { semantic: 'AnyOf' as const, identityRoles: ['#all'], serviceRoles: ['#all'] };
    await ctx.insert('servicePolicies', { id: 'dial', type: 'Dial', ...policy });
    await ctx.insert('servicePolicies', { id: 'bind', type: 'Bind', ...policy });
    await ctx.insert('edgeRouters', { id: 'r1' });
    const all = { semantic: 'AnyOf' as const, edgeRouterRoles: ['#all'] };
    await ctx.insert('edgeRouterPolicies', { id: 'erp', identityRoles: ['#all'], ...all });
    await ctx.insert('serviceEdgeRouterPolicies', { id: 'serp', serviceRoles: ['#all'], ...all });
    await addSession('dial');
    await addSession('bind', 'Bind');
    const enforcement = startAccessEnforcement(ctx);
    await enforcement.check();
    expect(await left()).toEqual(['bind', 'dial']);

    const ended = new Promise<void>((resolve) => {
      ctx.store.changes.subscribe(({ changes }) => {
        if (changes.some(({ kind }) => kind === 'revocation')) resolve();
      });
    });
    await ctx.store.write((tx) => repositories.servicePolicies.remove(tx, 'dial'));
    await ended;
    expect(await left()).toEqual(['bind']);
    enforcement.close();
  });
});
