/** The five routes of an entity type and its sub-lists, from one definition. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import { newEntity } from '../model/defaults.ts';
import type { Identity } from '../model/identities.ts';
import type { RowOf, Table } from '../model/table.ts';
import { listRows } from '../store/list-rows.ts';
import { symbolNames, type SymbolTable } from '../store/filter/symbols.ts';
import type { Repository } from '../store/repository.ts';
import type { WriteTx } from '../store/store.ts';
import type { Database } from '../store/tables.ts';
import { readJson, validate, withoutNulls } from './body.ts';
import { created, detail, done, links, list } from './envelope.ts';
import { fieldError, notFound } from './errors.ts';
import type { Action, PermissionType } from './permissions.ts';
import { parseListQuery } from './query.ts';
import type { EdgeRequest, EdgeRoutes } from './routes.ts';

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

interface SubList {
  of: () => EntityDefinition;
  /** Ids of the children. */
  ids: (row: Row, env: Env) => Promise<readonly string[]>;
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
  const { check, create, update, remove, render } = typed;
  return Object.assign(
    defaults,
    Object.fromEntries(
      Object.entries({ check, create, update, remove, render }).filter(([, f]) => f),
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

/** Answers a list request over `definition`, restricted to `ids` when given. */
export async function answerList(definition: EntityDefinition, env: Env, ids?: readonly string[]) {
  const query = parseListQuery(env.request);
  const { rows, total } = await listRows(env.db, definition.symbols, { ...query, ids });
  const data = await renderRows(definition, rows as Row[], env);
  return list(
    data,
    { limit: query.limit ?? Math.max(total, 1), offset: query.offset, totalCount: total },
    symbolNames(definition.symbols),
  );
}

export function addCrudRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  definition: EntityDefinition,
): void {
  const { plural, repository, permission } = definition;
  const access = (action: Action) =>
    permission ? (`${permission}.${action}` as const) : ('admin' as const);
  const one = `/${plural}/:id`;
  const readEnv = (request: EdgeRequest): Env => ({
    ctx,
    db: ctx.store.db,
    nowMs: ctx.clock(),
    identity: request.caller.identity,
    request,
  });
  const write = async <T>(
    request: EdgeRequest,
    work: (env: WriteEnv) => Promise<T>,
  ): Promise<T> => {
    const result = await ctx.store.write((tx) => work({ ...readEnv(request), db: tx.db, tx }));
    ctx.events.emit('entityWritten', { plural });
    return result;
  };
  const existing = async ({ db, request }: Env): Promise<Row> => {
    const row = await repository.get(db, request.param('id'));
    if (!row) throw notFound();
    return row as Row;
  };
  const checked = async (input: Record<string, unknown>, env: WriteEnv, row?: Row) => {
    await requireUniqueName(definition, input, env, row);
    await definition.check(input, env, row);
    return input;
  };

  if (definition.actions.includes('read')) {
    routes.add(
      { method: 'get', path: `/${plural}`, access: access('read'), summary: `List ${plural}` },
      (request) => answerList(definition, readEnv(request)),
    );
    routes.add(
      { method: 'get', path: one, access: access('read'), summary: `Detail of one of ${plural}` },
      async (request) => {
        const env = readEnv(request);
        const [data] = await renderRows(definition, [await existing(env)], env);
        return detail(data);
      },
    );
    for (const [name, { of, ids }] of Object.entries(definition.subLists)) {
      routes.add(
        {
          method: 'get',
          path: `${one}/${name}`,
          access: access('read'),
          summary: `List ${name} of one of ${plural}`,
        },
        async (request) => {
          const env = readEnv(request);
          return answerList(of(), env, await ids(await existing(env), env));
        },
      );
    }
  }
  const { input, updatable } = definition;
  if (input && definition.actions.includes('create')) {
    routes.add(
      {
        method: 'post',
        path: `/${plural}`,
        access: access('create'),
        summary: `Create one of ${plural}`,
        body: input,
      },
      async (request) => {
        const row = await write(request, async (env) =>
          definition.create(await checked(request.body, env), env),
        );
        return created(plural, row.id);
      },
    );
  }
  if (updatable && definition.actions.includes('update')) {
    routes.add(
      {
        method: 'put',
        path: one,
        access: access('update'),
        summary: `Replace one of ${plural}`,
        body: updatable,
      },
      async (request) => {
        await write(request, async (env) => {
          const row = await existing(env);
          await definition.update(row, await checked(request.body, env, row), env, true);
        });
        return done();
      },
    );
    routes.add(
      {
        method: 'patch',
        path: one,
        access: access('update'),
        summary: `Change members of one of ${plural}`,
      },
      async (request) => {
        const sent = withoutNulls(await readJson(request.context));
        if (typeof sent !== 'object' || sent === null || Array.isArray(sent))
          throw fieldError('body', 'must be an object');
        await write(request, async (env) => {
          const row = await existing(env);
          const merged = validate(
            updatable,
            merge(definition, row, sent as Record<string, unknown>),
          );
          await definition.update(row, await checked(merged, env, row), env, false);
        });
        return done();
      },
    );
  }
  if (definition.actions.includes('delete')) {
    routes.add(
      { method: 'delete', path: one, access: access('delete'), summary: `Delete one of ${plural}` },
      async (request) => {
        await write(request, async (env) => definition.remove(await existing(env), env));
        return done();
      },
    );
  }
}

/** PATCH: the present members over the stored ones, then judged as a whole like a PUT. */
function merge(
  { updatable, nested }: EntityDefinition,
  row: Row,
  sent: Record<string, unknown>,
): Record<string, unknown> {
  const current = Object.fromEntries(
    Object.keys(updatable?.shape ?? {}).map((name) => [name, row[name]]),
  );
  return mergeMembers(current, sent, new Set(nested));
}

function mergeMembers(
  current: Record<string, unknown>,
  sent: Record<string, unknown>,
  nested: ReadonlySet<string>,
) {
  const merged = { ...current };
  for (const [name, value] of Object.entries(sent)) {
    if (value === null) continue;
    const before = current[name];
    const both = isObject(before) && isObject(value) && nested.has(name);
    merged[name] = both ? mergeMembers(before, value, nested) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function requireUniqueName(
  { repository }: EntityDefinition,
  input: Record<string, unknown>,
  { db }: Env,
  row?: Row,
) {
  if (!('name' in repository.table.columns) || typeof input['name'] !== 'string') return;
  const [other] = await repository.find(db, { name: input['name'] });
  if (other && other['id'] !== row?.id)
    throw fieldError('name', 'duplicate value, name must be unique', input['name']);
}
