/**
 * `Clear-Site-Data`, limited to what is the application's: the browser never sees the field, since it would
 * also delete what the worker needs. Storage of pages (`"storage"`) is out of a worker's reach.
 */
import type { Field } from '@postern/shared/protocol/http';

export interface SiteData {
  clearCache: boolean;
  clearCookies: boolean;
}

/** Clear Site Data §3.1: quoted names; `"*"` is all of them. */
export function siteDataToClear(fields: readonly Field[]): SiteData {
  const names = fields
    .filter(([name]) => name === 'clear-site-data')
    .flatMap(([, value]) => value.split(',').map((one) => one.trim()));
  const has = (name: string): boolean => names.includes(`"${name}"`) || names.includes('"*"');
  return { clearCache: has('cache'), clearCookies: has('cookies') };
}
