/** `primary.updb.maxAttempts`: members of nested bodies by path, as the API's errors name them. */
import type { Body } from './body.ts';

/** A copy with one member replaced; `undefined` takes it away. */
export function withMember(body: Body, name: string, value: unknown): Body {
  const { [name]: _, ...others } = body;
  return value === undefined ? others : { ...body, [name]: value };
}

/** The message for a member, if the error is about it or, for a field without parts, about something in it. */
export function messageAt(
  error: { field: string; message: string } | undefined,
  path: string,
  isWhole: boolean,
): string | undefined {
  if (!error) return undefined;
  const normal = error.field.replaceAll(/\[(\d+)\]/g, '.$1').toLowerCase();
  const own = path.toLowerCase();
  return normal === own || (isWhole && normal.startsWith(`${own}.`)) ? error.message : undefined;
}
