import type { Row } from '../client/edge-client.ts';

/** Lists whose order says nothing. */
const sets = new Set([
  'roleAttributes',
  'permissions',
  'identityRoles',
  'configs',
  'serviceConfigs',
  'loginMethods',
]);

/**
 * A copy in which the same content always looks the same: members of nested objects by name, lists that
 * are sets in order. The order of the members themselves stays.
 */
export function canonical(values: Row): Row {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const copy = sortKeys(value);
      return [name, sets.has(name) && Array.isArray(copy) ? copy.sort(byText) : copy];
    }),
  );
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sortKeys(member)]),
  );
}
