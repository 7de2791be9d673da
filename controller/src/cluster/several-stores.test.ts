import type { Delta } from '@postern/shared/schemas';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { postgresKind, type TestDatabase } from '../../../test/harness/stores.ts';
import { newService } from '../model/defaults.ts';
import { repositories } from '../store/repositories.ts';
import type { Store } from '../store/store.ts';
import { createRouterPresence } from './router-presence.ts';
import { createSharedReplayCache, sweepProofs } from './shared-replay-cache.ts';

// A PostgreSQL server on a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const kind = await postgresKind();

describe.skipIf(!kind)('several stores on one PostgreSQL database', () => {
  let database: TestDatabase;
  let first: Store;
  let second: Store;
  beforeEach(async () => {
    if (!kind) return;
    database = await kind.create();
    [first, second] = [await database.open(() => 0), await database.open(() => 0)];
  });
  afterEach(async () => {
    await first.close();
    await second.close();
    await database.dispose();
  });
  const add = (store: Store, name: string) =>
    store.write((tx) => repositories.services.insert(tx, newService({ name, id: name }, 0)));
  /** Resolves when `store` has delivered the change of index `index`. */
  const reached = (store: Store, index: number): Promise<void> =>
    new Promise((resolve) => {
      const stop = store.changes.subscribe((delta) => {
        if (delta.index < index) return;
        stop();
        resolve();
      });
      if (store.changes.index >= index) resolve();
    });

  it('tell each other of every change, in one order', async () => {
    const seen: Delta[][] = [[], []];
    [first, second].forEach((store, at) =>
      store.changes.subscribe((delta) => seen[at]?.push(delta)),
    );
    const names = Array.from({ length: 20 }, (_, at) => `s${at}`);
    await Promise.all(names.map((name, at) => add(at % 2 === 0 ? first : second, name)));
    await Promise.all([reached(first, 20), reached(second, 20)]);
    expect(seen[0]?.map(({ index }) => index)).toEqual(names.map((_, at) => at + 1));
    expect(seen[1]).toEqual(seen[0]);
    expect(first.changes.timeline).toBe(second.changes.timeline);
  });

  it('see what the others committed before they write', async () => {
    await add(first, 'counter');
    const increment = (store: Store) =>
      store.write(async (tx) => {
        const row = await repositories.services.get(tx.db, 'counter');
        const maxIdleTimeMillis = (row?.maxIdleTimeMillis ?? 0) + 1;
        await repositories.services.update(tx, 'counter', { maxIdleTimeMillis });
      });
    await Promise.all(
      Array.from({ length: 40 }, (_, at) => increment(at % 2 === 0 ? first : second)),
    );
    const row = await repositories.services.get(first.db, 'counter');
    expect(row?.maxIdleTimeMillis).toBe(40);
  });

  it('have delivered earlier changes of the others when a write begins', async () => {
    await add(first, 'one');
    let index = 0;
    await second.write(() => {
      index = second.changes.index;
      return Promise.resolve();
    });
    expect(index).toBe(1);
  });

  it('answer a router that comes from a controller which is ahead', async () => {
    await add(first, 'one');
    await add(first, 'two');
    expect(await second.changes.since(2)).toEqual([]);
    expect(await second.changes.since(3)).toBeUndefined();
  });

  it('catch up after their connection was cut, without a new hint', async () => {
    const caughtUp = reached(second, 2);
    const gap = new Promise<void>((resolve) => second.peers?.onGap(resolve));
    await add(first, 'one');
    await reached(second, 1);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'postern listener'`.execute(
      first.db,
    );
    await add(first, 'two');
    await Promise.all([gap, caughtUp]);
    expect(second.changes.index).toBe(2);
  });

  it('outlive a cut in the middle of a write, which fails and may be tried again', async () => {
    const cut = first.write(async (tx) => {
      await repositories.services.insert(tx, newService({ name: 'lost' }, 0));
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(second.db);
      await repositories.services.insert(tx, newService({ name: 'lost too' }, 0));
    });
    await expect(cut).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', retryable: true });
    await add(first, 'kept');
    const names = (await repositories.services.find(second.db)).map(({ name }) => name);
    expect(names).toEqual(['kept']);
  });

  it('start over when the log no longer holds what they missed', async () => {
    const reset = new Promise<void>((resolve) => second.changes.onReset(resolve));
    await first.db
      .insertInto('changeLog')
      .values({ index: 7, changes: '[]', createdAt: '' })
      .execute();
    await second.write(() => Promise.resolve());
    await reset;
    expect(second.changes.index).toBe(7);
    await add(second, 'next');
    expect(second.changes.index).toBe(8);
  });

  it('know whether another lives', async () => {
    const id = second.peers?.controllerId ?? '';
    expect(await first.peers?.isAlive(id)).toBe(true);
    expect(await first.peers?.isAlive('nobody')).toBe(false);
    await second.close();
    expect(await first.peers?.isAlive(id)).toBe(false);
    second = await database.open();
  });

  it('pass on messages, but not to the sender', async () => {
    const got = new Promise((resolve) => second.peers?.subscribe(resolve));
    first.peers?.subscribe(() => expect.unreachable());
    await first.peers?.send(first.db, { type: 'event', name: 'x', payload: { a: 1 } });
    expect(await got).toMatchObject({ type: 'event', name: 'x', payload: { a: 1 } });
  });

  it('take no word that is none of theirs', async () => {
    const got = new Promise((resolve) => second.peers?.subscribe(resolve));
    for (const payload of [
      '',
      'null',
      '[]',
      '{"type":"changed"}',
      '{"from":"x"}',
      'x'.repeat(5000),
    ])
      await sql`select pg_notify('postern', ${payload})`.execute(first.db);
    await first.peers?.send(first.db, { type: 'changed', index: 0 });
    expect(await got).toMatchObject({ type: 'changed', index: 0 });
  });

  it('accept a proof once among them all, until it is too old anyway', async () => {
    const caches = [first, second].map((store) =>
      createSharedReplayCache({ store, clock: () => 0 }),
    );
    const added = await Promise.all(caches.map(async (cache) => cache.add('proof', 1000)));
    expect(added.sort()).toEqual([false, true]);
    await sweepProofs({ store: first, clock: () => 999 });
    expect(await caches[0]?.add('proof', 1000)).toBe(false);
    await sweepProofs({ store: first, clock: () => 1000 });
    expect(await caches[1]?.add('proof', 1000)).toBe(true);
  });

  it('know whose routers are without a controller', async () => {
    const [here, there] = [createRouterPresence(first), createRouterPresence(second)];
    const names = { hostname: '', roleAttributes: '[]', appData: '{}', configs: '[]' };
    await first.write(async (tx) => {
      const router = {
        createdAt: '',
        updatedAt: '',
        tags: '{}',
        ctrlChanListeners: '{}',
        ...names,
      };
      const lists = { edgeUrls: '[]', fabricAddresses: '[]', links: '[]' };
      const flags = { cost: 0, noTraversal: 0, disabled: 0, isTunnelerEnabled: 0, isVerified: 1 };
      await tx.db
        .insertInto('edgeRouters')
        .values({
          id: 'r',
          name: 'r',
          isOnline: 1,
          isTransit: 0,
          ...router,
          ...lists,
          ...flags,
        })
        .execute();
    });
    await there.arrived('r');
    expect(await here.isElsewhere(first.db, 'r')).toBe(true);
    expect(await there.isElsewhere(second.db, 'r')).toBe(false);
    expect(await here.orphans()).toEqual([]);
    await second.close();
    expect(await here.isElsewhere(first.db, 'r')).toBe(false);
    expect(await here.orphans()).toEqual(['r']);
    await here.arrived('r');
    expect(await here.orphans()).toEqual([]);
    second = await database.open();
  });
});
