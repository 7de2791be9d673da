import { everyVerb, idColumn, nameColumn, type EntityKind, type Field } from './kind.ts';

const semantic: Field = {
  member: 'semantic',
  flags: '--semantic <semantic>',
  help: 'whether an entity needs all or any of the attributes (default: AllOf)',
  type: 'text',
  choices: ['AllOf', 'AnyOf'],
  initial: 'AllOf',
};
const roles = (member: string, flags: string, of: string): Field => ({
  member,
  flags: `${flags} <list>`,
  help: '#attribute, #all, or @name for a single one',
  type: 'roles',
  of,
  initial: [],
});
const identityRoles = roles('identityRoles', '--identity-roles', 'identities');
const serviceRoles = roles('serviceRoles', '--service-roles', 'services');
const edgeRouterRoles = roles('edgeRouterRoles', '--edge-router-roles', 'edge-routers');
const rolesColumn = (title: string, member: string) => ({
  title,
  // The display says names where the list itself has ids.
  value: (row: Record<string, unknown>) =>
    (row[`${member}Display`] as { name: string }[] | undefined)?.map(({ name }) => name) ??
    row[member],
});

export const servicePolicies: EntityKind = {
  path: 'service-policies',
  plural: 'service-policies',
  singular: 'service-policy',
  aliases: ['sps', 'sp'],
  named: true,
  help: 'which identities may dial or host which services',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'type', value: 'type' },
    { title: 'semantic', value: 'semantic' },
    rolesColumn('services', 'serviceRoles'),
    rolesColumn('identities', 'identityRoles'),
    rolesColumn('posture checks', 'postureCheckRoles'),
  ],
  forms: [
    {
      fields: [
        {
          member: 'type',
          argument: '<Dial|Bind>',
          help: 'to reach, or to host',
          type: 'text',
          choices: ['Dial', 'Bind'],
        },
        semantic,
        identityRoles,
        serviceRoles,
        roles('postureCheckRoles', '--posture-check-roles', 'posture-checks'),
      ],
    },
  ],
  subLists: { identities: 'identities', services: 'services', 'posture-checks': 'posture-checks' },
};

export const edgeRouterPolicies: EntityKind = {
  path: 'edge-router-policies',
  plural: 'edge-router-policies',
  singular: 'edge-router-policy',
  aliases: ['erps', 'erp'],
  named: true,
  help: 'which identities may use which routers',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'semantic', value: 'semantic' },
    rolesColumn('routers', 'edgeRouterRoles'),
    rolesColumn('identities', 'identityRoles'),
  ],
  forms: [{ fields: [semantic, identityRoles, edgeRouterRoles] }],
  subLists: { identities: 'identities', 'edge-routers': 'edge-routers' },
};

export const serviceEdgeRouterPolicies: EntityKind = {
  path: 'service-edge-router-policies',
  plural: 'service-edge-router-policies',
  singular: 'service-edge-router-policy',
  aliases: ['serps', 'serp'],
  named: true,
  help: 'which services may use which routers',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'semantic', value: 'semantic' },
    rolesColumn('services', 'serviceRoles'),
    rolesColumn('routers', 'edgeRouterRoles'),
  ],
  forms: [{ fields: [semantic, serviceRoles, edgeRouterRoles] }],
  subLists: { services: 'services', 'edge-routers': 'edge-routers' },
};
