/**
 * Malformed and boundary requests made from an OpenAPI document: every request is decided by the
 * seed, so that a failure can be run again.
 */
import type { OpenApi, OpenApiOperation } from './edge-controller.ts';
import {
  TEXTS,
  NUMBERS,
  ODD,
  NUMERIC_TEXTS,
  FILTERS,
  SORTS,
  RAW_BODIES,
  CONTENT_TYPES,
} from './odd-values.ts';
import type { Random } from './random.ts';

type Schema = Readonly<Record<string, unknown>>;

export interface Target {
  readonly base: string;
  readonly method: string;
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly operation: OpenApiOperation;
}

export interface GeneratedRequest {
  readonly target: Target;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Whether an operation answers with what never ends by itself. */
export function isStream({ operation: { responses } }: Target): boolean {
  return Object.values(responses).some(
    ({ content }) =>
      typeof content === 'object' && content !== null && 'text/event-stream' in content,
  );
}

/** The operations of a document. */
export function targetsOf(base: string, document: OpenApi): Target[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ base, method, path, operation })),
  );
}

export class RequestGenerator {
  readonly #random: Random;
  readonly #documents: ReadonlyMap<string, OpenApi>;
  /** Ids that exist, and whatever else is worth trying in their place. */
  ids: readonly string[] = [];

  constructor(random: Random, documents: ReadonlyMap<string, OpenApi>) {
    this.#random = random;
    this.#documents = documents;
  }

  generate(target: Target): GeneratedRequest {
    const { operation, base } = target;
    const path = target.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(this.#id()));
    const query = this.#query(operation);
    const body = this.#body(target);
    const declared = Object.keys(operation.requestBody?.content ?? {})[0] ?? 'application/json';
    const random = this.#random;
    return {
      target,
      url: `${base}${path}${random.chance(0.05) ? '/' : ''}${query}`,
      headers: {
        ...(body !== undefined &&
          random.chance(0.95) && {
            'content-type': random.chance(0.93) ? declared : random.pick(CONTENT_TYPES),
          }),
        ...(random.chance(0.05) && {
          'if-match': random.pick(['*', '"x"', 'x', 'W/"x"', '"a","b"']),
        }),
        ...(random.chance(0.03) && {
          authorization: random.pick([
            'Bearer',
            'Bearer x',
            'Bearer a.b.c',
            'Basic eDp4',
            `Bearer ${'x'.repeat(5000)}`,
          ]),
        }),
      },
      body,
    };
  }

  #id(): string {
    const text = this.#random.chance(0.6) ? this.#random.pick(this.ids) : this.#random.pick(TEXTS);
    // An empty segment would be another path; lone surrogates have no encoding in URLs.
    return text === '' ? 'nope' : encodable(text);
  }

  #query({ parameters = [] }: OpenApiOperation): string {
    const parts: string[] = [];
    for (const { name, in: place } of parameters) {
      if (place !== 'query' || !this.#random.chance(0.4)) continue;
      for (let times = this.#random.chance(0.1) ? 3 : 1; times > 0; times--)
        parts.push(`${name}=${encodeURIComponent(this.#queryValue(name))}`);
    }
    if (this.#random.chance(0.05)) parts.push('%00=%ff&=&&a[b]=c');
    return parts.length === 0 ? '' : `?${parts.join('&')}`;
  }

  #queryValue(name: string): string {
    const random = this.#random;
    if (name === 'limit' || name === 'offset') return random.pick(NUMERIC_TEXTS);
    if (name === 'filter') return random.pick(FILTERS);
    if (name === 'sort') return random.pick(SORTS);
    const texts = [
      ...TEXTS,
      'all',
      '#a',
      'AllOf',
      'AnyOf',
      'dial',
      'bind',
      'password',
      'cert',
      'ext-jwt',
      'ott',
    ];
    return encodable(random.chance(0.3) ? random.pick(this.ids) : random.pick(texts));
  }

  #body({ base, operation }: Target): string | undefined {
    const random = this.#random;
    const [content] = Object.values(operation.requestBody?.content ?? {});
    if (!content) return random.chance(0.05) ? random.pick(RAW_BODIES) : undefined;
    if (random.chance(0.15)) return random.pick(RAW_BODIES);
    let value = this.#instance(base, content.schema, 0);
    for (let times = Math.floor(random.next() * 4); times > 0; times--)
      value = this.#mutated(value);
    return JSON.stringify(value) ?? '';
  }

