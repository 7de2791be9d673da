/** Reading and writing one table; writes append the change that routers need and the audit record. */
import type { Change, EntityKind } from '@postern/shared/schemas';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { entityChange } from '../audit/entity-change.ts';
import { decodeRow, encodeRow, type RowOf, type Table } from '../model/table.ts';
import { dialectOf } from './dialect.ts';
import type { WriteTx } from './store.ts';
import type { Database } from './tables.ts';

export interface Repository<T extends Table> {
  readonly table: T;
  get(db: Kysely<Database>, id: string): Promise<RowOf<T> | undefined>;
  /** Rows whose members equal all of `where`; by id. */
  find(db: Kysely<Database>, where?: Partial<RowOf<T>>): Promise<RowOf<T>[]>;
  /** Rows whose `column` is one of `values`. */
  findIn(
    db: Kysely<Database>,
    column: keyof RowOf<T> & string,
    values: readonly string[],
  ): Promise<RowOf<T>[]>;
  insert(tx: WriteTx, row: RowOf<T>): Promise<RowOf<T>>;
  /** Writes the given members only. Undefined when there is no such row. */
  update(tx: WriteTx, id: string, patch: Partial<RowOf<T>>): Promise<RowOf<T> | undefined>;
  remove(tx: WriteTx, id: string): Promise<boolean>;
}

/** Maps a row to the entity routers hold; tables without one are the controller's own. */
export interface Projection<T extends Table> {
  kind: EntityKind;
  project(row: RowOf<T>): unknown;
}

export function createRepository<T extends Table>(
  table: T,
  projection?: Projection<T>,
): Repository<T> {
  const name = sql.table(table.name);
  const decode = (raw: unknown): RowOf<T> => decodeRow(table, raw as Record<string, unknown>);
  const record = (tx: WriteTx, before?: RowOf<T>, after?: RowOf<T>): void => {
    const entry = entityChange(table, before, after);
    if (entry) tx.record(entry);
  };
  const put = (tx: WriteTx, row: RowOf<T>): RowOf<T> => {
    if (projection)
      tx.change({ op: 'put', kind: projection.kind, value: projection.project(row) } as Change);
    return row;
  };

  return {
    table,
    async get(db, id) {
      const { rows } = await sql`select * from ${name} where ${sql.ref('id')} = ${id}`.execute(db);
      return rows[0] === undefined ? undefined : decode(rows[0]);
    },
    async find(db, where = {}) {
      const clauses = Object.entries(encodeRow(table, where)).map(([column, value]) =>
        value === null ? sql`${sql.ref(column)} is null` : sql`${sql.ref(column)} = ${value}`,
      );
      const condition = clauses.length === 0 ? sql`1 = 1` : sql.join(clauses, sql` and `);
      const { rows } =
        await sql`select * from ${name} where ${condition} order by ${sql.ref('id')}`.execute(db);
      return rows.map(decode);
    },
    async findIn(db, column, values) {
      const among = dialectOf(db).oneOf(sql.ref(column), values);
      const { rows } =
        await sql`select * from ${name} where ${among} order by ${sql.ref('id')}`.execute(db);
      return rows.map(decode);
    },
    async insert(tx, row) {
      const raw = encodeRow(table, row);
      const columns = sql.join(Object.keys(raw).map((column) => sql.ref(column)));
      await sql`insert into ${name} (${columns}) values (${sql.join(Object.values(raw))})`.execute(
        tx.db,
      );
      record(tx, undefined, row);
      return put(tx, row);
    },
    async update(tx, id, patch) {
      const sets: RawBuilder<unknown>[] = Object.entries(encodeRow(table, patch)).map(
        ([column, value]) => sql`${sql.ref(column)} = ${value}`,
      );
      const before = await this.get(tx.db, id);
      if (before && sets.length > 0) {
        await sql`update ${name} set ${sql.join(sets)} where ${sql.ref('id')} = ${id}`.execute(
          tx.db,
        );
      }
      const row = before && (await this.get(tx.db, id));
      if (row) record(tx, before, row);
      return row && put(tx, row);
    },
    async remove(tx, id) {
      const before = await this.get(tx.db, id);
      if (!before) return false;
      await sql`delete from ${name} where ${sql.ref('id')} = ${id}`.execute(tx.db);
      record(tx, before);
      if (projection) tx.change({ op: 'delete', kind: projection.kind, key: id });
      return true;
    },
  };
}
