/** Which names a filter may use on a table, and the SQL each stands for. */
import { sql, type RawBuilder } from 'kysely';
import type { ColumnKind, Table } from '../../model/table.ts';
import type { Dialect, ScalarType } from '../dialect.ts';
import { FilterError } from './lexer.ts';

export interface SymbolTable {
  readonly table: Table;
  /** Other names of columns: `identity` → `identityId`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Columns whose value is another entity's id: `identity.name` is that entity's name. */
  readonly references?: Readonly<Record<string, { column: string; target: () => SymbolTable }>>;
  /** Symbols that are no column but always the same. */
  readonly constants?: Readonly<Record<string, boolean>>;
}

export interface ResolvedSymbol {
  /** `any`: a tag, compared with whatever type it is given. */
  readonly kind: ColumnKind | 'any';
  /** The value read as this type; columns have but one. Null where a tag is of another type. */
  readonly as: (type: ScalarType) => RawBuilder<unknown>;
}

/** The alias of the listed table in SQL. */
export const ROOT = 't';

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
  if (constant !== undefined) return { kind: 'boolean', as: () => sql.lit(constant ? 1 : 0) };

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
export function symbolNames({ table, aliases = {}, constants = {} }: SymbolTable): string[] {
  const columns = Object.entries(table.columns).filter(
    ([, { kind, secret }]) => !secret && kind !== 'json' && kind !== 'map',
  );
  return [
    ...columns.map(([name]) => name),
    ...Object.keys(aliases),
    ...Object.keys(constants),
    'tags',
  ].sort();
}
