/** What the store needs of a database beyond Kysely; one file for each kind implements it. */
import type { Kysely, Transaction } from 'kysely';
import type { PeerMessages } from '../cluster/peer-messages.ts';
import type { Database } from './tables.ts';

export interface Engine {
  readonly db: Kysely<Database>;
  /** First in every write: waits until no other controller writes, and keeps them waiting till the end. */
  beginWrite(trx: Transaction<Database>): Promise<void>;
  /** Runs `read` on one consistent state of the database. */
  readConsistently<T>(read: (trx: Transaction<Database>) => Promise<T>): Promise<T>;
  /** Absent where only one controller can use the database. */
  readonly peers?: PeerMessages;
  close(): Promise<void>;
}
