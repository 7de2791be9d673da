/** Request bodies: JSON of any declared type, nulls as absent, problems by field. */
import { z } from 'zod';
import { EdgeError, fieldError } from './errors.ts';
import type { EdgeContext } from './routes.ts';

/** Parses and validates a JSON body. @throws EdgeError COULD_NOT_PARSE_BODY, COULD_NOT_VALIDATE */
export async function parseBody<T>(c: EdgeContext, schema: z.ZodType<T>): Promise<T> {
  return validate(schema, await readJson(c));
}

/** The body as JSON; an empty one is `{}`. @throws EdgeError COULD_NOT_PARSE_BODY */
export async function readJson(c: EdgeContext): Promise<unknown> {
  const text = await c.req.text();
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new EdgeError('COULD_NOT_PARSE_BODY');
  }
}

/** Null members mean "not given": Go clients send them for unset lists and maps. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/** @throws EdgeError COULD_NOT_VALIDATE naming the first member at fault. */
export function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(withoutNulls(value));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw fieldError(
    field === '' ? 'body' : field,
    issue?.message ?? 'is invalid',
    valueAt(value, issue?.path ?? []),
  );
}

/** What was sent at a path, short enough to be echoed; never a password. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  if (path.some((part) => /password|secret/i.test(String(part)))) return '';
  let found: unknown = value;
  for (const part of path)
    found =
      typeof found === 'object' && found !== null
        ? (found as Record<PropertyKey, unknown>)[part]
        : undefined;
  return typeof found === 'string'
    ? found.slice(0, 256)
    : typeof found === 'object'
      ? ''
      : (found ?? '');
}

/** An object whose own null members count as absent, for nesting. */
export function nullsAbsent<T extends z.ZodType>(schema: T) {
  return z.preprocess(withoutNulls, schema);
}
