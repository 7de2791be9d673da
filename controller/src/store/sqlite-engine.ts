import { open } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';
import { Kysely, SqliteDialect } from 'kysely';
import Libsql from 'libsql';
import type { Engine } from './engine.ts';
import type { Database } from './tables.ts';

const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens a SQLite file, made with mode 0600 when absent; `:memory:` for tests.
 * @throws AppError ERR_STORE_DAMAGED when the file is no database or fails SQLite's quick check
 */
export async function openSqliteEngine(file: string): Promise<Engine> {
  if (file !== ':memory:') await (await open(file, 'a', 0o600)).close();
  const sqlite = openSound(file);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: sqlite }) });
  return {
    db,
    // One controller, one connection, one write at a time.
    beginWrite: () => Promise.resolve(),
    readConsistently: (read) => db.transaction().execute(read),
    close: () => db.destroy(),
  };
}

function openSound(file: string): Libsql.Database {
  let sqlite: Libsql.Database | undefined;
  try {
    sqlite = new Libsql(file, { timeout: BUSY_TIMEOUT_MS });
    // FULL: a commit is on disk before it is acknowledged, also in WAL mode.
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'])
      sqlite.pragma(pragma);
    const problems = sqlite.prepare('pragma quick_check(1)').raw().all() as [string][];
    if (problems[0]?.[0] !== 'ok') throw new Error(problems[0]?.[0] ?? 'no answer');
    return sqlite;
  } catch (cause) {
    sqlite?.close();
    throw new AppError(
      'ERR_STORE_DAMAGED',
      `the database ${file} is damaged: restore it from a backup (docs/storage.md)`,
      { cause },
    );
  }
}
