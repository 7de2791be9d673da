import type { Semantic } from '../model/policies.ts';
import type { Expression } from '../store/filter/parser.ts';

/** Which entities a role list holds, as a filter on them (specs/edge-api.md §4.1). */
export function rolesAsFilter(roles: readonly string[], semantic: Semantic): Expression {
  if (roles.includes('#all')) return { node: 'constant', value: true };
  const named = (mark: string): string[] =>
    roles.filter((role) => role.startsWith(mark)).map((role) => role.slice(1));
  const attributes = named('#').map((value) => equals('roleAttributes', 'anyOf', value));
  return {
    node: 'or',
    items: [
      { node: 'constant', value: false },
      ...named('@').map((value) => equals('id', 'value', value)),
      ...(attributes.length > 0
        ? [{ node: semantic === 'AnyOf' ? ('or' as const) : ('and' as const), items: attributes }]
        : []),
    ],
  };
}

function equals(symbol: string, reach: 'value' | 'anyOf', value: string): Expression {
  const values = [{ type: 'string' as const, value }];
  return { node: 'compare', reach, symbol, operator: '=', negated: false, values };
}
