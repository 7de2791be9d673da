/** Nobody gains what they lack by way of somebody who has it (threat model, Admin API). */
import type { Identity } from '../model/identities.ts';
import { EdgeError } from './errors.ts';
import { isAdministrator, mayAccess, type Access } from './permissions.ts';

type Rights = Pick<Identity, 'isAdmin' | 'isDefaultAdmin' | 'permissions'>;

/** Administrators are changed by administrators alone. @throws EdgeError UNAUTHORIZED */
export function requireMayTouch(caller: Rights, identity: Rights): void {
  if (isAdministrator(identity) && !isAdministrator(caller)) throw new EdgeError('UNAUTHORIZED');
}

/** Who hands out credentials of an identity could act as it. @throws EdgeError UNAUTHORIZED */
export function requireMayEnroll(caller: Rights, identity: Rights): void {
  if (!mayActAs(caller, identity)) throw new EdgeError('UNAUTHORIZED');
}

/** Whether the caller has every right that the identity has. */
export function mayActAs(caller: Rights, identity: Rights): boolean {
  if (isAdministrator(caller)) return true;
  if (isAdministrator(identity)) return false;
  return identity.permissions.every((permission) => mayAccess(caller, permission as Access));
}
