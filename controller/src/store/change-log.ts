/** The ordered log of data-model changes, as the database holds it. */
import { randomUUID } from 'node:crypto';
import type { Change, Delta } from '@postern/shared/schemas';
import type { Kysely, Transaction } from 'kysely';
import type { Database } from './tables.ts';

/** Deltas kept for routers and controllers that come back; older ones get a snapshot. */
export const KEPT_DELTAS = 10_000;

/** Of the row in `meta` that names the log. */
export const TIMELINE_KEY = 'timeline';

/** Index of the last committed change; 0 in a new database. */
export async function lastIndex(db: Kysely<Database>): Promise<number> {
  const last = await db
    .selectFrom('changeLog')
    .select('index')
    .orderBy('index', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.index ?? 0;
}

/** Every delta after `from`, in order; `undefined` when the log does not reach back so far. */
export async function deltasAfter(
  db: Kysely<Database>,
  timeline: string,
  from: number,
): Promise<Delta[] | undefined> {
  const rows = await db
    .selectFrom('changeLog')
    .select(['index', 'changes'])
    .where('index', '>', from)
    .orderBy('index')
    .execute();
  const first = rows[0]?.index ?? from + 1;
  if (first !== from + 1) return undefined;
  return rows.map((row) => toDelta(timeline, row.index, JSON.parse(row.changes) as Change[]));
}

/** Adds the changes of a write under `index` and drops what is too old. */
export async function appendDelta(
  trx: Transaction<Database>,
  index: number,
  changes: readonly Change[],
  nowMs: number,
): Promise<void> {
  const createdAt = new Date(nowMs).toISOString();
  await trx
    .insertInto('changeLog')
    .values({ index, changes: JSON.stringify(changes), createdAt })
    .execute();
  await trx
    .deleteFrom('changeLog')
    .where('index', '<=', index - KEPT_DELTAS)
    .execute();
}

export function toDelta(timeline: string, index: number, changes: Change[]): Delta {
  return { timeline, previousIndex: index - 1, index, changes };
}

/** The name of this log, given once: a restored database gets another, so that no index is reused. */
export async function readTimeline(db: Kysely<Database>): Promise<string> {
  const key = TIMELINE_KEY;
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
