import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@postern/shared/log';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sqliteKind, stores, type TestDatabase } from '../../../../test/harness/stores.ts';
import { defaultAuthPolicy, newIdentity, newService } from '../../model/defaults.ts';
import { dialectOf } from '../dialect.ts';
import { repositories } from '../repositories.ts';
import type { Store } from '../store.ts';
import { backUpController, restoreController } from './index.ts';

vi.setConfig({ testTimeout: 60_000 });
const kinds = await stores();
const pairs = kinds.flatMap((from) =>
  kinds.map((to) => ({ from, to, names: `${from.name} to ${to.name}` })),
);
const logger = silentLogger;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-backup-'));
});
afterAll(() => rm(dir, { recursive: true }));

const back = async (database: TestDatabase, name: string): Promise<string> => {
  const file = join(dir, name);
  await backUpController({ dataDir: dir, store: await database.config() }, file, { logger });
  return file;
};
const fill = async (database: TestDatabase, file: string): Promise<number> =>
  restoreController({ dataDir: dir, store: await database.config() }, file, { logger });
const addService = (store: Store, name: string) =>
  store.write((tx) => repositories.services.insert(tx, newService({ name }, 0)));

/** Every row of every table, but the name of the change log. */
async function everything({ db }: Store): Promise<Record<string, unknown[]>> {
  const tables: Record<string, unknown[]> = {};
  for (const table of await dialectOf(db).tables(db)) {
    const { rows } = await sql<{ key?: string }>`select * from ${sql.table(table)}`.execute(db);
    tables[table] = rows
      .filter(({ key }) => key !== 'timeline')
      .map((row) => JSON.stringify(row, Object.keys(row).sort()))
      .sort();
  }
  return tables;
}

