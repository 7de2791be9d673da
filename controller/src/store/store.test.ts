import type { Delta } from '@postern/shared/schemas';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stores, type TestDatabase } from '../../../test/harness/stores.ts';
import { defaultAuthPolicy, newIdentity, newService } from '../model/defaults.ts';
import { repositories } from './repositories.ts';
import type { Store } from './store.ts';
import { modelTables } from './tables.ts';

// A PostgreSQL server on a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describe.each(await stores())('the store on $name', ({ create }) => {
  let database: TestDatabase;
  let store: Store;
  const open = () => database.open(() => 0);
  const addService = (name: string) =>
    store.write((tx) => repositories.services.insert(tx, newService({ name }, 0)));
  beforeEach(async () => {
    database = await create();
    store = await open();
    await store.write((tx) => repositories.authPolicies.insert(tx, defaultAuthPolicy(0)));
  });
  afterEach(async () => {
    await store.close();
    await database.dispose();
  });

  it('has exactly the columns the model describes', async () => {
    const tables = new Map(
      (await store.db.introspection.getTables()).map(({ name, columns }) => [name, columns]),
    );
    for (const table of modelTables) {
      const found = tables.get(table.name) ?? [];
      const described = Object.entries(table.columns);
      expect(found.map(({ name }) => name).sort(), table.name).toEqual(
        described.map(([name]) => name).sort(),
      );
      const nullable = new Map(found.map(({ name, isNullable }) => [name, isNullable]));
      for (const [name, column] of described) {
        if (!column.secret) expect(nullable.get(name), name).toBe(column.nullable);
      }
    }
  });

  it('gives back what it was given', async () => {
    const identity = newIdentity(
      {
        name: 'Zoë "the" \\ 漢字 \u0001 😀',
        tags: {
          level: 3.5,
          on: true,
          off: false,
          none: null,
          text: "'; drop table identities; --",
        },
        roleAttributes: ['a', 'ä', ''],
        isAdmin: true,
        externalId: null,
        defaultHostingCost: 65_535,
        envInfo: { os: 'linux' },
      },
      0,
    );
    await store.write((tx) => repositories.identities.insert(tx, identity));
    expect(await repositories.identities.get(store.db, identity.id)).toEqual(identity);
    const service = newService({ name: 's', maxIdleTimeMillis: 2 ** 53 - 1 }, 0);
    await store.write((tx) => repositories.services.insert(tx, service));
    expect(await repositories.services.get(store.db, service.id)).toEqual(service);
  });

  it('updates the given members only and says what there was to remove', async () => {
    const service = await addService('one');
    await store.write(async (tx) => {
      const updated = await repositories.services.update(tx, service.id, { name: 'two' });
      expect(updated).toEqual({ ...service, name: 'two' });
      expect(await repositories.services.update(tx, 'nobody', { name: 'x' })).toBeUndefined();
    });
    expect(await repositories.services.find(store.db, { name: 'two' })).toHaveLength(1);
    await store.write(async (tx) => {
      expect(await repositories.services.remove(tx, service.id)).toBe(true);
      expect(await repositories.services.remove(tx, service.id)).toBe(false);
    });
    expect(await repositories.services.find(store.db)).toEqual([]);
  });

  it('finds rows among any number of values', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `s${at}`);
    await store.write(async (tx) => {
      for (const name of names) await repositories.services.insert(tx, newService({ name }, 0));
    });
    const many = Array.from({ length: 40_000 }, (_, at) => `s${at}`);
    const found = await repositories.services.findIn(store.db, 'name', many);
    expect(found.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(await repositories.services.findIn(store.db, 'name', [])).toEqual([]);
  });

  it('delivers each committed model change once, in order, and replays it from the log', async () => {
    const seen: Delta[] = [];
    const stop = store.changes.subscribe((delta) => seen.push(delta));
    await Promise.all([1, 2, 3].map((n) => addService(`s${n}`)));
    expect(seen.map((delta) => [delta.previousIndex, delta.index])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(await store.changes.since(1)).toEqual(seen.slice(1));
    expect(await store.changes.since(3)).toEqual([]);
    expect(await store.changes.since(4)).toBeUndefined();
    stop();
    await store.close();
    const { timeline } = store.changes;
    store = await open();
    expect(store.changes).toMatchObject({ timeline, index: 3 });
    expect(await store.changes.since(0)).toEqual(seen);
  });

  it('keeps and tells nothing of a write that fails', async () => {
    const seen: unknown[] = [];
    store.changes.subscribe((delta) => seen.push(delta));
    const failing = store.write(async (tx) => {
      await repositories.services.insert(tx, newService({ name: 's' }, 0));
      tx.afterCommit(() => seen.push('committed'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(seen).toEqual([]);
    expect(store.changes.index).toBe(0);
    expect(await repositories.services.find(store.db)).toEqual([]);
    await addService('s');
    expect(store.changes.index).toBe(1);
  });

  it('refuses a name twice and a reference to nothing', async () => {
    await addService('taken');
    await expect(addService('taken')).rejects.toThrow();
    const orphan = newIdentity({ name: 'x', authPolicyId: 'absent' }, 0);
    await expect(store.write((tx) => repositories.identities.insert(tx, orphan))).rejects.toThrow();
    expect(await repositories.services.find(store.db)).toHaveLength(1);
  });

  it('runs writes one after the other', async () => {
    await addService('counter');
    const increment = () =>
      store.write(async (tx) => {
        const [row] = await repositories.services.find(tx.db, { name: 'counter' });
        const maxIdleTimeMillis = (row?.maxIdleTimeMillis ?? 0) + 1;
        await repositories.services.update(tx, row?.id ?? '', { maxIdleTimeMillis });
      });
    await Promise.all(Array.from({ length: 20 }, increment));
    expect(await repositories.services.find(store.db)).toMatchObject([{ maxIdleTimeMillis: 20 }]);
  });

  it('takes snapshots that stand at their index', async () => {
    await store.write((tx) =>
      repositories.identities.insert(tx, newIdentity({ name: 'ann', roleAttributes: ['a'] }, 0)),
    );
    store.addSnapshotSource('revocation', () => Promise.resolve([{ id: 'r', expiresAtMs: 1 }]));
    const snapshot = await store.snapshot();
    expect(snapshot.index).toBe(1);
    expect(snapshot.entities.identity).toMatchObject([
      { name: 'ann', disabled: false, roleAttributes: ['a'] },
    ]);
    expect(snapshot.entities.revocation).toEqual([{ id: 'r', expiresAtMs: 1 }]);
  });

  it('migrates once when opened several times at once', async () => {
    const fresh = await create();
    // SQLite has one user at a time.
    const opened =
      fresh.kind === 'sqlite'
        ? [await fresh.open()]
        : await Promise.all([1, 2, 3].map(() => fresh.open()));
    expect(new Set(opened.map(({ changes }) => changes.timeline)).size).toBe(1);
    for (const other of opened) await other.close();
    await fresh.dispose();
  });
});
