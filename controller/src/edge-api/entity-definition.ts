/** What an entity type of the Edge APIs is: its table, schemas, checks and sub-lists. */
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import { newEntity } from '../model/defaults.ts';
import type { Identity } from '../model/identities.ts';
import type { RowOf, Table } from '../model/table.ts';
import { listRows } from '../store/list-rows.ts';
import type { Expression } from '../store/filter/parser.ts';
import { symbolNames, type SymbolTable } from '../store/filter/symbols.ts';
import type { Repository } from '../store/repository.ts';
import type { WriteTx } from '../store/store.ts';
import type { Database } from '../store/tables.ts';
import { detailSchema } from './entity-schema.ts';
import { links, list, type EdgeReply } from './envelope.ts';
import type { Action, PermissionType } from './permissions.ts';
import { allOf, parseListQuery } from './query.ts';
import type { QueryParameters } from './route-spec.ts';
import type { EdgeRequest } from './routes.ts';

export type Row = Record<string, unknown> & {
  id: string;
  createdAt: string;
  updatedAt: string;
  tags: unknown;
};

/** What a definition's functions work with. */
export interface Env {
  readonly ctx: ControllerContext;
  readonly db: Kysely<Database>;
  readonly nowMs: number;
  readonly identity: Identity;
  readonly request: EdgeRequest;
}
export interface WriteEnv extends Env {
  readonly tx: WriteTx;
}

/** A part of a table: these ids, or the rows for which an expression holds. */
export type Within = readonly string[] | Expression;

export interface SubList {
  of: () => EntityDefinition;
  /** Which children: their ids, or what holds of them. */
  ids: (row: Row, env: Env) => Promise<Within>;
  /** Parameters that `ids` reads. */
  query?: QueryParameters;
}

export interface EntityDefinition {
  /** Plural, as in the URL. */
  plural: string;
  permission: PermissionType | undefined;
  repository: Repository<Table>;
  symbols: SymbolTable;
  /** Body of POST and PUT; `updatable` for PUT when that differs. */
  input: z.ZodObject | undefined;
  updatable: z.ZodObject | undefined;
  /** Members of objects that PATCH merges one by one; all other objects are replaced whole. */
  nested: readonly string[];
  links: readonly string[];
  actions: readonly Action[];
  /** What a row must have to be of this type, where several types share a table. */
  scope: Readonly<Record<string, boolean>>;
  /** The members of a body that a row stands for, where their names differ. */
  stored: (row: Row) => Record<string, unknown>;
  /** Of the detail, as clients get it. */
  schema: z.ZodType;
  /** Parameters that `render` reads, on lists and details. */
  parameters: QueryParameters;
  subLists: Readonly<Record<string, SubList>>;
  /** Checks of create (no row) and update that need the store. */
  check: (input: Record<string, unknown>, env: WriteEnv, row?: Row) => Promise<void>;
  create: (input: Record<string, unknown>, env: WriteEnv) => Promise<Row>;
  update: (
    row: Row,
    input: Record<string, unknown>,
    env: WriteEnv,
    replaced: boolean,
  ) => Promise<void>;
  remove: (row: Row, env: WriteEnv) => Promise<void>;
  /** Members of the detail beyond the row's own; called with a whole page. */
  render: (rows: readonly Row[], env: Env) => Promise<Record<string, unknown>[]>;
}

type Typed<T extends Table, I extends z.ZodObject> = {
  plural: string;
  repository: Repository<T>;
  permission?: PermissionType;
  symbols?: Omit<SymbolTable, 'table'>;
  input?: I;
  updatable?: z.ZodObject;
  nested?: readonly string[];
  links?: readonly string[];
  actions?: readonly Action[];
  scope?: Readonly<Record<string, boolean>>;
  stored?: (row: RowOf<T>) => Record<string, unknown>;
  /** Schemas of the members that `render` adds or replaces; all of them. */
  shown?: Readonly<Record<string, z.ZodType>>;
  parameters?: QueryParameters;
  subLists?: EntityDefinition['subLists'];
  check?: (input: z.output<I>, env: WriteEnv, row?: RowOf<T>) => Promise<void>;
  create?: (input: z.output<I>, env: WriteEnv) => Promise<RowOf<T>>;
  update?: (row: RowOf<T>, input: z.output<I>, env: WriteEnv, replaced: boolean) => Promise<void>;
  remove?: (row: RowOf<T>, env: WriteEnv) => Promise<void>;
  render?: (rows: RowOf<T>[], env: Env) => Promise<Record<string, unknown>[]>;
};

/** A definition with its defaults: rows hold exactly what the body's schema names. */
export function defineEntity<T extends Table, I extends z.ZodObject>(
  typed: Typed<T, I>,
): EntityDefinition {
  const repository = typed.repository as unknown as Repository<Table>;
  const defaults: EntityDefinition = {
    plural: typed.plural,
    permission: typed.permission,
    repository,
    symbols: { table: repository.table, ...typed.symbols },
    input: typed.input,
    updatable: typed.updatable ?? typed.input,
    nested: typed.nested ?? [],
    links: typed.links ?? [],
    actions: typed.actions ?? ['create', 'read', 'update', 'delete'],
    scope: typed.scope ?? {},
    stored: (row) => row,
    schema: detailSchema(typed.plural, repository.table, typed.shown),
    parameters: typed.parameters ?? {},
    subLists: typed.subLists ?? {},
    check: () => Promise.resolve(),
    create: async (input, { tx, nowMs }) =>
      (await repository.insert(tx, { ...newEntity(nowMs), ...input })) as Row,
    update: async (row, input, { tx, nowMs }) => {
      await repository.update(tx, row.id, { ...input, updatedAt: new Date(nowMs).toISOString() });
    },
    remove: async (row, { tx }) => {
      await repository.remove(tx, row.id);
    },
    render: (rows) => Promise.resolve(rows.map(() => ({}))),
  };
  const { check, create, update, remove, render, stored } = typed;
  return Object.assign(
    defaults,
    Object.fromEntries(
      Object.entries({ check, create, update, remove, render, stored }).filter(([, f]) => f),
    ),
  );
}

/** Rows as the API shows them. */
export async function renderRows(
  definition: EntityDefinition,
  rows: readonly Row[],
  env: Env,
): Promise<unknown[]> {
  const { repository, plural } = definition;
  const columns = Object.entries(repository.table.columns).filter(([, { secret }]) => !secret);
  const extras = await definition.render(rows, env);
  return rows.map((row, at) => ({
    ...Object.fromEntries(columns.map(([name]) => [name, row[name]])),
    ...extras[at],
    _links: links(plural, row.id, definition.links),
  }));
}

/** Answers a list request over `definition`, or a part of it. */
export async function answerList(
  definition: EntityDefinition,
  env: Env,
  within?: Within,
): Promise<EdgeReply> {
  const query = parseListQuery(env.request, definition);
  const request =
    within && 'node' in within
      ? { ...query, where: allOf([query.where, within]) }
      : { ...query, ids: within };
  const { rows, total } = await listRows(env.db, definition.symbols, request);
  const data = await renderRows(definition, rows as Row[], env);
  return list(
    data,
    { limit: query.limit ?? Math.max(total, 1), offset: query.offset, totalCount: total },
    symbolNames(definition.symbols),
  );
}
