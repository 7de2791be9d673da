/** Bodies as forms hold them: what a new one starts with, what of it is sent. */
import type { Schema } from '../api/operations.ts';

export type Body = Readonly<Record<string, unknown>>;

/** Where the schema has no default, and the safe one is not what forms begin with else. */
const SAFE: Body = { encryptionRequired: true };
const DAY_MS = 86_400_000;

/**
 * What a new entity starts with: the defaults of the schema, the first choice where one must be made, and for a time
 * that must be given the one a day after `nowMs`.
 */
export function initialBody(schema: Schema, nowMs: number): Body {
  const required = new Set(schema.required);
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
      const value = SAFE[name] ?? initialValue(member, required.has(name), nowMs);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function initialValue(schema: Schema, isRequired: boolean, nowMs: number): unknown {
  if (schema.default !== undefined) return schema.default;
  if (!isRequired) return undefined;
  if (schema.format === 'date-time') return new Date(nowMs + DAY_MS).toISOString();
  if (schema.enum) return schema.enum.includes('Default') ? 'Default' : schema.enum[0];
  switch (schema.type) {
    case 'boolean':
      return false;
    case 'object':
      return initialBody(schema, nowMs);
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    default:
      return undefined;
  }
}

/** The members of a detail that an update may name, as forms start with them. */
export function editableBody(schema: Schema, detail: Body): Body {
  return Object.fromEntries(
    Object.keys(schema.properties ?? {}).flatMap((name) =>
      detail[name] === undefined ? [] : [[name, plain(detail[name])]],
    ),
  );
}

/** A reference to another entity is its id in a body. */
function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'entity' in value && 'id' in value
    ? value.id
    : value;
}

/** A PATCH: the members that differ. Null means "unchanged" to the API, and the empty text "none". */
export function changedMembers(before: Body, after: Body): Body {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names].flatMap((name) =>
      isSame(before[name], after[name]) ? [] : [[name, after[name] ?? '']],
    ),
  );
}

/** A POST: without what was left empty. */
export function filledMembers(body: Body): Body {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([, value]) => value !== undefined && value !== null && value !== '',
    ),
  );
}

export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  return (
    left.length === Object.keys(b).length &&
    left.every(([name, value]) => Object.hasOwn(b, name) && isSame(value, (b as Body)[name]))
  );
}
