/** A policy's list of roles: `@id`, `#attribute` or `#all` (specs of the Edge API, §4.1). */
export type Roles = readonly string[];
export type Semantic = 'AllOf' | 'AnyOf';

const ALL = '#all';

/**
 * Entities of one kind by id and by role attribute. Answers which of them a role list holds: listed
 * by `@id` (whatever the semantic), or `#all`, or by attributes: every listed one (AllOf, at least
 * one listed) or some (AnyOf). An empty list holds nothing; an unknown kind of role is ignored.
 */
export class RoleIndex {
  readonly #attributes = new Map<string, ReadonlySet<string>>();
  readonly #byAttribute = new Map<string, Set<string>>();

  get size(): number {
    return this.#attributes.size;
  }

  has(id: string): boolean {
    return this.#attributes.has(id);
  }

  ids(): Iterable<string> {
    return this.#attributes.keys();
  }

  attributesOf(id: string): Iterable<string> {
    return this.#attributes.get(id) ?? [];
  }

  put(id: string, attributes: readonly string[]): void {
    this.delete(id);
    this.#attributes.set(id, new Set(attributes));
    for (const attribute of attributes) addTo(this.#byAttribute, attribute, id);
  }

  delete(id: string): void {
    for (const attribute of this.attributesOf(id)) removeFrom(this.#byAttribute, attribute, id);
    this.#attributes.delete(id);
  }

  /** Whether the entity exists and the list holds it. */
  matches(id: string, roles: Roles, semantic: Semantic): boolean {
    const attributes = this.#attributes.get(id);
    if (attributes === undefined) return false;
    let listed = 0;
    let owned = 0;
    for (const role of roles) {
      if (role === ALL || role === `@${id}`) return true;
      if (!role.startsWith('#')) continue;
      listed += 1;
      if (attributes.has(role.slice(1))) owned += 1;
    }
    return semantic === 'AllOf' ? listed > 0 && owned === listed : owned > 0;
  }

  /** Adds the ids of all entities the list holds to `into`. */
  collect(roles: Roles, semantic: Semantic, into: Set<string>): void {
    if (roles.includes(ALL)) {
      for (const id of this.#attributes.keys()) into.add(id);
      return;
    }
    const groups: ReadonlySet<string>[] = [];
    for (const role of roles) {
      if (role.startsWith('@') && this.#attributes.has(role.slice(1))) into.add(role.slice(1));
      if (role.startsWith('#')) groups.push(this.#byAttribute.get(role.slice(1)) ?? new Set());
    }
    if (semantic === 'AnyOf') {
      for (const group of groups) for (const id of group) into.add(id);
      return;
    }
    const [smallest, ...others] = groups.sort((a, b) => a.size - b.size);
    for (const id of smallest ?? []) {
      if (others.every((group) => group.has(id))) into.add(id);
    }
  }
}

export function addTo(groups: Map<string, Set<string>>, key: string, member: string): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, new Set([member]));
  else group.add(member);
}

export function removeFrom(groups: Map<string, Set<string>>, key: string, member: string): void {
  const group = groups.get(key);
  group?.delete(member);
  if (group?.size === 0) groups.delete(key);
}
