import type { Change, Entity, EntityKind, Snapshot } from '../schemas/index.ts';
import { PostureIndex } from './posture-index.ts';
import { Relation } from './relation.ts';
import { RoleIndex } from './role-index.ts';
import type { Vantage } from './vantage.ts';

/** The kinds of entity that decide access. */
export const policyKinds = [
  'identity',
  'service',
  'servicePolicy',
  'edgeRouterPolicy',
  'serviceEdgeRouterPolicy',
  'router',
  'postureCheck',
  'posture',
] as const satisfies readonly EntityKind[];
export type PolicyKind = (typeof policyKinds)[number];
export type PolicyEntities = Pick<Snapshot['entities'], PolicyKind>;
type PolicyChange = Extract<Change, { op: 'put'; kind: PolicyKind }>;

/** Kinds whose changes can alter which routers serve a service. */
const DECIDES_ROUTERS_OF_SERVICES: ReadonlySet<EntityKind> = new Set<EntityKind>([
  'service',
  'router',
  'serviceEdgeRouterPolicy',
]);

/** Where access is asked from; `posture-ignored` asks what policies grant once their checks pass. */
export type From = Vantage | 'posture-ignored';

const isPolicyKind = (kind: EntityKind): kind is PolicyKind =>
  (policyKinds as readonly string[]).includes(kind);

/**
 * Decides who may reach what, from entities as the controller pushes them. Pure and in memory: the
 * controller, and each router on its own, ask the same class.
 *
 * An identity may dial (or bind) a service when some Dial (or Bind) service policy holds both and at
 * least one router is in both its edge-router policies and the service's service-edge-router
 * policies. Policies only grant. A disabled identity has nothing; a disabled router counts for
 * nothing. Admin rights play no part.
 *
 * A policy with posture checks counts only from a {@link Vantage} where they all pass; asked without
 * one, it never does.
 */
export class PolicyIndex {
  #identities = new RoleIndex();
  #services = new RoleIndex();
  #routers = new RoleIndex();
  #dial = new Relation(this.#identities, this.#services);
  #bind = new Relation(this.#identities, this.#services);
  #identityRouters = new Relation(this.#identities, this.#routers);
  #serviceRouters = new Relation(this.#services, this.#routers);
  #entities = emptyEntities();
  #posture = new PostureIndex();
  /** Routers of a service, kept until something that decides them changes. */
  #routersOfService = new Map<string, ReadonlySet<string>>();

  /** Replaces everything held. */
  load(snapshot: { readonly entities: PolicyEntities }): void {
    const { entities } = snapshot;
    this.#identities = new RoleIndex();
    this.#services = new RoleIndex();
    this.#routers = new RoleIndex();
    this.#dial = new Relation(this.#identities, this.#services);
    this.#bind = new Relation(this.#identities, this.#services);
    this.#identityRouters = new Relation(this.#identities, this.#routers);
    this.#serviceRouters = new Relation(this.#services, this.#routers);
    this.#entities = emptyEntities();
    this.#posture = new PostureIndex();
    this.#routersOfService.clear();
    for (const value of entities.identity) this.apply({ op: 'put', kind: 'identity', value });
    for (const value of entities.service) this.apply({ op: 'put', kind: 'service', value });
    for (const value of entities.router) this.apply({ op: 'put', kind: 'router', value });
    for (const value of entities.servicePolicy)
      this.apply({ op: 'put', kind: 'servicePolicy', value });
    for (const value of entities.edgeRouterPolicy)
      this.apply({ op: 'put', kind: 'edgeRouterPolicy', value });
    for (const value of entities.serviceEdgeRouterPolicy) {
      this.apply({ op: 'put', kind: 'serviceEdgeRouterPolicy', value });
    }
    for (const value of entities.postureCheck)
      this.apply({ op: 'put', kind: 'postureCheck', value });
    for (const value of entities.posture) this.apply({ op: 'put', kind: 'posture', value });
  }

