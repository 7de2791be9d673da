/** The store's face: reads through `db`, writes through `write`, model changes through `changes`. */
import type { Change, Entity, EntityKind, Snapshot } from '@postern/shared/schemas';
import type { Kysely, Transaction } from 'kysely';
import type { AuditEntry, AuditRecord } from '../audit/audit-table.ts';
import type { PeerMessages } from '../cluster/peer-messages.ts';
import type { ChangeFeed } from './changes.ts';
import type { Database } from './tables.ts';

export interface Store {
  /** For reads. Tables of other migrations: `store.db.withTables<…>()`. */
  readonly db: Kysely<Database>;
  readonly changes: ChangeFeed;
  /** The other controllers of this database; absent where there can be none. */
  readonly peers: PeerMessages | undefined;
  /**
   * Runs `work` in one transaction, serialised over all controllers: all or nothing, on disk when the promise resolves.
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
  /** Called with the audit records of each write, after commit and in order. Must not throw. */
  onRecorded(listener: (records: readonly AuditRecord[]) => void): () => void;
  close(): Promise<void>;
}

export interface WriteTx {
  readonly db: Transaction<Database>;
  /** Appends to the change log in this transaction; subscribers hear of it after commit. */
  change(change: Change): void;
  /**
   * Appends to the audit log in this transaction: both are written, or neither. Writes through
   * repositories are recorded without it.
   */
  record(entry: AuditEntry): void;
  /** Runs once the transaction is on disk, after the change subscribers; not at all if it fails. */
  afterCommit(action: () => void): void;
}
