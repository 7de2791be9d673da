/** Who may call what (specs/edge-api.md §1.8). Everything not granted here is for administrators. */
import type { Identity } from '../model/identities.ts';

export const PERMISSION_TYPES = [
  'auth-policy',
  'config',
  'config-type',
  'edge-router-policy',
  'enrollment',
  'external-jwt-signer',
  'identity',
  'router',
  'service',
  'service-edge-router-policy',
  'service-policy',
  'terminator',
  'ops',
] as const;
export type PermissionType = (typeof PERMISSION_TYPES)[number];
export type Action = 'create' | 'read' | 'update' | 'delete';

const ACTIONS: readonly Action[] = ['create', 'read', 'update', 'delete'];

/**
 * What a route asks of its caller: nothing, a live session, an administrator, or an administrator
 * or holder of the named permission.
 */
export type Access = 'anyone' | 'session' | 'admin' | `${PermissionType}.${Action}`;

/** Values the `permissions` of an identity may have. */
export const PERMISSIONS: ReadonlySet<string> = new Set([
  'admin_readonly',
  ...PERMISSION_TYPES.flatMap((type) => [type, ...ACTIONS.map((action) => `${type}.${action}`)]),
]);

export function isAdministrator(identity: Pick<Identity, 'isAdmin' | 'isDefaultAdmin'>): boolean {
  return identity.isAdmin || identity.isDefaultAdmin;
}

export function mayAccess(identity: Identity, access: Access): boolean {
  if (access === 'anyone' || access === 'session' || isAdministrator(identity)) return true;
  if (access === 'admin') return false;
  const held = new Set(identity.permissions);
  const [type = '', action] = access.split('.');
  return held.has(access) || held.has(type) || (action === 'read' && held.has('admin_readonly'));
}
