/** OpenAPI 3.1 documents, made from what the routes declare; nothing is written by hand. */
import { z } from 'zod';
import { statusOf } from './errors.ts';
import { JSON_ONLY, takesBody, type QueryParameters, type RouteSpec } from './route-spec.ts';
import { errorSchema, type ResponseSpec } from './responses.ts';

type Json = Record<string, unknown>;

export interface ApiDescription {
  title: string;
  /** Path prefix, the server's URL. */
  base: string;
  description?: string;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const ERRORS: Readonly<Record<number, string>> = {
  400: 'A parameter or the body is not valid: `cause.field` names the member',
  401: 'Not logged in, or not allowed',
  404: 'No such entity',
  409: 'In conflict with what exists',
  410: 'Already used',
  412: '`If-Match` names another state',
  413: 'The body is larger than 1 MiB',
  415: 'The body is of another type',
  429: 'Too many requests',
  500: 'A fault of the controller',
  501: 'Not implemented',
  503: 'The handler took longer than 10 s',
};

/** The error statuses a route may answer with: what follows from its declaration, and what it adds. */
function errorStatuses(spec: RouteSpec): number[] {
  const { method, path, access, query, errors = [] } = spec;
  const hasParameters = path.includes(':');
  return [
    ...new Set<number>([
      ...(hasParameters || query || takesBody(spec) || method !== 'get' ? [400] : []),
      ...(access === 'anyone' ? [] : [401]),
      ...(hasParameters ? [404] : []),
      ...(method === 'get' ? [] : [409]),
      ...(takesBody(spec) ? [413, 415] : []),
      429,
      503,
      ...errors.map(statusOf),
    ]),
  ].sort((a, b) => a - b);
}

/** The document of one API. Members are in a stable order, so that documents can be compared. */
export function buildOpenApi(
  { title, base, description }: ApiDescription,
  specs: readonly RouteSpec[],
) {
  const schemas = new Components();
  const paths: Record<string, Record<string, unknown>> = {};
  const statuses = new Set<number>();
  const key = ({ path, method }: RouteSpec): string => `${path} ${METHODS.indexOf(method)}`;
  const sorted = [...specs].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  for (const spec of sorted) {
    for (const status of errorStatuses(spec)) statuses.add(status);
    const operations = (paths[spec.path.replaceAll(/:(\w+)/g, '{$1}')] ??= {});
    operations[spec.method] = operation(spec, schemas);
  }
  const error = schemas.add(errorSchema, 'output');
  const responses = Object.fromEntries(
    [...statuses]
      .sort((a, b) => a - b)
      .map((status) => [
        `Error${status}`,
        {
          description: ERRORS[status] ?? 'Error',
          content: { 'application/json': { schema: error } },
        },
      ]),
  );
  return {
    openapi: '3.1.0',
    info: { title, version: '1', ...(description && { description }) },
    servers: [{ url: base }],
    paths,
    components: {
      securitySchemes: {
        ztSession: { type: 'apiKey', in: 'header', name: 'zt-session' },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
      responses,
      schemas: schemas.sorted(),
    },
  };
}

export type OpenApiDocument = ReturnType<typeof buildOpenApi>;

function operation(spec: RouteSpec, schemas: Components): Json {
  const { path, access, summary, note, method } = spec;
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...queryParameters(spec.query ?? {}, schemas),
    ...(spec.errors?.includes('PRECONDITION_FAILED')
      ? [{ name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } }]
      : []),
  ];
  return {
    operationId: spec.operationId ?? operationIdOf(method, path),
    tags: [spec.tag ?? path.split('/')[1] ?? ''],
    summary,
    ...(note && { description: note }),
    'x-access': access,
    ...(access !== 'anyone' && { security: [{ ztSession: [] }, { bearer: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(takesBody(spec) && { requestBody: requestBody(spec, schemas) }),
    responses: {
      ...success(spec.response, schemas),
      ...Object.fromEntries(
        errorStatuses(spec).map((status) => [
          String(status),
          { $ref: `#/components/responses/Error${status}` },
        ]),
      ),
    },
  };
}

function requestBody(
  { body, describedBody, accepts = JSON_ONLY, operationId }: RouteSpec,
  schemas: Components,
): Json {
  const schema = body ?? describedBody;
  const named = schema && operationId ? schema.meta({ id: bodyName(operationId) }) : schema;
  const described = named ? schemas.add(named, 'input') : {};
  return {
    required: body !== undefined,
    content: Object.fromEntries(
      accepts.map((type) => [
        type,
        { schema: type === 'application/json' ? described : { type: 'string' } },
      ]),
    ),
  };
}

/** `createIdentity` → `IdentityCreate`, as OpenZiti's definitions are called. */
function bodyName(operationId: string): string {
  const [, verb = '', subject = ''] = /^([a-z]+)(.*)$/.exec(operationId) ?? [];
  return `${subject}${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
}

function success(response: ResponseSpec | undefined, schemas: Components): Json {
  if (!response) return { 200: { description: 'Done' } };
  const { status, description, contentType, body } = response;
  const schema = body ? schemas.add(body, 'output') : { type: 'string' };
  return {
    [status]: {
      description,
      ...(status !== 204 && { content: { [contentType]: { schema } } }),
    },
  };
}

function queryParameters(query: QueryParameters, schemas: Components): Json[] {
  return Object.entries(query).map(([name, { schema, description, repeatable }]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: schemas.add(schema, 'input'),
    ...(repeatable && { explode: true }),
  }));
}

/** `get /identities/:id/services` → `getIdentitiesByIdServices`. */
function operationIdOf(method: string, path: string): string {
  const words = path.replaceAll(/:(\w+)/g, 'by-$1').split(/[^A-Za-z0-9]+/);
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** Named schemas, each written once. */
class Components {
  readonly #schemas = new Map<string, unknown>();

  /** The JSON Schema, or a reference to it if it is named. */
  add(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema: _, $defs = {}, id, ...own } = this.#convert(schema, io);
    for (const [name, definition] of Object.entries($defs as Record<string, Json>)) {
      const { id: __, ...described } = definition;
      this.#set(name, described);
    }
    if (typeof id !== 'string') return pointed(own) as Json;
    this.#set(id, own);
    return { $ref: `#/components/schemas/${id}` };
  }

  sorted(): Record<string, unknown> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #set(name: string, schema: Json): void {
    this.#schemas.set(name, pointed(schema));
  }

  #convert(schema: z.ZodType, io: 'input' | 'output'): Json {
    return z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        // Clients are to ignore members they do not know.
        if (io === 'output' && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties;
        const { def } = zodSchema._zod;
        // `nullsAbsent`: what comes after the preprocessing says what is meant.
        if (io === 'input' && def.type === 'pipe') {
          const { in: before, out } = def;
          if (before._zod.def.type === 'transform') {
            const { $schema: _, ...meant } = this.#convert(out as z.ZodType, io);
            Object.assign(jsonSchema, meant);
          }
        }
      },
    });
  }
}

/** References of `$defs` made to point at the document's components. */
function pointed(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/'),
  ) as unknown;
}
