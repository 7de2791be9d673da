import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Change, Delta, Snapshot } from '@postern/shared/schemas';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import Libsql from 'libsql';
import { migrations } from './migrations/index.ts';
import { createSnapshotReader } from './snapshot.ts';
import type { Store } from './store.ts';
import type { Database } from './tables.ts';

/** Deltas kept for routers that come back; older ones get a snapshot. */
const KEPT_DELTAS = 10_000;
const BUSY_TIMEOUT_MS = 5000;

export interface StoreOptions {
  /** Database file; `:memory:` for tests. */
  file: string;
  clock: () => number;
}

/** Opens the SQLite store, creating or migrating its tables. Only its owner may read the file. */
export async function openStore({ file, clock }: StoreOptions): Promise<Store> {
  if (file !== ':memory:') await (await open(file, 'a', 0o600)).close();
  const sqlite = new Libsql(file, { timeout: BUSY_TIMEOUT_MS });
  // FULL: a commit is on disk before it is acknowledged, also in WAL mode.
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'])
    sqlite.pragma(pragma);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }) });
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw error as Error;
  }

  const timeline = await readTimeline(db);
  const last = await db
    .selectFrom('changeLog')
    .select('index')
    .orderBy('index', 'desc')
    .limit(1)
    .executeTakeFirst();
  let index = last?.index ?? 0;
  const listeners = new Set<(delta: Delta) => void>();
  const snapshots = createSnapshotReader();

  // Writes and snapshots run one after the other, so indexes are given and deltas delivered in order.
  let tail: Promise<unknown> = Promise.resolve();
  const serialised = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  };

  return {
    db,
    changes: {
      timeline,
      get index() {
        return index;
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      async since(from) {
        if (from > index) return undefined;
        const rows = await db
          .selectFrom('changeLog')
          .selectAll()
          .where('index', '>', from)
          .orderBy('index')
          .execute();
        if (rows.length < index - from) return undefined;
        return rows.map((row) => toDelta(timeline, row.index, JSON.parse(row.changes) as Change[]));
      },
    },
    write(work) {
      return serialised(async () => {
        const changes: Change[] = [];
        const actions: (() => void)[] = [];
        const next = index + 1;
        const result = await db.transaction().execute(async (trx) => {
          const value = await work({
            db: trx,
            change: (change) => changes.push(change),
            afterCommit: (action) => actions.push(action),
          });
          if (changes.length > 0) {
            const createdAt = new Date(clock()).toISOString();
            await trx
              .insertInto('changeLog')
              .values({ index: next, changes: JSON.stringify(changes), createdAt })
              .execute();
            await trx
              .deleteFrom('changeLog')
              .where('index', '<=', next - KEPT_DELTAS)
              .execute();
          }
          return value;
        });
        if (changes.length > 0) {
          index = next;
          const delta = toDelta(timeline, next, changes);
          for (const listener of listeners) listener(delta);
        }
        for (const action of actions) action();
        return result;
      });
    },
    snapshot(): Promise<Snapshot> {
      return serialised(async () => ({
        timeline,
        index,
        entities: await db.transaction().execute((trx) => snapshots.read(trx)),
      }));
    },
    addSnapshotSource: (kind, read) => snapshots.addSource(kind, read),
    async close() {
      await tail;
      await db.destroy();
    },
  };
}

function toDelta(timeline: string, index: number, changes: Change[]): Delta {
  return { timeline, previousIndex: index - 1, index, changes };
}

async function readTimeline(db: Kysely<Database>): Promise<string> {
  const key = 'timeline';
  await db
    .insertInto('meta')
    .values({ key, value: randomUUID() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  return row.value;
}