  /** Something that fits a schema, mostly. */
  #instance(base: string, schema: Schema, depth: number): unknown {
    const random = this.#random;
    const { $ref, const: constant, enum: values, anyOf, oneOf, allOf, type } = schema;
    if (typeof $ref === 'string') {
      const name = $ref.slice($ref.lastIndexOf('/') + 1);
      const schemas = this.#documents.get(base)?.components.schemas ?? {};
      return depth > 12 ? {} : this.#instance(base, schemas[name] as Schema, depth + 1);
    }
    if (constant !== undefined) return constant;
    if (Array.isArray(values)) return random.pick(values);
    const choices = anyOf ?? oneOf;
    if (Array.isArray(choices))
      return this.#instance(base, random.pick(choices) as Schema, depth + 1);
    if (Array.isArray(allOf))
      return Object.assign(
        {},
        ...allOf.map((one) => this.#instance(base, one as Schema, depth + 1)),
      );
    switch (Array.isArray(type) ? random.pick(type) : type) {
      case 'object':
        return this.#object(base, schema, depth);
      case 'array':
        return Array.from({ length: random.pick([0, 1, 1, 2]) }, () =>
          this.#instance(base, (schema['items'] ?? {}) as Schema, depth + 1),
        );
      case 'integer':
      case 'number':
        return random.chance(0.8)
          ? random.pick(
              [schema['minimum'], schema['maximum'], 0, 1].filter((n) => typeof n === 'number'),
            )
          : random.pick(NUMBERS);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      case 'string':
        return this.#text(schema);
      default:
        return random.pick(ODD);
    }
  }

  #object(base: string, schema: Schema, depth: number): Record<string, unknown> {
    const random = this.#random;
    const required = new Set((schema['required'] ?? []) as string[]);
    const made: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(
      (schema['properties'] ?? {}) as Record<string, Schema>,
    )) {
      if (required.has(name) || random.chance(0.4))
        made[name] = this.#instance(base, member, depth + 1);
    }
    const rest = schema['additionalProperties'];
    if (typeof rest === 'object' && rest !== null && random.chance(0.5))
      made[random.pick(['a', 'b', ...this.ids])] = this.#instance(base, rest as Schema, depth + 1);
    return made;
  }

  #text({ format, pattern }: Schema): string {
    const random = this.#random;
    if (format === 'date-time')
      return random.pick(['2030-01-01T00:00:00Z', '2000-01-01T00:00:00.000+02:00', 'x']);
    if (format === 'uri')
      return random.pick(['https://idp.example.com/x', 'http://localhost:1', 'x']);
    if (typeof pattern === 'string')
      return random.pick(['#all', '#a', 'a', '1', ...this.ids.map((id) => `@${id}`)]);
    if (random.chance(0.35)) return random.pick(this.ids);
    return random.chance(0.5) ? `name-${Math.floor(random.next() * 1e6)}` : random.pick(TEXTS);
  }

  /** One member somewhere taken away, put in or made something else. */
  #mutated(value: unknown): unknown {
    const random = this.#random;
    if (typeof value !== 'object' || value === null || random.chance(0.05))
      return random.pick([...ODD, ...TEXTS]);
    const copy = structuredClone(value) as Record<string, unknown>;
    const names = Object.keys(copy);
    const name = names.length === 0 ? 'x' : random.pick(names);
    const kind = random.next();
    if (kind < 0.2) Reflect.deleteProperty(copy, name);
    else if (kind < 0.3)
      copy[random.pick(['id', 'createdAt', 'isSystem', 'extra', 'isAdmin', 'tags'])] =
        random.pick(ODD);
    else if (kind < 0.6 && typeof copy[name] === 'object') copy[name] = this.#mutated(copy[name]);
    else copy[name] = random.pick([...ODD, ...TEXTS]);
    return copy;
  }
}

/** What `encodeURIComponent` takes, and a URL has room for. */
function encodable(text: string): string {
  const isLoneSurrogate = (one: string): boolean =>
    one >= '\ud800' && one <= '\udfff' && one.length === 1;
  return Array.from(text)
    .slice(0, 300)
    .map((one) => (isLoneSurrogate(one) ? 'x' : one))
    .join('');
}
