/** Routers and connectors of two controllers on one database. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ControlPeer,
  issueCredential,
  type PeerCredential,
} from '../../../test/harness/control-peer.ts';
import { createTestContext, type TestContext } from '../../../test/harness/controller-context.ts';
import { postgresKind, type StoreKind } from '../../../test/harness/stores.ts';
import { createControlServer } from '../control/control-server.ts';
import { openTokenServices, type TokenServices } from '../grants/token-services.ts';
import { repositories } from '../store/repositories.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const kind = await postgresKind();

interface Controller {
  ctx: TestContext;
  tokens: TokenServices;
  server: Awaited<ReturnType<typeof createControlServer>>;
  close(): Promise<void>;
}

async function startController(store: StoreKind, authorityOf?: TestContext): Promise<Controller> {
  const ctx = await createTestContext({ store, ...(authorityOf && { authorityOf }) });
  const tokens = await openTokenServices(ctx);
  const server = await createControlServer(ctx, tokens);
  const close = async () => {
    await server.close();
    tokens.close();
    await ctx.dispose();
  };
  return { ctx, tokens, server, close };
}

describe.skipIf(!kind)('the control listeners of two controllers', () => {
  let a: Controller;
  let b: Controller;
  let disposeDatabase: () => Promise<void>;
  const peers: ControlPeer[] = [];
  beforeEach(async () => {
    if (!kind) return;
    const database = await kind.create();
    disposeDatabase = () => database.dispose();
    const shared: StoreKind = {
      name: 'PostgreSQL',
      create: () => Promise.resolve({ ...database, dispose: () => Promise.resolve() }),
    };
    a = await startController(shared);
    b = await startController(shared, a.ctx);
  });
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    for (const each of [a, b]) await each.close();
    await disposeDatabase();
  });

  const connect = async ({ ctx, server }: Controller, credential: PeerCredential, id: string) => {
    const target = { port: server.address.port, ca: ctx.pki.trustBundlePem };
    const peer = await ControlPeer.connect(target, credential, id);
    peers.push(peer);
    return peer;
  };
  const router = async (): Promise<PeerCredential> => {
    const credential = await issueCredential(a.ctx.pki, 'router', 'r1');
    const { fingerprint } = credential;
    await a.ctx.insert('edgeRouters', { id: 'r1', isVerified: true, fingerprint });
    return credential;
  };

  it('push to the routers of one what was written at the other', async () => {
    const peer = await connect(b, await router(), 'r1');
    peer.connection.subscribe();
    const { index } = await peer.next('snapshot');
    await a.ctx.insert('services', { id: 'wiki' });
    expect(await peer.next('delta')).toMatchObject({
      previousIndex: index,
      changes: [{ op: 'put', value: { id: 'wiki' } }],
    });
  });

  it('bring a router that fails over up to date with what it missed alone', async () => {
    const credential = await router();
    const first = await connect(a, credential, 'r1');
    first.connection.subscribe();
    const { timeline, index } = await first.next('snapshot');
    await b.ctx.insert('services', { id: 'missed' });
    const second = await connect(b, credential, 'r1');
    second.connection.subscribe({ timeline, index });
    expect(await second.next('delta')).toMatchObject({ previousIndex: index });
  });

  it('keep the newest connection of a peer, wherever it is, and the router online', async () => {
    const credential = await router();
    const first = await connect(a, credential, 'r1');
    first.connection.subscribe();
    await first.next('snapshot');
    first.connection.sendStatus({ edgeUrls: ['ws://127.0.0.1:1'], fabricAddresses: [], links: [] });
    await first.next('delta');
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const second = await connect(b, credential, 'r1');
      expect((await first.connection.closed).code).toBe('ERR_CONTROL_CLOSED');
      // The time after which a router that is gone counts as offline.
      await vi.advanceTimersByTimeAsync(6000);
      expect(second.connection.isOpen).toBe(true);
    } finally {
      vi.useRealTimers();
    }
    // Behind whatever the first controller still had to read and write.
    for (let at = 0; at < 5; at++) await a.ctx.store.write(() => Promise.resolve());
    expect(await repositories.edgeRouters.get(a.ctx.store.db, 'r1')).toMatchObject({
      isOnline: true,
    });
  });

  it('disconnect at one what was deleted or reset at the other', async () => {
    const credential = await router();
    const reset = await connect(b, credential, 'r1');
    a.ctx.events.emit('routerReset', { routerId: 'r1' });
    expect((await reset.connection.closed).code).toBe('ERR_CONTROL_CLOSED');
    const deleted = await connect(b, credential, 'r1');
    await a.ctx.store.write((tx) => repositories.edgeRouters.remove(tx, 'r1'));
    expect((await deleted.connection.closed).code).toBe('ERR_CONTROL_CLOSED');
  });

  it('look again at every connection when events were missed', async () => {
    const credential = await router();
    const peer = await connect(b, credential, 'r1');
    await a.ctx.store.write((tx) =>
      repositories.edgeRouters.update(tx, 'r1', { fingerprint: 'another certificate' }),
    );
    b.ctx.events.emit('eventsMissed');
    expect((await peer.connection.closed).code).toBe('ERR_CONTROL_CLOSED');
  });

  it('have keys of their own, each accepted by both', async () => {
    const own = [a, b].map(({ tokens }) => tokens.keys.current('grant').kid);
    expect(new Set(own).size).toBe(2);
    await b.tokens.keys.rotate('grant');
    await b.ctx.store.write(() => Promise.resolve());
    await a.ctx.store.write(() => Promise.resolve());
    const known = [a, b].map(({ tokens }) =>
      tokens.keys
        .all('grant')
        .map(({ kid }) => kid)
        .sort(),
    );
    expect(known[0]).toHaveLength(3);
    expect(known[0]).toEqual(known[1]);
    expect(a.tokens.keys.own('grant')).toHaveLength(1);
  });
});
