import { AppError } from '@postern/shared/errors';
import type { HostedServiceConfig } from '../config.ts';

type Rules = NonNullable<HostedServiceConfig['rules']>;

/** Denies by default once rules are given. Throws `ERR_HTTP_RULE_DENIED`. */
export function enforceRules(rules: Rules | undefined, method: string, path: string): void {
  if (rules === undefined) return;
  const isAllowed = rules.some(
    (rule) =>
      (rule.methods === undefined || rule.methods.includes(method)) &&
      hasPrefix(path, rule.pathPrefix),
  );
  if (isAllowed) return;
  throw new AppError('ERR_HTTP_RULE_DENIED', 'no rule of the service allows this request', {
    status: 403,
    publicMessage: 'The rules of this application do not allow this request.',
  });
}

/** True when `path` is `prefix` or lies below it, by whole segments. */
function hasPrefix(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/';
}
