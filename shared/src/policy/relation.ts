import { addTo, removeFrom } from './role-index.ts';
import type { RoleIndex, Roles, Semantic } from './role-index.ts';

/** A policy as a relation sees it: it grants each entity of its left list each of its right list. */
interface RelationPolicy {
  readonly id: string;
  readonly semantic: Semantic;
  readonly left: Roles;
  readonly right: Roles;
}

/** Whether a policy counts for the question asked. */
type Counts = (policyId: string) => boolean;
const always = (): true => true;

/** Policies of one list side, by the role they mention: finds those that may hold an entity. */
class PoliciesByRole {
  readonly #byRole = new Map<string, Set<string>>();

  put(policyId: string, roles: Roles): void {
    for (const role of roles) addTo(this.#byRole, role, policyId);
  }

  delete(policyId: string, roles: Roles): void {
    for (const role of roles) removeFrom(this.#byRole, role, policyId);
  }

  /** Ids of the policies that name the entity, `#all` or one of its attributes. */
  candidates(id: string, entities: RoleIndex): Set<string> {
    const found = new Set([
      ...(this.#byRole.get('#all') ?? []),
      ...(this.#byRole.get(`@${id}`) ?? []),
    ]);
    for (const attribute of entities.attributesOf(id)) {
      for (const policyId of this.#byRole.get(`#${attribute}`) ?? []) found.add(policyId);
    }
    return found;
  }
}

/**
 * The union of what policies of one kind grant between two kinds of entity, for example identities
 * and services. Work is proportional to the policies that mention an entity's roles, never to the
 * number of entities or policies.
 */
export class Relation {
  readonly #leftEntities: RoleIndex;
  readonly #rightEntities: RoleIndex;
  readonly #policies = new Map<string, RelationPolicy>();
  readonly #byLeftRole = new PoliciesByRole();
  readonly #byRightRole = new PoliciesByRole();

  constructor(leftEntities: RoleIndex, rightEntities: RoleIndex) {
    this.#leftEntities = leftEntities;
    this.#rightEntities = rightEntities;
  }

  put(policy: RelationPolicy): void {
    this.delete(policy.id);
    this.#policies.set(policy.id, policy);
    this.#byLeftRole.put(policy.id, policy.left);
    this.#byRightRole.put(policy.id, policy.right);
  }

  delete(policyId: string): void {
    const policy = this.#policies.get(policyId);
    if (policy === undefined) return;
    this.#policies.delete(policyId);
    this.#byLeftRole.delete(policyId, policy.left);
    this.#byRightRole.delete(policyId, policy.right);
  }

  /** Whether some policy that `counts` grants `right` to `left`. */
  holds(left: string, right: string, counts: Counts = always): boolean {
    for (const policy of this.#policiesOfLeft(left)) {
      if (this.#rightEntities.matches(right, policy.right, policy.semantic) && counts(policy.id))
        return true;
    }
    return false;
  }

  /** Ids of the policies that grant `right` to `left`. */
  granting(left: string, right: string): string[] {
    return [...this.#policiesOfLeft(left)]
      .filter((policy) => this.#rightEntities.matches(right, policy.right, policy.semantic))
      .map(({ id }) => id);
  }

  /** All that is granted to `left` by policies that `counts`. */
  rightsOf(left: string, counts: Counts = always): Set<string> {
    const granted = new Set<string>();
    for (const policy of this.#policiesOfLeft(left)) {
      if (!counts(policy.id)) continue;
      this.#rightEntities.collect(policy.right, policy.semantic, granted);
      if (granted.size === this.#rightEntities.size) break;
    }
    return granted;
  }

  /** All to which `right` is granted; `counts` may decide for each of them. */
  leftsOf(
    right: string,
    counts: (policyId: string) => boolean | ((left: string) => boolean) = always,
  ): Set<string> {
    const granted = new Set<string>();
    if (!this.#rightEntities.has(right)) return granted;
    for (const policyId of this.#byRightRole.candidates(right, this.#rightEntities)) {
      const policy = this.#policies.get(policyId);
      if (
        policy === undefined ||
        !this.#rightEntities.matches(right, policy.right, policy.semantic)
      )
        continue;
      const counted = counts(policyId);
      if (counted === false) continue;
      const lefts = counted === true ? granted : new Set<string>();
      this.#leftEntities.collect(policy.left, policy.semantic, lefts);
      if (counted !== true) for (const left of lefts) if (counted(left)) granted.add(left);
      if (granted.size === this.#leftEntities.size) break;
    }
    return granted;
  }

  *#policiesOfLeft(left: string): Iterable<RelationPolicy> {
    if (!this.#leftEntities.has(left)) return;
    for (const policyId of this.#byLeftRole.candidates(left, this.#leftEntities)) {
      const policy = this.#policies.get(policyId);
      if (policy !== undefined && this.#leftEntities.matches(left, policy.left, policy.semantic))
        yield policy;
    }
  }
}
