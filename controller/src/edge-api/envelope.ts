/** Bodies of the Edge APIs (specs/edge-api.md §1.3). */
import type { EdgeError } from './errors.ts';

export interface EdgeReply {
  status: 200 | 201 | 202;
  body: unknown;
  headers?: Record<string, string>;
}

export interface Page {
  /** Rows asked for; all of them when the client set no limit. */
  limit: number;
  offset: number;
  totalCount: number;
}

export function detail(data: unknown): EdgeReply {
  return { status: 200, body: { data, meta: {} } };
}

/** What updates, deletes and actions answer. */
export function done(): EdgeReply {
  return detail({});
}

export function created(plural: string, id: string): EdgeReply {
  return {
    status: 201,
    body: { data: { id, _links: { self: { href: `./${plural}/${id}` } } }, meta: {} },
  };
}

export function list(
  data: readonly unknown[],
  page: Page,
  filterableFields: readonly string[],
): EdgeReply {
  return { status: 200, body: { data, meta: { filterableFields, pagination: page } } };
}

export function errorBody(error: EdgeError, requestId: string): unknown {
  return {
    error: {
      code: error.code,
      message: error.message,
      requestId,
      ...(error.field && { cause: error.field }),
    },
    meta: { apiVersion: '0.0.1', apiEnrollmentVersion: '0.0.1' },
  };
}

/** `_links` of an entity: `self` and its sub-resources, relative to the API's base. */
export function links(
  plural: string,
  id: string,
  names: readonly string[] = [],
): Record<string, { href: string }> {
  const self = `./${plural}/${id}`;
  return {
    self: { href: self },
    ...Object.fromEntries(names.map((name) => [name, { href: `${self}/${name}` }])),
  };
}

export interface EntityReference {
  id: string;
  name: string;
  entity: string;
  _links: Record<string, { href: string }>;
}

export function reference(plural: string, id: string, name: string): EntityReference {
  return { id, name, entity: plural, _links: links(plural, id) };
}
