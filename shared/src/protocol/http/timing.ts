/**
 * Times of a response in a field of its head, in the syntax of Server-Timing (W3C Server Timing §4): made by
 * connectors, read by the service worker, seen by no page.
 */
import type { Field } from './fields.ts';

export const TIMING_FIELD = 'postern-timing';
const APPLICATION = /^application;dur=(\d{1,9}(?:\.\d{1,3})?)$/;

/** Ms from the request's way to the application until its head; `undefined` where the connector did not say. */
export function applicationTimeMs(fields: readonly Field[]): number | undefined {
  const value = fields.find(([name]) => name === TIMING_FIELD)?.[1];
  const found = value === undefined ? null : APPLICATION.exec(value);
  return found ? Number(found[1]) : undefined;
}
