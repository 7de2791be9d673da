/**
 * Tables described once: the description gives the TypeScript type of an entity, its codec to SQL
 * values and the symbols of the filter language. Migrations create the columns (a test compares them).
 */

/** `strings` are JSON arrays (sets in filters), `map` a flat JSON object, `json` anything else. */
export type ColumnKind = 'text' | 'number' | 'boolean' | 'datetime' | 'strings' | 'map' | 'json';

export interface Column<T = unknown> {
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  /** Secret columns are no filter symbols. */
  readonly secret: boolean;
  /** Carries the TypeScript type only; never set. */
  readonly type?: T;
}
export type Columns = Readonly<Record<string, Column>>;

export interface Table<C extends Columns = Columns> {
  readonly name: string;
  readonly columns: C;
}

type TypeOf<C> = C extends Column<infer T> ? T : never;
/** An entity as the code handles it. */
export type RowOf<T extends Table> = {
  -readonly [K in keyof T['columns']]: TypeOf<T['columns'][K]>;
};
type RawOf<T> = [T] extends [string | null]
  ? T
  : [T] extends [number | null]
    ? T
    : [T] extends [boolean]
      ? number
      : string;
/** A row as SQL returns it: booleans are 0 and 1, JSON is text. */
export type RawRowOf<T extends Table> = {
  [K in keyof T['columns']]: RawOf<TypeOf<T['columns'][K]>>;
};

const column = <T>(kind: ColumnKind, nullable = false, secret = false): Column<T> => ({
  kind,
  nullable,
  secret,
});

export const text = <T extends string = string>() => column<T>('text');
export const optionalText = () => column<string | null>('text', true);
export const secretText = () => column<string | null>('text', true, true);
export const number = () => column<number>('number');
export const boolean = () => column<boolean>('boolean');
export const datetime = () => column<string>('datetime');
export const optionalDatetime = () => column<string | null>('datetime', true);
export const strings = <T extends string = string>() => column<T[]>('strings');
export const map = <V = TagValue>() => column<Record<string, V>>('map');
export const json = <T>() => column<T>('json');

export type TagValue = string | number | boolean | null;

/** Columns of every entity. Times are RFC 3339 with milliseconds and `Z`, so text order is time order. */
export const entityColumns = {
  id: text(),
  createdAt: datetime(),
  updatedAt: datetime(),
  tags: map(),
};

export function defineTable<C extends Columns>(name: string, columns: C): Table<C> {
  return { name, columns };
}

/** The entity behind a row read from SQL. */
export function decodeRow<T extends Table>(
  table: T,
  raw: Readonly<Record<string, unknown>>,
): RowOf<T> {
  const row: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(table.columns)) {
    const value = raw[name] ?? null;
    if (value === null) row[name] = null;
    else if (kind === 'boolean') row[name] = Boolean(value);
    else if (kind === 'strings' || kind === 'map' || kind === 'json')
      row[name] = JSON.parse(value as string);
    else row[name] = value;
  }
  return row as RowOf<T>;
}

/** SQL values of an entity, or of some of its members. */
export function encodeRow<T extends Table>(
  table: T,
  row: Partial<RowOf<T>>,
): Record<string, string | number | null> {
  const raw: Record<string, string | number | null> = {};
  for (const [name, value] of Object.entries(row)) {
    const kind = table.columns[name]?.kind;
    if (kind === undefined || value === undefined) continue;
    if (value === null) raw[name] = null;
    else if (kind === 'boolean') raw[name] = value === true ? 1 : 0;
    else if (kind === 'strings' || kind === 'map' || kind === 'json')
      raw[name] = JSON.stringify(value);
    else raw[name] = value as string | number;
  }
  return raw;
}
