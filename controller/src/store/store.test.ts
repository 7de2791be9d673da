import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delta } from '@postern/shared/schemas';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultAuthPolicy } from '../model/defaults.ts';
import { newIdentity, newService } from '../model/defaults.ts';
import { openStore } from './open-store.ts';
import { repositories } from './repositories.ts';
import type { Store } from './store.ts';
import { modelTables } from './tables.ts';

let dir: string;
let store: Store;
const open = () => openStore({ file: join(dir, 'store.db'), clock: () => 0 });
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-store-'));
  store = await open();
  await store.write((tx) => repositories.authPolicies.insert(tx, defaultAuthPolicy(0)));
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

describe('store', () => {
  it('has exactly the columns the model describes', async () => {
    for (const table of modelTables) {
      const { rows } = await sql<{ name: string; notnull: number }>`
        select name, "notnull" from pragma_table_info(${table.name})`.execute(store.db);
      const described = Object.entries(table.columns).map(
        ([name, { nullable }]) => `${name}${nullable ? '?' : ''}`,
      );
      const secret = Object.entries(table.columns)
        .filter(([, c]) => c.secret)
        .map(([name]) => name);
      const plain = (names: string[]) => names.map((name) => name.replace('?', '')).sort();
      const found = rows.map((row) => `${row.name}${row.notnull === 0 ? '?' : ''}`);
      expect(plain(found), table.name).toEqual(plain(described));
      const nullability = (names: string[]) =>
        names.filter((n) => !secret.includes(n.replace('?', ''))).sort();
      expect(nullability(found), table.name).toEqual(nullability(described));
    }
  });

  it('delivers each committed model change once, in order, and replays it from the log', async () => {
    const seen: Delta[] = [];
    const stop = store.changes.subscribe((delta) => seen.push(delta));
    await Promise.all(
      [1, 2, 3].map((n) =>
        store.write((tx) => repositories.services.insert(tx, newService({ name: `s${n}` }, 0))),
      ),
    );
    expect(seen.map((delta) => [delta.previousIndex, delta.index])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(await store.changes.since(1)).toEqual(seen.slice(1));
    expect(await store.changes.since(4)).toBeUndefined();
    stop();
    await store.close();
    const { timeline } = store.changes;
    store = await open();
    expect(store.changes).toMatchObject({ timeline, index: 3 });
    expect(await store.changes.since(0)).toEqual(seen);
  });

  it('keeps and tells nothing of a write that fails', async () => {
    const seen: Delta[] = [];
    store.changes.subscribe((delta) => seen.push(delta));
    const failing = store.write(async (tx) => {
      await repositories.services.insert(tx, newService({ name: 's' }, 0));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(seen).toEqual([]);
    expect(store.changes.index).toBe(0);
    expect(await repositories.services.find(store.db)).toEqual([]);
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
});
