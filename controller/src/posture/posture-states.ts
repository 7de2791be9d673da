/** The posture of each session in the database, with the change that tells routers of it. */
import type { Entity } from '@postern/shared/schemas';
import type { Kysely } from 'kysely';
import type { PostureDatabase } from '../model/posture.ts';
import type { WriteTx } from '../store/store.ts';
import type { Database } from '../store/tables.ts';
import { reportedSchema, type Reported } from './reported.ts';

export interface PostureState {
  readonly sessionId: string;
  readonly identityId: string;
  readonly reported: Reported;
  readonly passing: Entity<'posture'>['passing'];
  readonly updatedAtMs: number;
}

type Row = PostureDatabase['postureStates'];

const tableOf = (db: Kysely<Database>) => db.withTables<PostureDatabase>();

/** For snapshots. */
export async function readPostures(db: Kysely<Database>): Promise<Entity<'posture'>[]> {
  const rows = await tableOf(db)
    .selectFrom('postureStates')
    .select(['sessionId', 'identityId', 'passing'])
    .orderBy('sessionId')
    .execute();
  return rows.map(({ sessionId, identityId, passing }) => ({
    id: sessionId,
    identityId,
    passing: JSON.parse(passing) as PostureState['passing'],
  }));
}

export async function findState(
  db: Kysely<Database>,
  sessionId: string,
): Promise<PostureState | undefined> {
  const row = await tableOf(db)
    .selectFrom('postureStates')
    .selectAll()
    .where('sessionId', '=', sessionId)
    .executeTakeFirst();
  return row && decode(row);
}

export async function statesOf(db: Kysely<Database>, identityId: string): Promise<PostureState[]> {
  const rows = await tableOf(db)
    .selectFrom('postureStates')
    .selectAll()
    .where('identityId', '=', identityId)
    .orderBy('sessionId')
    .execute();
  return rows.map(decode);
}

/** Up to `limit` states after a session id, in order: to walk through all of them. */
export async function statesAfter(
  db: Kysely<Database>,
  sessionId: string,
  limit: number,
): Promise<PostureState[]> {
  const rows = await tableOf(db)
    .selectFrom('postureStates')
    .selectAll()
    .where('sessionId', '>', sessionId)
    .orderBy('sessionId')
    .limit(limit)
    .execute();
  return rows.map(decode);
}

/** Writes a state; routers are told when what passes is news. */
export async function writeState(
  tx: WriteTx,
  state: PostureState,
  before: PostureState | undefined,
): Promise<void> {
  const { sessionId, identityId } = state;
  const row: Row = {
    ...state,
    reported: JSON.stringify(state.reported),
    passing: JSON.stringify(state.passing),
  };
  await tableOf(tx.db)
    .insertInto('postureStates')
    .values(row)
    .onConflict((conflict) => conflict.column('sessionId').doUpdateSet(row))
    .execute();
  if (before && JSON.stringify(before.passing) === row.passing) return;
  tx.change({
    op: 'put',
    kind: 'posture',
    value: { id: sessionId, identityId, passing: [...state.passing] },
  });
}

export async function removeState(tx: WriteTx, sessionId: string): Promise<void> {
  const removed = await tableOf(tx.db)
    .deleteFrom('postureStates')
    .where('sessionId', '=', sessionId)
    .executeTakeFirst();
  if (removed.numDeletedRows > 0n) tx.change({ op: 'delete', kind: 'posture', key: sessionId });
}

/** Sessions of which there is a state, and that are over. */
export async function orphanedStates(db: Kysely<Database>): Promise<string[]> {
  const rows = await tableOf(db)
    .withTables<{ signInSessions: { id: string } }>()
    .selectFrom('postureStates')
    .select('sessionId')
    .where('sessionId', 'not in', (query) => query.selectFrom('signInSessions').select('id'))
    .where('sessionId', 'not in', (query) => query.selectFrom('apiSessions').select('id'))
    .execute();
  return rows.map(({ sessionId }) => sessionId);
}

function decode(row: Row): PostureState {
  const { sessionId, identityId, updatedAtMs } = row;
  const reported = reportedSchema.parse(JSON.parse(row.reported));
  const passing = JSON.parse(row.passing) as PostureState['passing'];
  return { sessionId, identityId, reported, passing, updatedAtMs };
}
