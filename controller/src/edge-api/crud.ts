/** The five routes of an entity type and its sub-lists, from one definition. */
import { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import { parseJson, validate, withoutNulls } from './body.ts';
import {
  answerList,
  renderRows,
  type EntityDefinition,
  type Env,
  type Row,
  type WriteEnv,
} from './entity-definition.ts';
import { entityTag, isMatch, typeName } from './entity-schema.ts';
import { created, detail, done } from './envelope.ts';
import { EdgeError, fieldError, notFound } from './errors.ts';
import type { Access, Action } from './permissions.ts';
import { listParameters, roleParameters } from './query.ts';
import { createdResponse, detailOf, doneResponse, listOf } from './responses.ts';
import type { EdgeRequest, EdgeRoutes } from './routes.ts';

export {
  answerList,
  defineEntity,
  renderRows,
  type EntityDefinition,
  type Env,
  type Row,
  type WriteEnv,
} from './entity-definition.ts';

export function addCrudRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  definition: EntityDefinition,
): void {
  const { actions } = definition;
  if (actions.includes('read')) addReadRoutes(routes, ctx, definition);
  if (actions.includes('create')) addCreateRoute(routes, ctx, definition);
  if (actions.includes('update')) addUpdateRoutes(routes, ctx, definition);
  if (actions.includes('delete')) addDeleteRoute(routes, ctx, definition);
}

/** What a route of an entity asks of its caller; entities without a permission are for administrators. */
function accessTo({ permission }: EntityDefinition, action: Action): Access {
  if (permission) return `${permission}.${action}`;
  return action === 'read' ? 'admin_readonly' : 'admin';
}

function readEnv(ctx: ControllerContext, request: EdgeRequest): Env {
  return {
    ctx,
    db: ctx.store.db,
    nowMs: ctx.clock(),
    identity: request.caller.identity,
    request,
  };
}

async function write<T>(
  ctx: ControllerContext,
  { plural }: EntityDefinition,
  request: EdgeRequest,
  work: (env: WriteEnv) => Promise<T>,
): Promise<T> {
  const result = await ctx.store.write((tx) => work({ ...readEnv(ctx, request), db: tx.db, tx }));
  ctx.events.emit('entityWritten', { plural });
  return result;
}

async function existing(
  { repository, scope }: EntityDefinition,
  { db, request }: Env,
): Promise<Row> {
  const row = (await repository.get(db, request.param('id'))) as Row | undefined;
  if (!row || Object.entries(scope).some(([name, value]) => row[name] !== value)) throw notFound();
  return row;
}

async function checked(
  definition: EntityDefinition,
  input: Record<string, unknown>,
  env: WriteEnv,
  row?: Row,
): Promise<Record<string, unknown>> {
  await requireUniqueName(definition, input, env, row);
  await definition.check(input, env, row);
  return input;
}

function tagOf({ updatable, stored }: EntityDefinition, row: Row): string {
  return entityTag(stored(row), Object.keys(updatable?.shape ?? {}));
}

/** The row to change. @throws EdgeError NOT_FOUND, PRECONDITION_FAILED when `If-Match` names another state. */
async function current(definition: EntityDefinition, env: WriteEnv): Promise<Row> {
  const row = await existing(definition, env);
  if (!isMatch(env.request.context.req.header('if-match'), tagOf(definition, row)))
    throw new EdgeError('PRECONDITION_FAILED');
  return row;
}

function addReadRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  definition: EntityDefinition,
): void {
  const { plural, schema, parameters } = definition;
  const access = accessTo(definition, 'read');
  const one = `/${plural}/:id`;
  const type = typeName(plural);
  routes.add(
    {
      method: 'get',
      path: `/${plural}`,
      access,
      summary: `List ${plural}`,
      operationId: `list${typeName(plural, 'plural')}`,
      query: { ...listParameters, ...roleParameters(definition), ...parameters },
      response: listOf(schema),
    },
    (request) => answerList(definition, readEnv(ctx, request)),
  );
  routes.add(
    {
      method: 'get',
      path: one,
      access,
      summary: `Detail of one of ${plural}; its ETag serves If-Match`,
      operationId: `detail${type}`,
      query: parameters,
      response: detailOf(schema),
    },
    async (request) => {
      const env = readEnv(ctx, request);
      const row = await existing(definition, env);
      const [data] = await renderRows(definition, [row], env);
      return { ...detail(data), headers: { etag: tagOf(definition, row) } };
    },
  );
  for (const [name, { of, ids, query }] of Object.entries(definition.subLists)) {
    const child = of();
    routes.add(
      {
        method: 'get',
        path: `${one}/${name}`,
        access,
        summary: `List ${name} of one of ${plural}`,
        operationId: `list${type}${typeName(name, 'plural')}`,
        query: { ...listParameters, ...child.parameters, ...query },
        response: listOf(child.schema),
      },
      async (request) => {
        const env = readEnv(ctx, request);
        return answerList(child, env, await ids(await existing(definition, env), env));
      },
    );
  }
}

function addCreateRoute(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  definition: EntityDefinition,
): void {
  const { plural, input } = definition;
  if (!input) return;
  routes.add(
    {
      method: 'post',
      path: `/${plural}`,
      access: accessTo(definition, 'create'),
      summary: `Create one of ${plural}`,
      operationId: `create${typeName(plural)}`,
      body: input,
      response: createdResponse,
    },
    async (request) => {
      const row = await write(ctx, definition, request, async (env) =>
        definition.create(await checked(definition, request.body, env), env),
      );
      return created(plural, row.id);
    },
  );
}

function addUpdateRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  definition: EntityDefinition,
): void {
  const { plural, updatable } = definition;
  if (!updatable) return;
  const access = accessTo(definition, 'update');
  const one = `/${plural}/:id`;
  const type = typeName(plural);
  routes.add(
    {
      method: 'put',
      path: one,
      access,
      summary: `Replace one of ${plural}: members left out get their defaults`,
      operationId: `update${type}`,
      body: updatable,
      response: doneResponse,
      errors: ['PRECONDITION_FAILED'],
    },
    async (request) => {
      await write(ctx, definition, request, async (env) => {
        const row = await current(definition, env);
        await definition.update(row, await checked(definition, request.body, env, row), env, true);
      });
      return done();
    },
  );
  routes.add(
    {
      method: 'patch',
      path: one,
      access,
      summary: `Change members of one of ${plural}; null members are ignored`,
      operationId: `patch${type}`,
      describedBody: z.object(
        Object.fromEntries(
          Object.entries(updatable.shape).map(([name, schema]) => [name, z.optional(schema)]),
        ),
      ),
      response: doneResponse,
      errors: ['PRECONDITION_FAILED'],
    },
    async (request) => {
      const sent = withoutNulls(parseJson(await request.text()));
      if (!isObject(sent)) throw fieldError('body', 'must be an object');
      await write(ctx, definition, request, async (env) => {
        const row = await current(definition, env);
        const merged = validate(updatable, merge(definition, row, sent));
        await definition.update(row, await checked(definition, merged, env, row), env, false);
      });
      return done();
    },
  );
}

function addDeleteRoute(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  definition: EntityDefinition,
): void {
  routes.add(
    {
      method: 'delete',
      path: `/${definition.plural}/:id`,
      access: accessTo(definition, 'delete'),
      summary: `Delete one of ${definition.plural}`,
      operationId: `delete${typeName(definition.plural)}`,
      response: doneResponse,
      errors: ['PRECONDITION_FAILED'],
    },
    async (request) => {
      await write(ctx, definition, request, async (env) =>
        definition.remove(await current(definition, env), env),
      );
      return done();
    },
  );
}

/** PATCH: the present members over the stored ones, then judged as a whole like a PUT. */
function merge(
  { updatable, nested, stored }: EntityDefinition,
  row: Row,
  sent: Record<string, unknown>,
): Record<string, unknown> {
  const members = stored(row);
  const current = Object.fromEntries(
    Object.keys(updatable?.shape ?? {}).map((name) => [name, members[name]]),
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
