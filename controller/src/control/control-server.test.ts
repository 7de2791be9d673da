import { createKeySet, verifyBindGrant } from '@postern/shared/grants';
import { entityKey } from '@postern/shared/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlPeer, issueCredential } from '../../../test/harness/control-peer.ts';
import { createTestContext, type TestContext } from '../../../test/harness/controller-context.ts';
import { openTokenServices, type TokenServices } from '../grants/token-services.ts';
import { repositories } from '../store/repositories.ts';
import type { ControlServer } from '../context.ts';
import { createControlServer } from './control-server.ts';

let ctx: TestContext;
let tokens: TokenServices;
let server: ControlServer;
const peers: ControlPeer[] = [];

beforeEach(async () => {
  ctx = await createTestContext();
  tokens = await openTokenServices(ctx);
  server = await createControlServer(ctx, tokens);
  await ctx.insert('services', { id: 'wiki' });
  await ctx.insert('identities', { id: 'alice' });
  await ctx.insert('servicePolicies', {
    id: 'dial',
    type: 'Dial',
    semantic: 'AnyOf',
    identityRoles: ['@alice'],
    serviceRoles: ['#all'],
  });
  await ctx.insert('servicePolicies', {
    id: 'bind',
    type: 'Bind',
    semantic: 'AnyOf',
    identityRoles: ['@host'],
    serviceRoles: ['#all'],
  });
  await ctx.insert('edgeRouterPolicies', {
    id: 'erp',
    semantic: 'AnyOf',
    identityRoles: ['#all'],
    edgeRouterRoles: ['#all'],
  });
  await ctx.insert('serviceEdgeRouterPolicies', {
    id: 'serp',
    semantic: 'AnyOf',
    serviceRoles: ['#all'],
    edgeRouterRoles: ['#all'],
  });
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await server.close();
  tokens.close();
  await ctx.dispose();
});

const target = () => ({ port: server.address.port, ca: ctx.pki.trustBundlePem });

async function connectRouter(id = 'r1'): Promise<ControlPeer> {
  const credential = await issueCredential(ctx.pki, 'router', id);
  const { fingerprint } = credential;
  await ctx.insert('edgeRouters', { id, isVerified: true, fingerprint });
  const peer = await ControlPeer.connect(target(), credential, id);
  peers.push(peer);
  return peer;
}

async function connectHost(id = 'host'): Promise<ControlPeer> {
  const credential = await issueCredential(ctx.pki, 'identity', id);
  const { fingerprint } = credential;
  await ctx.insert('identities', { id });
  await ctx.insert('authenticators', {
    id: `a-${id}`,
    method: 'cert',
    identityId: id,
    fingerprint,
  });
  const peer = await ControlPeer.connect(target(), credential, id);
  peers.push(peer);
  return peer;
}

const status = {
  edgeUrls: ['ws://127.0.0.1:1/edge'],
  fabricAddresses: ['tls:127.0.0.1:2'],
  links: [],
};

