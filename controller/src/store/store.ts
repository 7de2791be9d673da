/** The store's face: reads through `db`, writes through `write`, model changes through `changes`. */
import type { Change, Entity, EntityKind, Snapshot } from '@postern/shared/schemas';
import type { Kysely, Transaction } from 'kysely';
import type { ChangeFeed } from './changes.ts';
import type { Database } from './tables.ts';

export interface Store {
  /** For reads. Tables of other migrations: `store.db.withTables<…>()`. */
  readonly db: Kysely<Database>;
  readonly changes: ChangeFeed;
  /**
   * Runs `work` in one serialised transaction: all or nothing, on disk when the promise resolves.
   * Use only `tx.db` inside; `store.db` and a nested `write` would wait for this very transaction.
   */
  write<T>(work: (tx: WriteTx) => Promise<T>): Promise<T>;
  /** The whole data model as routers see it, with the index it stands at. */
  snapshot(): Promise<Snapshot>;
  /** Adds the entities of a kind kept in tables of another migration to every snapshot. */
  addSnapshotSource<K extends EntityKind>(
    kind: K,
    read: (db: Kysely<Database>) => Promise<Entity<K>[]>,
  ): void;
  close(): Promise<void>;
}

export interface WriteTx {
  readonly db: Transaction<Database>;
  /** Appends to the change log in this transaction; subscribers hear of it after commit. */
  change(change: Change): void;
  /** Runs once the transaction is on disk, after the change subscribers; not at all if it fails. */
  afterCommit(action: () => void): void;
}
