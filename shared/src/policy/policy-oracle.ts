import type { Change, Entity } from '../schemas/index.ts';
import type { PolicyKind } from './policy-index.ts';

type Held = { [K in PolicyKind]: Map<string, Entity<K>> };

/**
 * The rules of access read literally, by scanning everything: what tests hold the index against.
 * Written from the Edge API's semantics (§4.1), independently of the index.
 */
export class PolicyOracle {
  readonly held: Held = {
    identity: new Map(),
    service: new Map(),
    servicePolicy: new Map(),
    edgeRouterPolicy: new Map(),
    serviceEdgeRouterPolicy: new Map(),
    router: new Map(),
  };

  apply(change: Change): void {
    const held = this.held as Record<string, Map<string, unknown> | undefined>;
    if (change.op === 'delete') held[change.kind]?.delete(change.key);
    else if (change.kind !== 'signingKey') held[change.kind]?.set(change.value.id, change.value);
  }

  may(type: 'Dial' | 'Bind', identityId: string, serviceId: string): boolean {
    const identity = this.held.identity.get(identityId);
    const service = this.held.service.get(serviceId);
    if (identity === undefined || service === undefined || identity.disabled) return false;
    const granted = [...this.held.servicePolicy.values()].some(
      (policy) =>
        policy.type === type &&
        isIn(identity, policy.identityRoles, policy.semantic) &&
        isIn(service, policy.serviceRoles, policy.semantic),
    );
    return granted && this.commonRouters(identityId, serviceId).length > 0;
  }

  commonRouters(identityId: string, serviceId: string): string[] {
    const identity = this.held.identity.get(identityId);
    const service = this.held.service.get(serviceId);
    if (identity === undefined || service === undefined || identity.disabled) return [];
    return [...this.held.router.values()]
      .filter(
        (router) =>
          !router.disabled &&
          [...this.held.edgeRouterPolicy.values()].some(
            (policy) =>
              isIn(identity, policy.identityRoles, policy.semantic) &&
              isIn(router, policy.edgeRouterRoles, policy.semantic),
          ) &&
          [...this.held.serviceEdgeRouterPolicy.values()].some(
            (policy) =>
              isIn(service, policy.serviceRoles, policy.semantic) &&
              isIn(router, policy.edgeRouterRoles, policy.semantic),
          ),
      )
      .map(({ id }) => id);
  }
}

function isIn(
  entity: { id: string; roleAttributes: string[] },
  roles: string[],
  semantic: 'AllOf' | 'AnyOf',
): boolean {
  if (roles.includes(`@${entity.id}`) || roles.includes('#all')) return true;
  const wanted = roles.filter((role) => role.startsWith('#')).map((role) => role.slice(1));
  const has = (attribute: string): boolean => entity.roleAttributes.includes(attribute);
  return semantic === 'AllOf' ? wanted.length > 0 && wanted.every(has) : wanted.some(has);
}
