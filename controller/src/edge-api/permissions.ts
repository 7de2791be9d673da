/** Who may call what (specs/edge-api.md §1.8). Everything not granted here is for administrators. */
import type { Identity } from '../model/identities.ts';

export const PERMISSION_TYPES = [
  'auth-policy',
  'ca',
  'config',
  'config-type',
  'edge-router-policy',
  'enrollment',
  'external-jwt-signer',
  'identity',
  'posture-check',
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
 * What a route asks of its caller: nothing, a live session (`partial-session`: also one that still
 * has to prove a second factor), an administrator, an administrator or
 * holder of `admin_readonly`, or an administrator or holder of the named permission.
 */
export type Access =
  | 'anyone'
  | 'session'
  | 'partial-session'
  | 'admin'
  | 'admin_readonly'
  | 'controllers.read'
  | `${PermissionType}.${Action}`;

/** Values the `permissions` of an identity may have. */
export const PERMISSIONS: ReadonlySet<string> = new Set([
  'admin_readonly',
  'controllers.read',
  ...PERMISSION_TYPES.flatMap((type) => [type, ...ACTIONS.map((action) => `${type}.${action}`)]),
]);

export function isAdministrator(identity: Pick<Identity, 'isAdmin' | 'isDefaultAdmin'>): boolean {
  return identity.isAdmin || identity.isDefaultAdmin;
}

/** Asks for no right, at most for a session. */
const OPEN: ReadonlySet<Access> = new Set(['anyone', 'session', 'partial-session']);

export function mayAccess(
  identity: Pick<Identity, 'isAdmin' | 'isDefaultAdmin' | 'permissions'>,
  access: Access,
): boolean {
  if (OPEN.has(access) || isAdministrator(identity)) return true;
  if (access === 'admin') return false;
  const held = new Set(identity.permissions);
  const [type = '', action] = access.split('.');
  return held.has(access) || held.has(type) || (action === 'read' && held.has('admin_readonly'));
}
