/** Role lists of policies: which entities they hold and how they are shown. */
import type { Kysely } from 'kysely';
import type { Semantic } from '../../model/policies.ts';
import { repositories } from '../../store/repositories.ts';
import type { Repository } from '../../store/repository.ts';
import type { WriteTx } from '../../store/store.ts';
import type { Expression } from '../../store/filter/parser.ts';
import type { Database } from '../../store/tables.ts';
import type { RowOf, Table } from '../../model/table.ts';
import { fieldError } from '../errors.ts';
import { rolesAsFilter } from '../role-filter.ts';

interface RoleTarget {
  readonly id: string;
  readonly roleAttributes: readonly string[];
}

/** Whether an entity is in a role list (specs/edge-api.md §4.1). */
function isInRoles(
  { id, roleAttributes }: RoleTarget,
  roles: readonly string[],
  semantic: Semantic,
): boolean {
  if (roles.includes(`@${id}`) || roles.includes('#all')) return true;
  const attributes = roles.filter((role) => role.startsWith('#')).map((role) => role.slice(1));
  if (attributes.length === 0) return false;
  const has = (attribute: string): boolean => roleAttributes.includes(attribute);
  return semantic === 'AllOf' ? attributes.every(has) : attributes.some(has);
}

/** Kinds of entity that role lists name. */
export type RoleKind = 'identities' | 'services' | 'edgeRouters' | 'postureChecks';

/** @throws EdgeError COULD_NOT_VALIDATE when a role names an entity that does not exist. */
export async function requireRoleTargets(
  db: Kysely<Database>,
  kind: RoleKind,
  field: string,
  roles: readonly string[],
): Promise<void> {
  const ids = roles.filter((role) => role.startsWith('@')).map((role) => role.slice(1));
  const found = new Set((await findByIds(db, kind, ids)).map(({ id }) => id));
  const missing = ids.find((id) => !found.has(id));
  if (missing !== undefined) throw fieldError(field, `no such entity: @${missing}`, `@${missing}`);
}

/** Names of the entities that role lists mention, by id. */
export async function roleNames(
  db: Kysely<Database>,
  kind: RoleKind,
  lists: readonly (readonly string[])[],
): Promise<Map<string, string>> {
  const ids = lists
    .flat()
    .filter((role) => role.startsWith('@'))
    .map((role) => role.slice(1));
  return new Map((await findByIds(db, kind, ids)).map(({ id, name }) => [id, name]));
}

/** `[{role, name}]` as the CLI shows it. */
export function displayRoles(
  roles: readonly string[],
  names: ReadonlyMap<string, string>,
): { role: string; name: string }[] {
  return roles.map((role) => ({
    role,
    name: role.startsWith('@') ? `@${names.get(role.slice(1)) ?? role.slice(1)}` : role,
  }));
}

const POLICY_LISTS = {
  identities: [
    ['servicePolicies', 'identityRoles'],
    ['edgeRouterPolicies', 'identityRoles'],
  ],
  services: [
    ['servicePolicies', 'serviceRoles'],
    ['serviceEdgeRouterPolicies', 'serviceRoles'],
  ],
  postureChecks: [['servicePolicies', 'postureCheckRoles']],
  edgeRouters: [
    ['edgeRouterPolicies', 'edgeRouterRoles'],
    ['serviceEdgeRouterPolicies', 'edgeRouterRoles'],
  ],
} as const;
export type PolicyTable = 'servicePolicies' | 'edgeRouterPolicies' | 'serviceEdgeRouterPolicies';
type PolicyRow = RowOf<Table> & { id: string; semantic: Semantic };

/** Ids of the policies of one kind that hold an entity. */
export async function policiesHolding(
  db: Kysely<Database>,
  policies: PolicyTable,
  member: string,
  target: RoleTarget,
): Promise<string[]> {
  const all = (await repositories[policies].find(db)) as unknown as PolicyRow[];
  return all
    .filter((policy) => isInRoles(target, policy[member] as string[], policy.semantic))
    .map(({ id }) => id);
}

/**
 * The entities that share a policy with `target`: for each policy that holds it in `member`, what its
 * list `others` holds.
 */
export async function throughPolicies(
  db: Kysely<Database>,
  policies: PolicyTable,
  member: string,
  target: RoleTarget,
  others: string,
): Promise<Expression> {
  const all = (await repositories[policies].find(db)) as unknown as PolicyRow[];
  const holding = all.filter((policy) =>
    isInRoles(target, policy[member] as string[], policy.semantic),
  );
  const items = holding.map((policy) => rolesAsFilter(policy[others] as string[], policy.semantic));
  return { node: 'or', items: [{ node: 'constant', value: false }, ...items] };
}

/** Takes a deleted entity's `@id` out of every policy. */
export async function forgetInPolicies(tx: WriteTx, kind: RoleKind, id: string): Promise<void> {
  for (const [policies, member] of POLICY_LISTS[kind]) {
    const repository = repositories[policies] as unknown as Repository<Table>;
    for (const policy of (await repository.find(tx.db)) as PolicyRow[]) {
      const roles = policy[member] as string[];
      if (!roles.includes(`@${id}`)) continue;
      await repository.update(tx, policy.id, {
        [member]: roles.filter((role) => role !== `@${id}`),
      });
    }
  }
}

async function findByIds(
  db: Kysely<Database>,
  kind: RoleKind,
  ids: readonly string[],
): Promise<{ id: string; name: string }[]> {
  return ids.length === 0 ? [] : repositories[kind].findIn(db, 'id', ids);
}
