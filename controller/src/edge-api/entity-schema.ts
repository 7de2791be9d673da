/** What an entity looks like in answers, as a schema made from its table and its rendered members. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ColumnKind, Table } from '../model/table.ts';
import { linksSchema, tagsSchema, timeSchema } from './responses.ts';

const KINDS: Readonly<Record<ColumnKind, z.ZodType>> = {
  text: z.string(),
  number: z.number(),
  boolean: z.boolean(),
  datetime: timeSchema,
  strings: z.array(z.string()),
  map: tagsSchema,
  json: z.unknown(),
};

/**
 * The schema of a detail: the table's columns that are no secrets, the members that `render` adds or
 * replaces, `_links`. Without `shown` it says nothing of further members.
 */
export function detailSchema(
  plural: string,
  table: Table,
  shown: Readonly<Record<string, z.ZodType>> | undefined,
): z.ZodType {
  const columns = Object.entries(table.columns)
    .filter(([, { secret }]) => !secret)
    .map(([name, { kind, nullable }]) => [name, nullable ? KINDS[kind].nullable() : KINDS[kind]]);
  const shape = {
    ...(Object.fromEntries(columns) as Record<string, z.ZodType>),
    ...shown,
    _links: linksSchema,
  };
  const schema = shown ? z.strictObject(shape) : z.looseObject(shape);
  return schema.meta({ id: `${typeName(plural)}Detail` });
}

/** `edge-router-policies` → `EdgeRouterPolicy`, or `EdgeRouterPolicies` in the plural. */
export function typeName(path: string, number: 'singular' | 'plural' = 'singular'): string {
  const words = number === 'plural' ? path : path.replace(/ies$/, 'y').replace(/s$/, '');
  return words
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

/**
 * The entity tag of a detail (RFC 9110 §8.8.3): changes with the members that a PUT replaces, and
 * not with what the entity does (being online, having sessions).
 */
export function entityTag(
  row: Readonly<Record<string, unknown>>,
  members: readonly string[],
): string {
  const state = JSON.stringify([row['id'], row['createdAt'], ...members.map((name) => row[name])]);
  return `"${createHash('sha256').update(state).digest('base64url').slice(0, 22)}"`;
}

/** RFC 9110 §13.1.1: whether an `If-Match` header, if any, lets the write go on. */
export function isMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined || header.trim() === '*') return true;
  return header.split(',').some((candidate) => candidate.trim() === tag);
}
