/**
 * What the worker keeps between its short lives: one named record for each thing, in IndexedDB.
 * Script of the application's own origin can reach IndexedDB too, so a record is parsed when read
 * and nothing here is worth more than this one application (threat model, "Two facts").
 */
import { openDB, type IDBPDatabase } from 'idb';
import { STORAGE_PREFIX } from '../../messages/loader.ts';

/** Names of the records. */
export type RecordName =
  | 'appKey'
  | 'application'
  | 'session'
  | 'signIns'
  | 'dial'
  | 'hadAccess'
  | 'cookies'
  /** Names that the application asked for. */
  | 'clientHints'
  /** Of other applications, that requests of pages here were answered with. */
  | 'thirdPartyCookies'
  | 'httpCache'
  /** Registrations of the application's own service workers. */
  | 'appWorkers'
  /** Whose data the other records are. */
  | 'user';

export interface Store {
  get(name: RecordName): Promise<unknown>;
  put(name: RecordName, value: unknown): Promise<void>;
  /** Reads and writes one record in one transaction; `change` may not wait for anything. */
  update(name: RecordName, change: (value: unknown) => unknown): Promise<void>;
  delete(...names: RecordName[]): Promise<void>;
}

const OBJECT_STORE = 'records';

/** The store in IndexedDB, opened at first use and reopened when the browser closed it. */
export function createStore(): Store {
  let opening: Promise<IDBPDatabase> | undefined;
  const open = (): Promise<IDBPDatabase> => {
    const reset = (): void => void (opening = undefined);
    opening ??= openDB(STORAGE_PREFIX, 1, {
      upgrade: (database) => void database.createObjectStore(OBJECT_STORE),
      // A page or the kill switch wants to delete the database: do not stand in its way.
      blocking: (_from, _to, event) => {
        (event.target as IDBDatabase).close();
        reset();
      },
      terminated: reset,
    }).catch((error: unknown) => {
      reset();
      throw error;
    });
    return opening;
  };
  return {
    get: async (name): Promise<unknown> => (await open()).get(OBJECT_STORE, name),
    put: async (name, value) => {
      await (await open()).put(OBJECT_STORE, value, name);
    },
    update: async (name, change) => {
      const transaction = (await open()).transaction(OBJECT_STORE, 'readwrite');
      const value: unknown = await transaction.store.get(name);
      await transaction.store.put(change(value), name);
      await transaction.done;
    },
    delete: async (...names) => {
      const transaction = (await open()).transaction(OBJECT_STORE, 'readwrite');
      await Promise.all(names.map((name) => transaction.store.delete(name)));
      await transaction.done;
    },
  };
}

/** A store in memory, for tests. */
export function createMemoryStore(): Store {
  const records = new Map<RecordName, unknown>();
  return {
    get: (name) => Promise.resolve(records.get(name)),
    put: (name, value) => Promise.resolve(void records.set(name, structuredClone(value))),
    update: (name, change) =>
      Promise.resolve(void records.set(name, structuredClone(change(records.get(name))))),
    delete: (...names) => {
      for (const name of names) records.delete(name);
      return Promise.resolve();
    },
  };
}