describe('a router', () => {
  it('gets a snapshot, then each change at once and in order', async () => {
    const router = await connectRouter();
    router.connection.subscribe();
    const snapshot = await router.next('snapshot');
    expect(snapshot.entities.servicePolicy.map(({ id }) => id)).toEqual(['bind', 'dial']);
    expect(snapshot.entities.signingKey.map(({ use }) => use).sort()).toEqual([
      'assertion',
      'grant',
      'session',
      'token',
    ]);

    const startedMs = performance.now();
    await ctx.store.write((tx) => repositories.servicePolicies.remove(tx, 'dial'));
    const delta = await router.next('delta');
    expect(performance.now() - startedMs).toBeLessThan(100);
    expect(delta).toEqual({
      timeline: snapshot.timeline,
      previousIndex: snapshot.index,
      index: snapshot.index + 1,
      changes: [{ op: 'delete', kind: 'servicePolicy', key: 'dial' }],
    });
  });

  it('that comes back gets only what it missed', async () => {
    const router = await connectRouter();
    router.connection.subscribe();
    const { timeline, index } = await router.next('snapshot');
    await ctx.insert('services', { id: 'chat' });
    router.connection.subscribe({ timeline, index });
    expect((await router.next('delta')).index).toBe(index + 1);
  });

  it('reports status and terminators, which policy filters', async () => {
    const router = await connectRouter();
    router.connection.subscribe();
    await router.next('snapshot');
    await ctx.insert('identities', { id: 'host' });
    await ctx.insert('identities', { id: 'stranger' });
    router.connection.sendStatus(status);
    await router.until('delta', ({ changes }) =>
      changes.some(
        (change) => change.op === 'put' && change.kind === 'router' && change.value.isOnline,
      ),
    );
    const terminator = { serviceId: 'wiki', cost: 1, precedence: 'default' as const };
    router.connection.sendTerminators({
      terminators: [
        { id: 't1', hostId: 'host', ...terminator },
        { id: 't2', hostId: 'stranger', ...terminator },
      ],
    });
    const added = await router.until('delta', ({ changes }) =>
      changes.some(({ kind }) => kind === 'terminator'),
    );
    expect(added.changes).toMatchObject([{ op: 'put', value: { id: 't1', routerId: 'r1' } }]);

    // Losing the right to bind takes the terminator away; getting it back restores it.
    await ctx.store.write((tx) => repositories.servicePolicies.remove(tx, 'bind'));
    await router.until('delta', ({ changes }) =>
      changes.some((change) => change.op === 'delete' && change.key === 't1'),
    );
    router.connection.sendTerminators({ terminators: [] });
  });

  it('cannot take over the terminator of another router', async () => {
    await ctx.insert('identities', { id: 'host' });
    const [first, second] = [await connectRouter('r1'), await connectRouter('r2')];
    first.connection.subscribe();
    await first.next('snapshot');
    const terminator = {
      id: 't1',
      hostId: 'host',
      serviceId: 'wiki',
      cost: 1,
      precedence: 'default' as const,
    };
    first.connection.sendTerminators({ terminators: [terminator] });
    await first.until('delta', ({ changes }) => changes.some(({ kind }) => kind === 'terminator'));
    second.connection.sendTerminators({ terminators: [{ ...terminator, cost: 0 }] });
    second.connection.sendStatus(status);
    await first.until('delta', ({ changes }) =>
      changes.some(
        (change) => change.op === 'put' && change.kind === 'router' && change.value.id === 'r2',
      ),
    );
    expect(await repositories.terminators.find(ctx.store.db)).toMatchObject([
      { id: 't1', routerId: 'r1', cost: 1 },
    ]);
  });

  it('cannot give an instance to a host that does not share its secret', async () => {
    for (const id of ['host', 'host2', 'host3']) await ctx.insert('identities', { id });
    const bind = await repositories.servicePolicies.get(ctx.store.db, 'bind');
    await ctx.store.write((tx) =>
      repositories.servicePolicies.update(tx, 'bind', {
        identityRoles: [...(bind?.identityRoles ?? []), '@host2', '@host3'],
      }),
    );
    const [first, second] = [await connectRouter('r1'), await connectRouter('r2')];
    first.connection.subscribe();
    await first.next('snapshot');
    const terminator = (id: string, hostId: string, instanceProof?: string) => ({
      ...{ id, hostId, serviceId: 'wiki', cost: 1, precedence: 'default' as const },
      instanceId: 'alpha',
      ...(instanceProof !== undefined && { instanceProof }),
    });
    const seen = (id: string) =>
      first.until('delta', ({ changes }) =>
        changes.some(
          (change) => change.op === 'put' && entityKey(change.kind, change.value) === id,
        ),
      );
    first.connection.sendTerminators({ terminators: [terminator('t1', 'host', 'proof')] });
    expect((await seen('t1')).changes).toMatchObject([
      { value: { instanceId: 'alpha', instanceProof: 'proof' } },
    ]);
    second.connection.sendTerminators({
      terminators: [terminator('t2', 'host2', 'other'), terminator('t3', 'host3', 'proof')],
    });
    await seen('t3');
    const ids = (await repositories.terminators.find(ctx.store.db)).map(({ id }) => id);
    expect(ids.sort()).toEqual(['t1', 't3']);
  });

  it('is disconnected when deleted', async () => {
    const router = await connectRouter();
    await ctx.store.write((tx) => repositories.edgeRouters.remove(tx, 'r1'));
    expect((await router.connection.closed).code).toBe('ERR_CONTROL_CLOSED');
  });

  it('has one connection: the newest', async () => {
    const credential = await issueCredential(ctx.pki, 'router', 'r1');
    await ctx.insert('edgeRouters', {
      id: 'r1',
      isVerified: true,
      fingerprint: credential.fingerprint,
    });
    const first = await ControlPeer.connect(target(), credential, 'r1');
    const second = await ControlPeer.connect(target(), credential, 'r1');
    peers.push(first, second);
    await first.connection.closed;
    expect(second.connection.isOpen).toBe(true);
  });

  describe('its circuits', () => {
    const circuit = {
      circuitId: 'c1',
      serviceId: 'wiki',
      identityId: 'alice',
      sessionId: 'session1',
      path: ['r1'],
    };
    const listed = () => ctx.live.network.circuits().map(({ circuitId }) => circuitId);
    /** Resolves once the controller has taken everything sent before. */
    const taken = async (router: ControlPeer) => {
      router.connection.subscribe();
      await router.next('snapshot');
    };

    it('are listed from its report and its events', async () => {
      const router = await connectRouter();
      router.connection.sendCircuits({ circuits: [circuit] });
      router.connection.sendCircuitEvent({ kind: 'opened', ...circuit, circuitId: 'c2' });
      await taken(router);
      expect(ctx.live.network.circuits()).toMatchObject([
        { circuitId: 'c1', routerId: 'r1', sessionId: 'session1' },
        { circuitId: 'c2', routerId: 'r1' },
      ]);
      expect([...ctx.live.network.callers()]).toEqual(['alice']);
      router.connection.sendCircuitEvent({ kind: 'closed', ...circuit, reason: 'OK' });
      router.connection.sendCircuitEvent({ kind: 'closed', ...circuit, circuitId: 'unknown' });
      await taken(router);
      expect(listed()).toEqual(['c2']);
    });

    it('are as of its latest connection, whatever was missed', async () => {
      const credential = await issueCredential(ctx.pki, 'router', 'r1');
      const { fingerprint } = credential;
      await ctx.insert('edgeRouters', { id: 'r1', isVerified: true, fingerprint });
      for (const circuitId of ['before', 'after']) {
        const peer = await ControlPeer.connect(target(), credential, 'r1');
        peers.push(peer);
        peer.connection.sendCircuits({ circuits: [{ ...circuit, circuitId }] });
        await taken(peer);
      }
      expect(listed()).toEqual(['after']);
    });

    it('cannot be ended or hidden by another router', async () => {
      const [first, second] = [await connectRouter('r1'), await connectRouter('r2')];
      first.connection.sendCircuits({ circuits: [circuit] });
      await taken(first);
      second.connection.sendCircuits({ circuits: [] });
      second.connection.sendCircuitEvent({ kind: 'closed', ...circuit });
      await taken(second);
      expect(listed()).toEqual(['c1']);
    });

    it('are closed at the router they began at', async () => {
      const router = await connectRouter();
      router.connection.sendCircuits({ circuits: [circuit] });
      await taken(router);
      expect(ctx.live.network.closeCircuit('unknown', 'ERR_CIRCUIT_ENDED')).toBe(false);
      expect(ctx.live.network.closeCircuit('c1', 'ERR_CIRCUIT_ENDED')).toBe(true);
      expect(await router.next('closeCircuit')).toEqual({
        circuitId: 'c1',
        code: 'ERR_CIRCUIT_ENDED',
      });
    });
  });
});

