/**
 * The identity of a tunneler router: same id and name, with a locked policy that lets it use that
 * router. Postern's routers do not tunnel themselves; existing tools create routers this way, and
 * what they then do with the identity works.
 */
import { newEntity, newIdentity } from '../../model/defaults.ts';
import type { EdgeRouter } from '../../model/edge-routers.ts';
import { repositories } from '../../store/repositories.ts';
import type { WriteEnv } from '../crud.ts';
import { fieldError } from '../errors.ts';
import { removeIdentity } from './identities.ts';

type Router = Pick<EdgeRouter, 'id' | 'name'>;

const policyName = ({ id }: Pick<Router, 'id'>): string => `edge-router-${id}-system`;

/** @throws EdgeError COULD_NOT_VALIDATE when an identity has the router's name. */
export async function addTunnelerIdentity(
  router: Router,
  { tx, nowMs }: Pick<WriteEnv, 'tx' | 'nowMs'>,
): Promise<void> {
  const { id, name } = router;
  if ((await repositories.identities.find(tx.db, { name })).length > 0)
    throw fieldError('name', 'duplicate value, an identity has this name', name);
  await repositories.identities.insert(tx, newIdentity({ id, name, typeId: 'Router' }, nowMs));
  await repositories.edgeRouterPolicies.insert(tx, {
    ...newEntity(nowMs),
    tags: {},
    name: policyName(router),
    semantic: 'AnyOf',
    identityRoles: [`@${id}`],
    edgeRouterRoles: [`@${id}`],
    isSystem: true,
  });
}

export async function removeTunnelerIdentity(
  router: Pick<Router, 'id'>,
  env: Pick<WriteEnv, 'ctx' | 'tx' | 'nowMs'>,
): Promise<void> {
  const { tx } = env;
  const [policy] = await repositories.edgeRouterPolicies.find(tx.db, { name: policyName(router) });
  if (policy) await repositories.edgeRouterPolicies.remove(tx, policy.id);
  await removeIdentity(router, env);
}

export async function renameTunnelerIdentity(
  { id, name }: Router,
  { tx, nowMs }: Pick<WriteEnv, 'tx' | 'nowMs'>,
): Promise<void> {
  const [other] = await repositories.identities.find(tx.db, { name });
  if (other && other.id !== id)
    throw fieldError('name', 'duplicate value, an identity has this name', name);
  const updatedAt = new Date(nowMs).toISOString();
  await repositories.identities.update(tx, id, { name, updatedAt });
}
