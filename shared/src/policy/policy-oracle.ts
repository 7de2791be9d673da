import type { Change, Entity } from '../schemas/index.ts';
import type { From, PolicyKind } from './policy-index.ts';

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
    postureCheck: new Map(),
    posture: new Map(),
  };

  apply(change: Change): void {
    const held = this.held as Record<string, Map<string, unknown> | undefined>;
    if (change.op === 'delete') held[change.kind]?.delete(change.key);
    else if (change.kind !== 'signingKey') held[change.kind]?.set(change.value.id, change.value);
  }

  may(type: 'Dial' | 'Bind', identityId: string, serviceId: string, from?: From): boolean {
    const identity = this.held.identity.get(identityId);
    const service = this.held.service.get(serviceId);
    if (identity === undefined || service === undefined || identity.disabled) return false;
    const granted = [...this.held.servicePolicy.values()].some(
      (policy) =>
        policy.type === type &&
        isIn(identity, policy.identityRoles, policy.semantic) &&
        isIn(service, policy.serviceRoles, policy.semantic) &&
        this.meets(policy, identityId, from),
    );
    return granted && this.commonRouters(identityId, serviceId).length > 0;
  }

  /** Each `@id` must exist, and every check that the list holds must pass in one session. */
  meets(policy: Entity<'servicePolicy'>, identityId: string, from: From | undefined): boolean {
    const roles = policy.postureCheckRoles;
    if (roles.length === 0 || from === 'posture-ignored') return true;
    if (from === undefined) return false;
    const all = [...this.held.postureCheck.values()];
    if (roles.some((role) => role[0] === '@' && !all.some(({ id }) => `@${id}` === role))) {
      return false;
    }
    const demanded = all.filter((check) => isIn(check, roles, policy.semantic));
    const passesIn = (sessionId: string): boolean =>
      demanded.every(({ id, networks }) =>
        networks
          ? from.address === 'elsewhere' || networks.includes(`${from.address}/32`)
          : [...this.held.posture.values()].some(
              (posture) =>
                posture.id === sessionId &&
                posture.identityId === identityId &&
                posture.passing.some(
                  (passing) =>
                    passing.id === id &&
                    (passing.untilMs === undefined || passing.untilMs > from.nowMs),
                ),
            ),
      );
    const sessions =
      from.sessionId === undefined ? ['', ...this.held.posture.keys()] : [from.sessionId];
    return demanded.length > 0 && sessions.some(passesIn);
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
