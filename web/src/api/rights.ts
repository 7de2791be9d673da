/** Who may call what: the rule of the controller (docs/api.md, "Permissions"), to show nobody what they cannot do. */
import { accessOf, type Operation } from './operations.ts';

export interface Holder {
  readonly isAdmin: boolean;
  readonly isDefaultAdmin: boolean;
  readonly permissions: readonly string[];
}

/** False also for operations that the API does not have. */
export function mayCall(holder: Holder, operation: Operation): boolean {
  const access = accessOf(operation);
  return access !== undefined && mayAccess(holder, access);
}

/** For operations of other APIs, whose description the console does not hold. */
export function mayAccess(
  { isAdmin, isDefaultAdmin, permissions }: Holder,
  access: string,
): boolean {
  if (isAdmin || isDefaultAdmin) return true;
  if (['anyone', 'session', 'partial-session'].includes(access)) return true;
  if (access === 'admin') return false;
  const [type = '', action] = access.split('.');
  return (
    permissions.includes(access) ||
    permissions.includes(type) ||
    (action === 'read' && permissions.includes('admin_readonly'))
  );
}
