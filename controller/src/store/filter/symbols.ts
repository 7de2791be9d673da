/** Which names a filter may use on a table, and the SQL each stands for. */
import { sql } from 'kysely';
import type { ColumnKind, Table } from '../../model/table.ts';
import type { Dialect, ScalarType, Sql } from '../dialect.ts';
import { FilterError } from './lexer.ts';

export interface SymbolTable {
  readonly table: Table;
  /** Other names of columns: `identity` → `identityId`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Columns whose value is another entity's id: `identity.name` is that entity's name. */
  readonly references?: Readonly<Record<string, { column: string; target: () => SymbolTable }>>;
  /** Sets of other entities: `anyOf(identities.name)`, `isEmpty(from identities where …)`. */
  readonly sets?: Readonly<Record<string, EntitySet>>;
  /** Symbols that are no column but always the same. */
  readonly constants?: Readonly<Record<string, boolean>>;
}

export interface EntitySet {
  readonly target: () => SymbolTable;
  /** Whether the entity of alias `member` belongs to the set of the entity of alias `owner`. */
  readonly holds: (member: string, owner: string, dialect: Dialect) => Sql;
}

export interface ResolvedSymbol {
  /** `any`: a tag, compared with whatever type it is given. */
  readonly kind: ColumnKind | 'any';
  /** The value read as this type; columns have but one. Null where a tag is of another type. */
  readonly as: (type: ScalarType) => Sql;
}

/** The alias of the listed table in SQL; each step away from it adds a letter. */
export const ROOT = 't';
/** Sets of entities within sets of entities; each multiplies the rows looked at. */
export const MAX_NESTED_SETS = 2;

/** References followed one after the other, as in `apiSession.identity.name`. */
const MAX_PATH = 5;

/** @throws FilterError for an unknown symbol. */
export function resolveSymbol(
  symbols: SymbolTable,
  name: string,
  dialect: Dialect,
  alias = ROOT,
): ResolvedSymbol {
  const { table, aliases = {}, references = {}, constants = {} } = symbols;
  const [head = '', ...rest] = name.split('.');
  const path = rest.join('.');
  if (alias.length > ROOT.length + MAX_PATH + MAX_NESTED_SETS)
    throw new FilterError(`${name} leads too far`, name);

  const reference = Object.hasOwn(references, head) ? references[head] : undefined;
  if (path !== '' && reference) {
    const inner = `${alias}r`;
    const target = reference.target();
    const { kind, as } = resolveSymbol(target, path, dialect, inner);
    const from = sql`${sql.table(target.table.name)} as ${sql.ref(inner)}`;
    const joined = sql`${sql.ref(`${inner}.id`)} = ${sql.ref(`${alias}.${reference.column}`)}`;
    return { kind, as: (type) => sql`(select ${as(type)} from ${from} where ${joined})` };
  }
  const constant = Object.hasOwn(constants, name) ? constants[name] : undefined;
  // An expression: `order by 1` would be the first column.
  if (constant !== undefined)
    return { kind: 'boolean', as: () => sql`(${sql.lit(constant ? 1 : 0)} + 0)` };

  const columnName = Object.hasOwn(aliases, head) ? (aliases[head] ?? head) : head;
  const column = Object.hasOwn(table.columns, columnName) ? table.columns[columnName] : undefined;
  if (!column || column.secret) throw new FilterError(`unknown symbol ${name}`, name);
  const expression = sql.ref(`${alias}.${columnName}`);
  if (column.kind === 'map' && path !== '')
    return { kind: 'any', as: (type) => dialect.member(expression, path, type) };
  if (path !== '' || column.kind === 'map' || column.kind === 'json')
    throw new FilterError(`unknown symbol ${name}`, name);
  return { kind: column.kind, as: () => expression };
}

/** Names for `meta.filterableFields`. */
export function symbolNames({
  table,
  aliases = {},
  sets = {},
  constants = {},
}: SymbolTable): string[] {
  const columns = Object.entries(table.columns).filter(
    ([, { kind, secret }]) => !secret && kind !== 'json' && kind !== 'map',
  );
  return [
    ...columns.map(([name]) => name),
    ...Object.keys(aliases),
    ...Object.keys(sets).filter((name) => !Object.hasOwn(table.columns, name)),
    ...Object.keys(constants),
    'tags',
  ].sort();
}
