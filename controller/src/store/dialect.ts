/**
 * What SQLite and PostgreSQL write differently. Columns are text and integers in both (JSON as text,
 * booleans as 0 and 1), so one schema and one set of migrations serve both.
 */
import { PostgresAdapter, sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from './tables.ts';

export type Sql = RawBuilder<unknown>;
/** Type of a tag's value, which JSON knows and SQL must be told. */
export type ScalarType = 'string' | 'number' | 'boolean';

export interface Dialect {
  readonly kind: 'sqlite' | 'postgres';
  /** Position of `part` in `text`, from 1; 0 when it is not there. */
  position(text: Sql, part: Sql): Sql;
  /** Lower case of ASCII letters alone, the same in both databases. */
  lower(text: Sql): Sql;
  /** `text` ordered and compared by code points, whatever the locale of the database. */
  ordered(text: Sql): Sql;
  /** A number given as parameter, comparable with every numeric column. */
  number(value: number): Sql;
  /** Table expression `alias` with one row, column `value`, for each string of a JSON array. */
  elements(array: Sql, alias: string): Sql;
  /** How many elements a JSON array has. */
  count(array: Sql): Sql;
  /** Member `key` of a JSON object if it is of this type (booleans as 0 and 1), else null. */
  member(object: Sql, key: string, type: ScalarType): Sql;
  /** Whether a text is among `values`, of any number. */
  oneOf(text: Sql, values: readonly string[]): Sql;
  /** `limit … offset …`; no limit: all rows. */
  page(limit: number | undefined, offset: number): Sql;
  /** Names of all tables but the migrator's, in the order of their making: parents before children. */
  tables(db: Kysely<Database>): Promise<string[]>;
  /** What tells the rows of any table apart within one transaction, in a fixed order. */
  readonly rowId: {
    /** To be selected and given to `after`. */
    readonly value: Sql;
    readonly order: Sql;
    /** Whether a row comes after the one of this id. */
    after(value: unknown): Sql;
  };
}

const sqlite: Dialect = {
  kind: 'sqlite',
  position: (text, part) => sql`instr(${text}, ${part})`,
  lower: (text) => sql`lower(${text})`,
  ordered: (text) => text,
  number: (value) => sql`${value}`,
  elements: (array, alias) => sql`json_each(${array}) as ${sql.ref(alias)}`,
  count: (array) => sql`json_array_length(${array})`,
  member: (object, key, type) => {
    const path = `$.${JSON.stringify(key)}`;
    const types = { string: ['text'], number: ['integer', 'real'], boolean: ['true', 'false'] };
    const names = sql.join(types[type].map((name) => sql.lit(name)));
    return sql`(case when json_type(${object}, ${path}) in (${names}) then json_extract(${object}, ${path}) end)`;
  },
  oneOf: (text, values) => sql`${text} in (select value from json_each(${JSON.stringify(values)}))`,
  // -1: SQLite's "no limit", which its OFFSET needs.
  page: (limit, offset) => sql`limit ${limit ?? -1} offset ${offset}`,
  tables: async (db) => {
    const { rows } = await sql<{ name: string }>`
      select name from sqlite_master
      where type = 'table' and name not like 'sqlite\\_%' escape '\\' and name not like 'kysely\\_%' escape '\\'
      order by rowid`.execute(db);
    return rows.map(({ name }) => name);
  },
  rowId: {
    value: sql`rowid`,
    order: sql`rowid`,
    after: (value) => sql`rowid > ${value}`,
  },
};

const postgres: Dialect = {
  kind: 'postgres',
  position: (text, part) => sql`strpos(${text}, ${part})`,
  lower: (text) => sql`lower(${text} collate "C")`,
  ordered: (text) => sql`(${text} collate "C")`,
  number: (value) => sql`cast(${value} as numeric)`,
  elements: (array, alias) =>
    sql`jsonb_array_elements_text(cast(${array} as jsonb)) as ${sql.ref(alias)}(value)`,
  count: (array) => sql`jsonb_array_length(cast(${array} as jsonb))`,
  member: (object, key, type) => {
    const value = sql`(cast(${object} as jsonb) -> cast(${key} as text))`;
    const text = sql`(${value} #>> '{}')`;
    const typed = {
      string: text,
      number: sql`cast(${text} as numeric)`,
      boolean: sql`(case ${text} when 'true' then 1 else 0 end)`,
    };
    return sql`(case when jsonb_typeof(${value}) = ${sql.lit(type)} then ${typed[type]} end)`;
  },
  oneOf: (text, values) => sql`${text} = any(cast(${values} as text[]))`,
  page: (limit, offset) =>
    limit === undefined ? sql`offset ${offset}` : sql`limit ${limit} offset ${offset}`,
  tables: async (db) => {
    const { rows } = await sql<{ name: string }>`
      select relname as name from pg_class
      where relkind = 'r' and relnamespace = cast(current_schema() as regnamespace)
        and relname not like 'kysely\\_%'
      order by oid`.execute(db);
    return rows.map(({ name }) => name);
  },
  rowId: {
    value: sql`cast(ctid as text)`,
    order: sql`ctid`,
    after: (value) => sql`ctid > cast(${value} as tid)`,
  },
};

/** The dialect of a database or transaction. */
export function dialectOf(db: Pick<Kysely<unknown>, 'getExecutor'>): Dialect {
  return db.getExecutor().adapter instanceof PostgresAdapter ? postgres : sqlite;
}
