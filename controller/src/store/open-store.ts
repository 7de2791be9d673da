import { silentLogger, type Logger } from '@postern/shared/log';
import type { Change, Delta, Snapshot } from '@postern/shared/schemas';
import type { AuditEntry, AuditRecord } from '../audit/audit-table.ts';
import { appendToChain } from '../audit/chain.ts';
import { latestOnly } from '../control/latest-job.ts';
import { appendDelta, deltasAfter, lastIndex, readTimeline, toDelta } from './change-log.ts';
import type { Engine } from './engine.ts';
import { migrateStore } from './migrate.ts';
import { openPostgresEngine, type PostgresOptions } from './postgres-engine.ts';
import { createSnapshotReader } from './snapshot.ts';
import { openSqliteEngine } from './sqlite-engine.ts';
import type { Store } from './store.ts';

export type DatabaseOptions =
  | {
      /** SQLite database file; `:memory:` for tests. */
      file: string;
    }
  | { postgres: PostgresOptions };

export type StoreOptions = DatabaseOptions & { clock: () => number; logger?: Logger };

/**
 * Opens the store, creating or migrating its tables.
 * @throws AppError ERR_STORE_DAMAGED, ERR_STORE_NEWER, ERR_STORE_UNAVAILABLE, ERR_STORE_UNSUITABLE
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { clock, logger = silentLogger } = options;
  const engine = await openEngine(options, logger);
  try {
    await migrateStore(engine.db);
    return await createStore(engine, clock, logger);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Opens the database alone, as it is. @throws AppError ERR_STORE_DAMAGED, ERR_STORE_UNAVAILABLE, ERR_STORE_UNSUITABLE */
export function openEngine(where: DatabaseOptions, logger: Logger): Promise<Engine> {
  return 'postgres' in where
    ? openPostgresEngine(where.postgres, logger)
    : openSqliteEngine(where.file);
}

async function createStore(engine: Engine, clock: () => number, logger: Logger): Promise<Store> {
  const { db, peers } = engine;
  const timeline = await readTimeline(db);
  let index = await lastIndex(db);
  const listeners = new Set<(delta: Delta) => void>();
  const resetListeners = new Set<() => void>();
  const recordListeners = new Set<(records: readonly AuditRecord[]) => void>();
  const snapshots = createSnapshotReader();

  // Writes and snapshots run one after the other, so indexes are given and deltas delivered in order.
  let tail: Promise<unknown> = Promise.resolve();
  const serialised = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  };

  /** Delivers what is new, once: the same delta may come from a write, a hint and a reconnection. */
  const deliver = (deltas: readonly Delta[]): void => {
    for (const delta of deltas) {
      if (delta.index !== index + 1) continue;
      index = delta.index;
      for (const listener of listeners) listener(delta);
    }
  };
  const catchUp = async (database = db): Promise<void> => {
    const deltas = await deltasAfter(database, timeline, index);
    if (deltas) {
      deliver(deltas);
      return;
    }
    index = await lastIndex(database);
    logger.warn('store.changesLost', { index });
    for (const listener of resetListeners) listener();
  };
  const requestCatchUp = latestOnly<undefined>(
    () => catchUp(),
    (error) => logger.error('store.catchUpFailed', { error }),
  );
  const stopFollowing = [
    peers?.subscribe((message) => {
      if (message.type === 'changed' && message.index > index) requestCatchUp(undefined);
    }),
    peers?.onGap(() => requestCatchUp(undefined)),
  ];

  return {
    db,
    peers,
    changes: {
      timeline,
      get index() {
        return index;
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onReset(listener) {
        resetListeners.add(listener);
        return () => resetListeners.delete(listener);
      },
      async since(from) {
        // A router that comes from another controller may be ahead of this one.
        if (from > index && peers) await catchUp();
        return from > index ? undefined : deltasAfter(db, timeline, from);
      },
    },
    write(work) {
      return serialised(async () => {
        const changes: Change[] = [];
        const entries: AuditEntry[] = [];
        let records: AuditRecord[] = [];
        const actions: (() => void)[] = [];
        let committed: Delta | undefined;
        const result = await db.transaction().execute(async (trx) => {
          await engine.beginWrite(trx);
          // From here on no other controller writes: with theirs delivered, the next index is ours.
          if (peers) await catchUp(trx);
          const value = await work({
            db: trx,
            change: (change) => changes.push(change),
            record: (entry) => entries.push(entry),
            afterCommit: (action) => actions.push(action),
          });
          if (changes.length > 0) {
            committed = toDelta(timeline, index + 1, changes);
            await appendDelta(trx, committed.index, changes, clock());
            await peers?.send(trx, { type: 'changed', index: committed.index });
          }
          if (entries.length > 0) records = await appendToChain(trx, entries, clock());
          return value;
        });
        if (committed) deliver([committed]);
        if (records.length > 0) for (const listener of recordListeners) listener(records);
        for (const action of actions) action();
        return result;
      });
    },
    snapshot(): Promise<Snapshot> {
      return serialised(() =>
        engine.readConsistently(async (trx) => ({
          timeline,
          index: await lastIndex(trx),
          entities: await snapshots.read(trx),
        })),
      );
    },
    addSnapshotSource: (kind, read) => snapshots.addSource(kind, read),
    onRecorded(listener) {
      recordListeners.add(listener);
      return () => recordListeners.delete(listener);
    },
    async close() {
      await tail;
      for (const stop of stopFollowing) stop?.();
      await engine.close();
    },
  };
}
