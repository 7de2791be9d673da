import { z } from 'zod';
import { newEntity } from '../../model/defaults.ts';
import { entitiesInRoles } from '../../store/filter/entity-sets.ts';
import { repositories } from '../../store/repositories.ts';
import type { Semantic } from '../../model/policies.ts';
import { defineEntity, type EntityDefinition, type Env } from '../crud.ts';
import { EdgeError } from '../errors.ts';
import { rolesAsFilter } from '../role-filter.ts';
import { edgeRouters } from './edge-routers.ts';
import { name, roles, semantic, tags } from './fields.ts';
import { identities } from './identities.ts';
import { postureChecks } from './posture-checks.ts';
import { displayRoles, requireRoleTargets, roleNames, type RoleKind } from './roles.ts';
import { services } from './services.ts';

interface RoleList {
  member: string;
  kind: RoleKind;
  of: () => EntityDefinition;
}
const identityList: RoleList = {
  member: 'identityRoles',
  kind: 'identities',
  of: () => identities,
};
const serviceList: RoleList = { member: 'serviceRoles', kind: 'services', of: () => services };
const routerList: RoleList = {
  member: 'edgeRouterRoles',
  kind: 'edgeRouters',
  of: () => edgeRouters,
};

const postureCheckList: RoleList = {
  member: 'postureCheckRoles',
  kind: 'postureChecks',
  of: () => postureChecks,
};

/** `<list>Display`: roles as the CLI shows them. */
const displaySchema = z.array(z.strictObject({ role: z.string(), name: z.string() }));

/** What the three kinds of policy have in common, given their two role lists. */
function rolePolicy(lists: readonly RoleList[]) {
  const paths: Record<RoleKind, string> = {
    identities: 'identities',
    services: 'services',
    edgeRouters: 'edge-routers',
    postureChecks: 'posture-checks',
  };
  return {
    links: lists.map(({ kind }) => paths[kind]),
    shown: Object.fromEntries(lists.map(({ member }) => [`${member}Display`, displaySchema])),
    subLists: Object.fromEntries(
      lists.map(({ member, kind, of }) => [
        paths[kind],
        {
          of,
          ids: (row: Record<string, unknown>) =>
            Promise.resolve(rolesAsFilter(row[member] as string[], row['semantic'] as Semantic)),
        },
      ]),
    ),
    async check(input: Record<string, unknown>, { db }: Env) {
      for (const { member, kind } of lists)
        await requireRoleTargets(db, kind, member, input[member] as string[]);
    },
    async render(rows: Record<string, unknown>[], { db }: Env) {
      const rendered: Record<string, unknown>[] = rows.map(() => ({}));
      for (const { member, kind } of lists) {
        const names = await roleNames(
          db,
          kind,
          rows.map((row) => row[member] as string[]),
        );
        rows.forEach((row, at) => {
          Object.assign(rendered[at] ?? {}, {
            [`${member}Display`]: displayRoles(row[member] as string[], names),
          });
        });
      }
      return rendered;
    },
  };
}

const servicePolicy = z.object({
  name,
  type: z.enum(['Dial', 'Bind']),
  semantic,
  identityRoles: roles,
  serviceRoles: roles,
  postureCheckRoles: roles,
  tags,
});
const servicePolicyLists = rolePolicy([identityList, serviceList, postureCheckList]);
export const servicePolicies: EntityDefinition = defineEntity({
  plural: 'service-policies',
  permission: 'service-policy',
  repository: repositories.servicePolicies,
  symbols: {
    sets: {
      identities: entitiesInRoles('identityRoles', () => identities.symbols),
      services: entitiesInRoles('serviceRoles', () => services.symbols),
    },
    constants: { isSystem: false },
  },
  ...servicePolicyLists,
  input: servicePolicy.extend({ semantic: semantic.default('AllOf') }),
  updatable: servicePolicy,
});

const edgeRouterPolicy = z.object({
  name,
  semantic,
  identityRoles: roles,
  edgeRouterRoles: roles,
  tags,
});
const edgeRouterPolicyLists = rolePolicy([identityList, routerList]);
export const edgeRouterPolicies: EntityDefinition = defineEntity({
  plural: 'edge-router-policies',
  permission: 'edge-router-policy',
  repository: repositories.edgeRouterPolicies,
  symbols: {
    sets: {
      identities: entitiesInRoles('identityRoles', () => identities.symbols),
      edgeRouters: entitiesInRoles('edgeRouterRoles', () => edgeRouters.symbols),
    },
  },
  ...edgeRouterPolicyLists,
  input: edgeRouterPolicy.extend({ semantic: semantic.default('AllOf') }),
  updatable: edgeRouterPolicy,
  async check(input, env, row) {
    if (row?.isSystem)
      throw new EdgeError('ENTITY_CAN_NOT_BE_UPDATED', 'system policies are locked');
    await edgeRouterPolicyLists.check(input, env);
  },
  create: (input, { tx, nowMs }) =>
    repositories.edgeRouterPolicies.insert(tx, { ...newEntity(nowMs), ...input, isSystem: false }),
  async remove(row, { tx }) {
    if (row.isSystem)
      throw new EdgeError('ENTITY_CAN_NOT_BE_DELETED', 'system policies are locked');
    await repositories.edgeRouterPolicies.remove(tx, row.id);
  },
});

const serviceEdgeRouterPolicy = z.object({
  name,
  semantic,
  serviceRoles: roles,
  edgeRouterRoles: roles,
  tags,
});
export const serviceEdgeRouterPolicies: EntityDefinition = defineEntity({
  plural: 'service-edge-router-policies',
  permission: 'service-edge-router-policy',
  repository: repositories.serviceEdgeRouterPolicies,
  symbols: {
    sets: {
      services: entitiesInRoles('serviceRoles', () => services.symbols),
      edgeRouters: entitiesInRoles('edgeRouterRoles', () => edgeRouters.symbols),
    },
    constants: { isSystem: false },
  },
  ...rolePolicy([serviceList, routerList]),
  input: serviceEdgeRouterPolicy.extend({ semantic: semantic.default('AllOf') }),
  updatable: serviceEdgeRouterPolicy,
});
