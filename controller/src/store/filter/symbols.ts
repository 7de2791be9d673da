/** Which names a filter may use on a table, and the SQL each stands for. */
import { sql, type RawBuilder } from 'kysely';
import type { ColumnKind, Table } from '../../model/table.ts';
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
  readonly expression: RawBuilder<unknown>;
}

/** The alias of the listed table in SQL. */
export const ROOT = 't';

/** @throws FilterError for an unknown symbol. */
export function resolveSymbol(symbols: SymbolTable, name: string, alias = ROOT): ResolvedSymbol {
  const { table, aliases = {}, references = {}, constants = {} } = symbols;
  const [head = '', ...rest] = name.split('.');
  const path = rest.join('.');

  const reference = Object.hasOwn(references, head) ? references[head] : undefined;
  if (path !== '' && reference) {
    const inner = `${alias}r`;
    const target = reference.target();
    const { kind, expression } = resolveSymbol(target, path, inner);
    const selected = sql`(select ${expression} from ${sql.table(target.table.name)} as ${sql.ref(inner)} where ${sql.ref(`${inner}.id`)} = ${sql.ref(`${alias}.${reference.column}`)})`;
    return { kind, expression: selected };
  }
  const constant = Object.hasOwn(constants, name) ? constants[name] : undefined;
  if (constant !== undefined) return { kind: 'boolean', expression: sql`${constant ? 1 : 0}` };

  const columnName = Object.hasOwn(aliases, head) ? (aliases[head] ?? head) : head;
  const column = Object.hasOwn(table.columns, columnName) ? table.columns[columnName] : undefined;
  if (!column || column.secret) throw new FilterError(`unknown symbol ${name}`, name);
  const expression = sql`${sql.ref(`${alias}.${columnName}`)}`;
  if (column.kind === 'map' && path !== '') {
    return { kind: 'any', expression: sql`json_extract(${expression}, ${`$."${path}"`})` };
  }
  if (path !== '' || column.kind === 'map' || column.kind === 'json')
    throw new FilterError(`unknown symbol ${name}`, name);
  return { kind: column.kind, expression };
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