describe('a connector', () => {
  it('gets what it hosts, with grants for its own key', async () => {
    await ctx.insert('applications', { id: 'app', serviceId: 'wiki', origin: 'http://wiki.test' });
    await ctx.insert('edgeRouters', { id: 'r1', fabricAddresses: ['tls:127.0.0.1:2'] });
    const host = await connectHost();
    const state = await host.next('hostState');
    expect(state).toMatchObject({
      identity: { id: 'host' },
      routers: [{ id: 'r1', fabricAddresses: ['tls:127.0.0.1:2'] }],
      services: [{ id: 'wiki', applicationOrigin: 'http://wiki.test' }],
    });
    const claims = await verifyBindGrant(state.services[0]?.bindGrant ?? '', {
      keys: createKeySet(state.keys),
      time: { nowMs: ctx.clock(), connected: true },
      serviceId: 'wiki',
      hosts: ['host'],
    });
    expect(claims.exp - claims.iat).toBe(3600);
  });

  it('learns of a new service, and of a new application', async () => {
    await ctx.insert('edgeRouters', { id: 'r1' });
    const host = await connectHost();
    await host.next('hostState');
    await ctx.insert('services', { id: 'chat' });
    expect((await host.next('hostState')).services.map(({ id }) => id)).toEqual(['chat', 'wiki']);
    await ctx.insert('applications', { id: 'app', serviceId: 'chat', origin: 'http://chat.test' });
    ctx.events.emit('entityWritten', { plural: 'applications' });
    expect((await host.next('hostState')).services[0]).toMatchObject({
      applicationOrigin: 'http://chat.test',
    });
  });

  it('learns how to host a service, from the config for itself before that of the service', async () => {
    const configOf = (port: number) => ({ protocol: 'tcp', address: '10.0.0.1', port });
    const type = { id: 'NH5p4FpGR', name: 'host.v1', schema: {} };
    await ctx.insert('edgeRouters', { id: 'r1' });
    await ctx.insert('configTypes', type);
    await ctx.insert('configs', { id: 'c1', configTypeId: type.id, data: configOf(1) });
    await ctx.insert('configs', { id: 'c2', configTypeId: type.id, data: configOf(2) });
    await ctx.insert('configs', {
      id: 'c3',
      configTypeId: type.id,
      data: { ...configOf(3), address: 'x'.repeat(17_000) },
    });
    const host = await connectHost();
    expect((await host.next('hostState')).services[0]).not.toHaveProperty('hostConfig');

    const configure = (...configs: string[]) =>
      ctx.store.write((tx) => repositories.services.update(tx, 'wiki', { configs }));
    const next = async () => {
      ctx.events.emit('entityWritten', { plural: 'services' });
      return (await host.next('hostState')).services[0]?.hostConfig;
    };
    await configure('c1');
    expect(await next()).toEqual({ type: 'host.v1', data: configOf(1) });
    await ctx.insert('identityConfigs', {
      id: 'o1',
      identityId: 'host',
      serviceId: 'wiki',
      configId: 'c2',
    });
    expect(await next()).toEqual({ type: 'host.v1', data: configOf(2) });
    await ctx.store.write((tx) => repositories.identityConfigs.remove(tx, 'o1'));
    await configure('c3');
    expect(await next()).toBeUndefined();
  });

  it('is told who lost access, is disabled or signed out', async () => {
    await ctx.insert('edgeRouters', { id: 'r1' });
    const host = await connectHost();
    await host.next('hostState');
    await ctx.store.write((tx) => repositories.servicePolicies.remove(tx, 'dial'));
    expect(await host.next('hostRevocation')).toEqual({
      serviceId: 'wiki',
      identityId: 'alice',
      code: 'ERR_ACCESS_REMOVED',
    });

    const disabledAt = new Date(ctx.clock()).toISOString();
    await ctx.store.write((tx) => repositories.identities.update(tx, 'alice', { disabledAt }));
    expect(await host.next('hostRevocation')).toEqual({
      identityId: 'alice',
      code: 'ERR_IDENTITY_DISABLED',
    });

    const { session } = await tokens.sessions.create({
      identityId: 'alice',
      deviceThumbprint: 'jkt',
      method: 'password',
      signerId: null,
      mfaAtMs: null,
      secondSignerId: null,
      lifeMs: 60_000,
    });
    await tokens.sessions.endIdentity('alice');
    expect(await host.next('hostRevocation')).toEqual({
      sessionId: session.id,
      code: 'ERR_SESSION_ENDED',
    });
  });

  it('may not speak as a router', async () => {
    const host = await connectHost();
    host.connection.sendStatus(status);
    expect((await host.connection.closed).code).toBe('ERR_CONTROL_CLOSED');
  });

  it('is disconnected when disabled', async () => {
    const host = await connectHost();
    const disabledAt = new Date(ctx.clock()).toISOString();
    await ctx.store.write((tx) => repositories.identities.update(tx, 'host', { disabledAt }));
    expect((await host.connection.closed).code).toBe('ERR_CONTROL_CLOSED');
  });
});

