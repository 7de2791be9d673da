import { sql, type Kysely } from 'kysely';
import { decodeRow, type RowOf, type Table } from '../model/table.ts';
import { dialectOf, type Sql } from './dialect.ts';
import { compileFilter, compileSort } from './filter/compile.ts';
import type { Expression, Sort } from './filter/parser.ts';
import { ROOT, type SymbolTable } from './filter/symbols.ts';
import type { Database } from './tables.ts';

export interface ListRequest {
  where?: Expression | undefined;
  sort: readonly Sort[];
  offset: number;
  /** Absent: all rows. */
  limit?: number | undefined;
  /** Only these ids. */
  ids?: readonly string[] | undefined;
}

/** One page of a table and how many rows match in all. @throws FilterError */
export async function listRows<T extends Table>(
  db: Kysely<Database>,
  symbols: SymbolTable & { table: T },
  { where, sort, offset, limit, ids }: ListRequest,
): Promise<{ rows: RowOf<T>[]; total: number }> {
  const dialect = dialectOf(db);
  const conditions: Sql[] = [sql`1 = 1`];
  if (where) conditions.push(compileFilter(where, symbols, dialect));
  if (ids) conditions.push(dialect.oneOf(sql.ref(`${ROOT}.id`), ids));
  const from = sql`from ${sql.table(symbols.table.name)} as ${sql.ref(ROOT)} where ${sql.join(conditions, sql` and `)}`;
  const order = compileSort(sort, symbols, dialect);
  const counted = await sql<{ total: number }>`select count(*) as total ${from}`.execute(db);
  const page = await sql<
    Record<string, unknown>
  >`select ${sql.ref(ROOT)}.* ${from} order by ${order} ${dialect.page(limit, offset)}`.execute(db);
  return {
    rows: page.rows.map((raw) => decodeRow(symbols.table, raw)),
    total: counted.rows[0]?.total ?? 0,
  };
}
