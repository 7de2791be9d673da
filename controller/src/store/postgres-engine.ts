import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { Kysely, PostgresDialect, sql, type PostgresPool } from 'kysely';
import pg from 'pg';
import { listenToPeers } from '../cluster/peer-messages.ts';
import type { Engine } from './engine.ts';
import type { Database } from './tables.ts';

/** Key of the advisory lock that every write of every controller takes. */
const WRITE_LOCK = 0x504f5354;
const CONNECT_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** A controller that hangs inside a write holds up the others no longer than this. */
const IDLE_IN_WRITE_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;

export interface PostgresOptions {
  /** Host name, address, or folder of the Unix socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  password?: string | undefined;
  /** PEM of the CAs to trust; `true`: those of the system; `false`: no TLS. */
  tls: boolean | { ca: string };
  /** Connections at a time, without the one that listens. */
  maxConnections: number;
}

/**
 * Opens a PostgreSQL database (13 or newer, UTF-8) which several controllers may share.
 * @throws AppError ERR_STORE_UNAVAILABLE, ERR_STORE_UNSUITABLE
 */
export async function openPostgresEngine(
  { tls, maxConnections, ...where }: PostgresOptions,
  logger: Logger,
): Promise<Engine> {
  const settings: pg.ClientConfig = {
    ...where,
    password: where.password ?? '',
    ssl: tls === false ? false : tls === true ? true : { ca: tls.ca },
    types,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_WRITE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
  const pool = new pg.Pool({ ...settings, application_name: 'postern', max: maxConnections });
  // A connection broke, idle or between two statements: the pool drops it, the next query opens another.
  const lost = (error: Error): void => logger.warn('store.connectionLost', { error });
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: explained(pool) }) });
  try {
    await requireSuitable(db);
    const peers = await listenToPeers(
      () => new pg.Client({ ...settings, application_name: 'postern listener' }),
      db,
      logger,
    );
    return {
      db,
      peers,
      beginWrite: async (trx) => {
        await sql`select pg_advisory_xact_lock(${sql.lit(WRITE_LOCK)})`.execute(trx);
      },
      readConsistently: (read) =>
        db.transaction().setIsolationLevel('repeatable read').execute(read),
      close: async () => {
        await peers.close();
        await db.destroy();
      },
    };
  } catch (error) {
    await db.destroy();
    throw explain(error);
  }
}

/** Types whose values pg gives as text: here times, counts and indexes, all below 2^53. */
const WIDE_NUMBERS: ReadonlySet<number> = new Set([
  pg.types.builtins.INT8,
  pg.types.builtins.NUMERIC,
]);
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    const usual: unknown = pg.types.getTypeParser(oid, format);
    return WIDE_NUMBERS.has(oid) ? Number : usual;
  },
};

async function requireSuitable(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ name: string; setting: string }>`
    select name, setting from pg_settings
    where name in ('server_encoding', 'server_version_num', 'fsync', 'full_page_writes', 'synchronous_commit')`.execute(
    db,
  );
  const found = new Map(rows.map(({ name, setting }) => [name, setting]));
  const problems = [
    found.get('server_encoding') === 'UTF8' ? '' : 'its encoding is not UTF8',
    Number(found.get('server_version_num')) >= 130_000 ? '' : 'it is older than version 13',
    ...['fsync', 'full_page_writes', 'synchronous_commit'].map((name) =>
      found.get(name) === 'off'
        ? `${name} is off, so that a crash would lose acknowledged writes`
        : '',
    ),
  ].filter((problem) => problem !== '');
  if (problems.length === 0) return;
  throw new AppError(
    'ERR_STORE_UNSUITABLE',
    `the PostgreSQL database cannot be used: ${problems.join('; ')}`,
  );
}

/** The pool with errors that say what to do; Kysely takes connections from it. */
function explained(pool: pg.Pool): PostgresPool {
  return {
    connect: async () => {
      const client = await pool.connect().catch((error: unknown) => {
        throw explain(error);
      });
      return {
        query: (text: never, parameters: never) =>
          client.query(text, parameters).catch((error: unknown) => {
            throw explain(error);
          }),
        release: () => client.release(),
      };
    },
    end: () => pool.end(),
  } as unknown as PostgresPool;
}

/** SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const code = 'code' in error ? String(error.code) : '';
  // 22021: NUL in a text; 22P05: an escape in JSON that no text can hold.
  if (code === '22021' || code === '22P05')
    return new AppError('ERR_STORE_TEXT_INVALID', 'a text holds a character no text may hold', {
      status: 400,
      cause: error,
    });
  const busy = code === '55P03' || code === '57014' || code === '25P03' || code === '40P01';
  if (busy)
    return new AppError('ERR_STORE_BUSY', 'the database did not answer in time', {
      status: 503,
      retryable: true,
      cause: error,
    });
  const lost =
    code.length === 5 // an SQLSTATE; other codes and none are of the socket and the client
      ? /^(08|53|57P)/.test(code)
      : /^E[A-Z]/.test(code) || /connection|timeout|not queryable/i.test(error.message);
  if (!lost) return error;
  return new AppError('ERR_STORE_UNAVAILABLE', 'the database cannot be reached', {
    status: 503,
    retryable: true,
    cause: error,
  });
}