  /** Applies one change; kinds that don't decide access are ignored. */
  apply(change: Change): void {
    if (!isPolicyKind(change.kind)) return;
    if (change.op === 'put' && change.kind === 'router' && this.#onlyReports(change.value)) {
      this.#entities.router.set(change.value.id, change.value);
      return;
    }
    if (DECIDES_ROUTERS_OF_SERVICES.has(change.kind)) this.#routersOfService.clear();
    if (change.op === 'delete') this.#delete(change.kind, change.key);
    else this.#put(change as PolicyChange);
  }

  /** The entity last put under this id. */
  entity<K extends PolicyKind>(kind: K, id: string): Entity<K> | undefined {
    return this.#entities[kind].get(id);
  }

  /** All entities held, as a snapshot has them. */
  entities(): PolicyEntities {
    const listed = Object.entries(this.#entities).map(([kind, map]) => [kind, [...map.values()]]);
    return Object.fromEntries(listed) as PolicyEntities;
  }

  mayDial(identityId: string, serviceId: string, from?: From): boolean {
    return this.#may(this.#dial, identityId, serviceId, from);
  }

  mayBind(identityId: string, serviceId: string, from?: From): boolean {
    return this.#may(this.#bind, identityId, serviceId, from);
  }

  /** The Dial and Bind policies that hold both, whatever their posture checks. */
  policiesGranting(identityId: string, serviceId: string): Entity<'servicePolicy'>[] {
    return [this.#dial, this.#bind]
      .flatMap((relation) => relation.granting(identityId, serviceId))
      .flatMap((id) => this.#entities.servicePolicy.get(id) ?? []);
  }

  /** Posture checks and what sessions pass of them. */
  get posture(): Omit<PostureIndex, 'putCheck' | 'deleteCheck' | 'putSession' | 'deleteSession'> {
    return this.#posture;
  }

  /** Ids of the enabled routers both may use, in no particular order. */
  commonRouters(identityId: string, serviceId: string): string[] {
    const ofService = this.#routersOf(serviceId);
    return [...this.#identityRouters.rightsOf(identityId)].filter((id) => ofService.has(id));
  }

  /** Ids of the enabled routers the identity may use for any service. */
  routersFor(identityId: string): string[] {
    return [...this.#identityRouters.rightsOf(identityId)];
  }

  /** Ids of the enabled routers that serve the service. */
  routersOfService(serviceId: string): string[] {
    return [...this.#routersOf(serviceId)];
  }

  /** Ids of the enabled identities that a list of roles holds. */
  identitiesIn(roles: readonly string[], semantic: 'AllOf' | 'AnyOf'): string[] {
    const held = new Set<string>();
    this.#identities.collect(roles, semantic, held);
    return [...held];
  }

  /** Ids of the services the identity may dial, or bind. */
  servicesFor(identityId: string, type: 'Dial' | 'Bind' = 'Dial', from?: From): string[] {
    const relation = type === 'Dial' ? this.#dial : this.#bind;
    const routers = this.#identityRouters.rightsOf(identityId);
    if (routers.size === 0) return [];
    const services = relation.rightsOf(identityId, (id) => this.#meets(id, identityId, from));
    return [...services].filter((id) => intersects(routers, this.#routersOf(id)));
  }

  /** Ids of the identities that may dial, or bind, the service. */
  identitiesFor(serviceId: string, type: 'Dial' | 'Bind' = 'Dial', from?: From): string[] {
    const relation = type === 'Dial' ? this.#dial : this.#bind;
    const reached = new Set<string>();
    for (const routerId of this.#routersOf(serviceId)) {
      for (const id of this.#identityRouters.leftsOf(routerId)) reached.add(id);
      if (reached.size === this.#identities.size) break;
    }
    const lefts = relation.leftsOf(serviceId, (policyId) => {
      const policy = this.#entities.servicePolicy.get(policyId);
      return policy?.postureCheckRoles.length === 0
        ? true
        : (identityId) => this.#meets(policyId, identityId, from);
    });
    return [...lefts].filter((id) => reached.has(id));
  }

  #may(relation: Relation, identityId: string, serviceId: string, from: From | undefined): boolean {
    return (
      relation.holds(identityId, serviceId, (id) => this.#meets(id, identityId, from)) &&
      this.#shareRouter(identityId, serviceId)
    );
  }

  #meets(policyId: string, identityId: string, from: From | undefined): boolean {
    const policy = this.#entities.servicePolicy.get(policyId);
    if (policy === undefined) return false;
    return from === 'posture-ignored' || this.#posture.meets(policy, identityId, from);
  }

  /** Routers report links and addresses often, which decide nothing here. */
  #onlyReports({ id, disabled, roleAttributes }: Entity<'router'>): boolean {
    const before = this.#entities.router.get(id);
    return before?.disabled === disabled && before.roleAttributes.join() === roleAttributes.join();
  }

  #shareRouter(identityId: string, serviceId: string): boolean {
    for (const routerId of this.#routersOf(serviceId)) {
      if (this.#identityRouters.holds(identityId, routerId)) return true;
    }
    return false;
  }

  #routersOf(serviceId: string): ReadonlySet<string> {
    let routers = this.#routersOfService.get(serviceId);
    if (routers === undefined) {
      routers = this.#serviceRouters.rightsOf(serviceId);
      if (this.#services.has(serviceId)) this.#routersOfService.set(serviceId, routers);
    }
    return routers;
  }

  #put(change: PolicyChange): void {
    const { kind, value } = change;
    this.#delete(kind, value.id);
    switch (kind) {
      case 'identity':
        this.#entities.identity.set(value.id, value);
        if (!value.disabled) this.#identities.put(value.id, value.roleAttributes);
        return;
      case 'service':
        this.#entities.service.set(value.id, value);
        this.#services.put(value.id, value.roleAttributes);
        return;
      case 'router':
        this.#entities.router.set(value.id, value);
        if (!value.disabled) this.#routers.put(value.id, value.roleAttributes);
        return;
      case 'servicePolicy':
        this.#entities.servicePolicy.set(value.id, value);
        (value.type === 'Dial' ? this.#dial : this.#bind).put({
          id: value.id,
          semantic: value.semantic,
          left: value.identityRoles,
          right: value.serviceRoles,
        });
        return;
      case 'edgeRouterPolicy':
        this.#entities.edgeRouterPolicy.set(value.id, value);
        this.#identityRouters.put({
          id: value.id,
          semantic: value.semantic,
          left: value.identityRoles,
          right: value.edgeRouterRoles,
        });
        return;
      case 'serviceEdgeRouterPolicy':
        this.#entities.serviceEdgeRouterPolicy.set(value.id, value);
        this.#serviceRouters.put({
          id: value.id,
          semantic: value.semantic,
          left: value.serviceRoles,
          right: value.edgeRouterRoles,
        });
        return;
      case 'postureCheck':
        this.#entities.postureCheck.set(value.id, value);
        this.#posture.putCheck(value);
        return;
      case 'posture':
        this.#entities.posture.set(value.id, value);
        this.#posture.putSession(value);
    }
  }

  #delete(kind: PolicyKind, id: string): void {
    this.#entities[kind].delete(id);
    switch (kind) {
      case 'identity':
        this.#identities.delete(id);
        return;
      case 'service':
        this.#services.delete(id);
        return;
      case 'router':
        this.#routers.delete(id);
        return;
      case 'servicePolicy':
        this.#dial.delete(id);
        this.#bind.delete(id);
        return;
      case 'edgeRouterPolicy':
        this.#identityRouters.delete(id);
        return;
      case 'serviceEdgeRouterPolicy':
        this.#serviceRouters.delete(id);
        return;
      case 'postureCheck':
        this.#posture.deleteCheck(id);
        return;
      case 'posture':
        this.#posture.deleteSession(id);
    }
  }
}

function intersects(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  for (const member of small) if (large.has(member)) return true;
  return false;
}

function emptyEntities(): { [K in PolicyKind]: Map<string, Entity<K>> } {
  return {
    identity: new Map(),
    service: new Map(),
    servicePolicy: new Map(),
    edgeRouterPolicy: new Map(),
    serviceEdgeRouterPolicy: new Map(),
    router: new Map(),
    postureCheck: new Map(),
    posture: new Map(),
  };
}