describe('the listener refuses', () => {
  it('a peer without a certificate', async () => {
    await expect(ControlPeer.connect(target(), undefined, 'r1')).rejects.toThrow();
  });

  it('another ALPN protocol', async () => {
    const credential = await issueCredential(ctx.pki, 'router', 'r1');
    const { fingerprint } = credential;
    await ctx.insert('edgeRouters', { id: 'r1', isVerified: true, fingerprint });
    await expect(ControlPeer.connect(target(), credential, 'r1', 'ziti-edge')).rejects.toThrow();
  });

  it('a certificate of another CA with the same names', async () => {
    const other = await createTestContext();
    const credential = await issueCredential(other.pki, 'router', 'r1');
    await other.dispose();
    const { fingerprint } = credential;
    await ctx.insert('edgeRouters', { id: 'r1', isVerified: true, fingerprint });
    await expect(ControlPeer.connect(target(), credential, 'r1')).rejects.toThrow();
  });

  it('a router that is unknown, not verified, disabled or enrolled anew', async () => {
    const credential = await issueCredential(ctx.pki, 'router', 'r1');
    const { fingerprint } = credential;
    const attempt = () => ControlPeer.connect(target(), credential, 'r1');
    await expect(attempt()).rejects.toThrow();
    const states = [
      { isVerified: false, fingerprint },
      { isVerified: true, disabled: true, fingerprint },
      { isVerified: true, fingerprint: '00' },
    ];
    for (const state of states) {
      await ctx.insert('edgeRouters', { id: 'r1', ...state });
      await expect(attempt()).rejects.toThrow();
      await ctx.store.write((tx) => repositories.edgeRouters.remove(tx, 'r1'));
    }
  });

  it('an identity’s certificate in a router’s place', async () => {
    const credential = await issueCredential(ctx.pki, 'identity', 'r1');
    const { fingerprint } = credential;
    await ctx.insert('edgeRouters', { id: 'r1', isVerified: true, fingerprint });
    await expect(ControlPeer.connect(target(), credential, 'r1')).rejects.toThrow();
  });

  it('an expired certificate', async () => {
    ctx.advance(-40 * 86_400_000);
    const credential = await issueCredential(ctx.pki, 'router', 'r1');
    ctx.advance(40 * 86_400_000);
    const { fingerprint } = credential;
    await ctx.insert('edgeRouters', { id: 'r1', isVerified: true, fingerprint });
    await expect(ControlPeer.connect(target(), credential, 'r1')).rejects.toThrow();
  });
});
