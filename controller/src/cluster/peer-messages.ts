/**
 * Hints between the controllers of one database, by PostgreSQL's LISTEN and NOTIFY. A hint may be
 * lost while a connection is away; whoever listens then looks at the database, so nothing depends on
 * one. The listening connection also holds this controller's sign of life.
 */
import { randomUUID } from 'node:crypto';
import { Backoff, keepConnected } from '@postern/node/retry';
import type { Logger } from '@postern/shared/log';
import { sql, type Kysely } from 'kysely';
import type { Client } from 'pg';
import type { Database } from '../store/tables.ts';

/** PostgreSQL's limit for a payload is 8000 bytes. */
const MAX_MESSAGE_LENGTH = 2000;
const CHANNEL = 'postern';
/** Class of the advisory locks that say which controllers live. */
const LIFE_LOCKS = 0x504f;

export interface PeerMessages {
  /** Names this process among the controllers. */
  readonly controllerId: string;
  /** Tells the others when the transaction commits; outside of one, at once. */
  send(db: Kysely<Database>, message: PeerMessage): Promise<void>;
  subscribe(listener: (message: PeerMessage) => void): () => void;
  /** Called when messages may have been missed: the connection was away and is back. */
  onGap(listener: () => void): () => void;
  /** Whether the controller of this id runs and reaches the database. */
  isAlive(controllerId: string): Promise<boolean>;
}

export type PeerMessage =
  /** The change log has grown to `index`. */
  | { readonly type: 'changed'; readonly index: number }
  /** An event of `ControllerEvents`. */
  | { readonly type: 'event'; readonly name: string; readonly payload: unknown };

type Envelope = PeerMessage & { readonly from: string };

export interface PeerListener extends PeerMessages {
  close(): Promise<void>;
}

/** Resolves when it listens for the first time, so that no later message is missed. @throws what `connect` throws */
export async function listenToPeers(
  connect: () => Client,
  db: Kysely<Database>,
  logger: Logger,
): Promise<PeerListener> {
  const controllerId = randomUUID();
  const listeners = new Set<(message: PeerMessage) => void>();
  const gapListeners = new Set<() => void>();
  const stop = new AbortController();
  const backoff = new Backoff();
  let listened = false;
  let settleFirst: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const first = new Promise<void>((resolve, reject) => {
    settleFirst = { resolve, reject };
  });

  const receive = (payload: string | undefined): void => {
    const message = parseEnvelope(payload);
    if (!message || message.from === controllerId) return;
    for (const listener of listeners) listener(message);
  };

  const listenOnce = async (signal: AbortSignal): Promise<void> => {
    const client = connect();
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    // Also emitted before `end`; without a listener it would end the process.
    client.on('error', (error) => logger.warn('cluster.connectionFailed', { error }));
    client.on('notification', ({ payload }) => receive(payload));
    const close = (): void => void client.end();
    signal.addEventListener('abort', close, { once: true });
    try {
      await client.connect();
      await client.query(`select pg_advisory_lock(${LIFE_LOCKS}, hashtext($1))`, [controllerId]);
      await client.query(`listen ${CHANNEL}`);
      backoff.reset();
      if (listened) for (const listener of gapListeners) listener();
      listened = true;
      settleFirst?.resolve();
      await ended;
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  };

  const done = keepConnected(listenOnce, backoff, stop.signal, (error) => {
    settleFirst?.reject(error);
    if (listened) logger.warn('cluster.disconnected', { error });
  });
  const close = async (): Promise<void> => {
    stop.abort();
    await done;
  };
  try {
    await first;
  } catch (error) {
    await close();
    throw error;
  }

  return {
    controllerId,
    async send(database, message) {
      const payload = JSON.stringify({ ...message, from: controllerId } satisfies Envelope);
      if (payload.length > MAX_MESSAGE_LENGTH) {
        logger.error('cluster.messageTooLong', { type: message.type, length: payload.length });
        return;
      }
      await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(database);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onGap(listener) {
      gapListeners.add(listener);
      return () => gapListeners.delete(listener);
    },
    async isAlive(id) {
      if (id === controllerId) return true;
      const { rows } = await sql<{ alive: boolean }>`
        select exists (
          select 1 from pg_locks
          where locktype = 'advisory' and classid = ${sql.lit(LIFE_LOCKS)} and objsubid = 2
            and cast(objid as bigint) = cast(hashtext(${id}) as bigint) & 4294967295
            and database = (select oid from pg_database where datname = current_database())
        ) as alive`.execute(db);
      return rows[0]?.alive === true;
    },
    close,
  };
}

/** What another controller said; `undefined` for anything else on the channel. */
function parseEnvelope(payload: string | undefined): Envelope | undefined {
  try {
    const value = JSON.parse(payload ?? '') as Partial<Envelope> | null;
    const known = value?.type === 'changed' || value?.type === 'event';
    return known && typeof value.from === 'string' ? (value as Envelope) : undefined;
  } catch {
    return undefined;
  }
}
