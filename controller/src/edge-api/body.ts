/** Request bodies: JSON of any declared type, nulls as absent, problems by field. */
import { z } from 'zod';
import { EdgeError, fieldError } from './errors.ts';

/** Nesting that no body of these APIs needs. */
const MAX_DEPTH = 64;

/** A body as JSON; an empty one is `{}`. @throws EdgeError COULD_NOT_PARSE_BODY, COULD_NOT_VALIDATE */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EdgeError('COULD_NOT_PARSE_BODY');
  }
  refuseUnstorable(value);
  return value;
}

/** NUL, which no database text holds; `__proto__`, which no member is called; bottomless nesting. */
function refuseUnstorable(value: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let item = open.pop(); item; item = open.pop()) {
    if (typeof item.value === 'string' && item.value.includes('\0'))
      throw fieldError('body', 'must not contain NUL');
    if (typeof item.value !== 'object' || item.value === null) continue;
    if (item.depth === MAX_DEPTH)
      throw fieldError('body', `is nested deeper than ${MAX_DEPTH} levels`);
    for (const [name, member] of Object.entries(item.value)) {
      if (name === '__proto__' || name.includes('\0'))
        throw fieldError('body', 'has a member whose name is not allowed');
      open.push({ value: member, depth: item.depth + 1 });
    }
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
