import { configs } from './configs.ts';
import { appData, roleAttributes } from './identities.ts';
import { everyVerb, idColumn, nameColumn, type EntityKind, type Field } from './kind.ts';

const routerFields: readonly Field[] = [
  {
    member: 'cost',
    flags: '--cost <cost>',
    help: '0 to 65535, added to paths through it',
    type: 'number',
  },
  {
    member: 'noTraversal',
    flags: '--no-traversal',
    help: 'carries only circuits that begin or end there',
    type: 'boolean',
  },
  { member: 'disabled', flags: '--disabled', help: 'carries nothing', type: 'boolean' },
  appData,
];

export const edgeRouters: EntityKind = {
  path: 'edge-routers',
  plural: 'edge-routers',
  singular: 'edge-router',
  aliases: ['ers', 'er'],
  named: true,
  help: 'routers that browsers, clients and connectors use',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'online', value: 'isOnline' },
    { title: 'enrolled', value: 'isVerified' },
    { title: 'no traversal', value: 'noTraversal' },
    { title: 'cost', value: 'cost' },
    { title: 'attributes', value: 'roleAttributes' },
  ],
  forms: [
    {
      fields: [
        {
          member: 'isTunnelerEnabled',
          flags: '-t, --tunneler-enabled',
          help: 'also hosts services itself',
          type: 'boolean',
          initial: false,
        },
        roleAttributes,
        ...routerFields,
        configs,
      ],
    },
  ],
  enrollmentToken: ['enrollmentJwt'],
  subLists: {
    identities: 'identities',
    services: 'services',
    'edge-router-policies': 'edge-router-policies',
    'service-edge-router-policies': 'service-edge-router-policies',
  },
};

export const transitRouters: EntityKind = {
  path: 'transit-routers',
  plural: 'transit-routers',
  singular: 'transit-router',
  named: true,
  help: 'routers that only carry what others begin and end',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'online', value: 'isOnline' },
    { title: 'enrolled', value: 'isVerified' },
    { title: 'cost', value: 'cost' },
  ],
  forms: [{ fields: routerFields.slice(0, 3) }],
  enrollmentToken: ['enrollmentJwt'],
};

export const terminators: EntityKind = {
  path: 'terminators',
  plural: 'terminators',
  singular: 'terminator',
  named: false,
  help: 'where services are hosted',
  verbs: everyVerb,
  columns: [
    idColumn,
    { title: 'service', value: 'service.name' },
    { title: 'router', value: 'router.name' },
    { title: 'binding', value: 'binding' },
    { title: 'address', value: 'address' },
    { title: 'instance', value: 'identity' },
    { title: 'cost', value: 'cost' },
    { title: 'precedence', value: 'precedence' },
    { title: 'dynamic cost', value: 'dynamicCost' },
  ],
  forms: [
    {
      fields: [
        {
          member: 'service',
          argument: '<service>',
          help: 'what is hosted',
          type: 'text',
          of: 'services',
        },
        {
          member: 'router',
          argument: '<router>',
          help: 'by which router',
          type: 'text',
          of: 'edge-routers',
        },
        {
          member: 'address',
          argument: '<address>',
          help: 'where, as the binding understands it',
          type: 'text',
        },
        {
          member: 'router',
          flags: '--router <router>',
          help: 'by which router',
          type: 'text',
          of: 'edge-routers',
          on: 'update',
        },
        {
          member: 'address',
          flags: '--address <address>',
          help: 'where, as the binding understands it',
          type: 'text',
          on: 'update',
        },
        {
          member: 'binding',
          flags: '--binding <binding>',
          help: 'how the router reaches it (default: transport)',
          type: 'text',
          initial: 'transport',
        },
        {
          member: 'identity',
          flags: '--identity <name>',
          help: 'name of this instance',
          type: 'text',
          on: 'create',
        },
        { member: 'cost', flags: '-c, --cost <cost>', help: '0 to 65535', type: 'number' },
        {
          member: 'precedence',
          flags: '-p, --precedence <precedence>',
          help: 'which are used first',
          type: 'text',
          choices: ['default', 'required', 'failed'],
        },
      ],
    },
  ],
};