describe.each(pairs)('a backup from $names', ({ from, to }) => {
  it('holds everything, and is new data to routers', async () => {
    const [source, target] = [await from.create(), await to.create()];
    const store = await source.open(() => 0);
    await store.write(async (tx) => {
      await repositories.authPolicies.insert(tx, defaultAuthPolicy(0));
      const tags = { text: 'ä "quoted" \\ \n', number: 1.5, no: false, none: null };
      await repositories.identities.insert(tx, newIdentity({ name: 'ann', tags }, 0));
      // More than a page, and rows that were moved within the table.
      for (let at = 0; at < 1100; at++)
        await repositories.services.insert(tx, newService({ name: `s${at}`, id: `s${at}` }, 0));
      for (let at = 0; at < 1100; at += 7)
        await repositories.services.update(tx, `s${at}`, { maxIdleTimeMillis: at });
    });
    const file = await back(source, `${from.name}-${to.name}`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const rows = await fill(target, file);
    const restored = await target.open(() => 0);
    const copy = await everything(restored);
    expect(copy).toEqual(await everything(store));
    expect(rows).toBe(Object.values(copy).flat().length + 1);
    expect(restored.changes.index).toBe(store.changes.index);
    expect(restored.changes.timeline).not.toBe(store.changes.timeline);
    await addService(restored, 'next');
    for (const each of [store, restored]) await each.close();
    for (const each of [source, target]) await each.dispose();
  });
});

describe.each(kinds)('a backup of $name', ({ create }) => {
  it('is one state of a database that is written to', async () => {
    const [source, target] = [await create(), await create()];
    const store = await source.open();
    await addService(store, 'first');
    const stop = new AbortController();
    const writing = (async () => {
      for (let at = 0; at < 5000 && !stop.signal.aborted; at++) {
        await addService(store, `s${at}`);
        // SQLite answers without leaving this turn of the event loop.
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const file = await back(source, `running-${source.kind}`).finally(() => stop.abort());
    await writing;
    await store.close();
    await fill(target, file);
    const restored = await target.open();
    const services = await repositories.services.find(restored.db);
    expect(services.length).toBeGreaterThan(0);
    expect(restored.changes.index).toBe(services.length);
    await restored.close();
    for (const each of [source, target]) await each.dispose();
  });

  it('is not restored over data', async () => {
    const database = await create();
    const store = await database.open();
    await addService(store, 'mine');
    const file = await back(database, `own-${database.kind}`);
    await expect(fill(database, file)).rejects.toMatchObject({ code: 'ERR_STORE_NOT_EMPTY' });
    expect(await repositories.services.find(store.db)).toHaveLength(1);
    await store.close();
    await database.dispose();
  });

  it('is not made of a database without our tables, nor of a newer one', async () => {
    const database = await create();
    await expect(back(database, 'none')).rejects.toMatchObject({ code: 'ERR_STORE_OLDER' });
    const store = await database.open();
    await sql`insert into kysely_migration values ('9999-future', '2030-01-01')`.execute(store.db);
    await store.close();
    await expect(back(database, 'none')).rejects.toMatchObject({ code: 'ERR_STORE_NEWER' });
    await expect(database.open()).rejects.toMatchObject({
      code: 'ERR_STORE_NEWER',
      message: expect.stringContaining('9999-future') as string,
    });
    await expect(stat(join(dir, 'none'))).rejects.toThrow();
    await expect(stat(join(dir, 'none.partial'))).rejects.toThrow();
    await database.dispose();
  });
});

describe('a damaged backup', () => {
  const sound = async (): Promise<string> => {
    const database = await sqliteKind.create();
    const store = await database.open();
    await addService(store, 'kept');
    await store.close();
    const file = await back(database, 'sound');
    await database.dispose();
    const text = await readFile(file, 'utf8');
    await rm(file);
    return text;
  };
  const attacks: Record<string, (text: string) => string> = {
    'cut in a row': (text) => text.slice(0, text.length / 2),
    'without its last line': (text) => text.slice(0, text.trimEnd().lastIndexOf('\n') + 1),
    'without one row': (text) => text.replace(/.*"name":"kept".*\n/, ''),
    'with another value': (text) => text.replace('"name":"kept"', '"name":"evil"'),
    'with something after its end': (text) => `${text}{}\n`,
    'of a newer version': (text) => text.replace(/"schema":"[^"]*"/, '"schema":"9999-future"'),
    'of another format': (text) => text.replace('postern-backup', 'something'),
    'without anything': () => '',
  };
  it.each(Object.entries(attacks))('%s is refused and leaves nothing behind', async (_, attack) => {
    const file = join(dir, 'damaged');
    await writeFile(file, attack(await sound()));
    const database = await sqliteKind.create();
    await expect(fill(database, file)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(BACKUP_INVALID|STORE_NEWER)$/) as string,
    });
    const store = await database.open();
    expect(await repositories.services.find(store.db)).toEqual([]);
    await store.close();
    await database.dispose();
  });
});

describe('a SQLite file', () => {
  it('that is damaged is refused, with what to do', async () => {
    const database = await sqliteKind.create();
    const store = await database.open();
    for (let at = 0; at < 50; at++) await addService(store, `s${at}`);
    await sql`pragma wal_checkpoint(truncate)`.execute(store.db);
    await store.close();
    const config = await database.config();
    const file = 'file' in config ? (config.file ?? '') : '';
    const bytes = await readFile(file);
    bytes.fill(0xa5, bytes.length / 2);
    await writeFile(file, bytes);
    await expect(database.open()).rejects.toMatchObject({
      code: 'ERR_STORE_DAMAGED',
      message: expect.stringContaining('restore it from a backup') as string,
    });
    await writeFile(file, 'this is no database');
    await appendFile(file, 'x'.repeat(8192));
    await expect(database.open()).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED' });
    await database.dispose();
  });

  it('is readable by its owner alone', async () => {
    const database = await sqliteKind.create();
    await (await database.open()).close();
    const config = await database.config();
    const mode = (await stat('file' in config ? (config.file ?? '') : '')).mode;
    expect(mode & 0o777).toBe(0o600);
    await database.dispose();
  });
});
