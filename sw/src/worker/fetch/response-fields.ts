/** Header fields of the response that the page sees. */
import type { Field } from '@postern/shared/protocol/http';

/**
 * Taken out: what would act on our own layer (threat model, "Browser"), what the worker has used up
 * itself, and hop-by-hop fields.
 */
const DROPPED = new Set([
  'service-worker-allowed',
  'clear-site-data',
  'content-encoding',
  'set-cookie',
  'set-cookie2',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'trailer',
]);

/** Statuses whose response has no body (Fetch §2.2.3, "null body status"). */
export const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** The page's headers. */
export function buildResponseHeaders(fields: readonly Field[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) {
    if (DROPPED.has(name) || name.startsWith('postern-') || name.startsWith('proxy-')) continue;
    headers.append(name, value);
  }
  return headers;
}

/** First value of a field. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([known]) => known === name)?.[1];
}
