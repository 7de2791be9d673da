import { TERMINATOR_STRATEGIES } from '@postern/shared/schemas';
import { configs } from './configs.ts';
import { roleAttributes } from './identities.ts';
import { everyVerb, idColumn, nameColumn, type EntityKind } from './kind.ts';

export const services: EntityKind = {
  path: 'services',
  plural: 'services',
  singular: 'service',
  named: true,
  help: 'what can be reached',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'encryption required', value: 'encryptionRequired' },
    { title: 'strategy', value: 'terminatorStrategy' },
    { title: 'attributes', value: 'roleAttributes' },
  ],
  forms: [
    {
      fields: [
        {
          member: 'encryptionRequired',
          flags: '-e, --encryption <on|off>',
          help: 'end to end (default: on)',
          type: 'onOff',
          initial: true,
        },
        {
          member: 'acceptedEncryption',
          flags: '--accept-encryption <list>',
          help: 'authenticated (default), ziti or both: ziti lets SDKs of OpenZiti in',
          type: 'list',
        },
        roleAttributes,
        configs,
        {
          member: 'terminatorStrategy',
          flags: '--terminator-strategy <strategy>',
          help: 'how a host is chosen',
          type: 'text',
          choices: [...TERMINATOR_STRATEGIES],
        },
        {
          member: 'maxIdleTimeMillis',
          flags: '--max-idle-time <ms>',
          help: 'end circuits idle for so long; 0: never',
          type: 'number',
        },
      ],
    },
  ],
  subLists: {
    configs: 'configs',
    identities: 'identities',
    'edge-routers': 'edge-routers',
    terminators: 'terminators',
    'service-policies': 'service-policies',
    'service-edge-router-policies': 'service-edge-router-policies',
  },
};

export const applications: EntityKind = {
  path: 'applications',
  plural: 'applications',
  singular: 'application',
  aliases: ['apps', 'app'],
  named: true,
  help: 'what browsers open: an origin, its service and how people sign in',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'origin', value: 'origin' },
    { title: 'service', value: 'service.name' },
    { title: 'sign-in', value: 'loginMethods' },
    { title: 'hours', value: 'sessionHours' },
  ],
  forms: [
    {
      fields: [
        {
          member: 'origin',
          argument: '<origin>',
          help: 'such as https://wiki.example.com',
          type: 'text',
        },
        {
          member: 'serviceId',
          argument: '<service>',
          help: 'what it shows',
          type: 'text',
          of: 'services',
        },
        {
          member: 'origin',
          flags: '--origin <origin>',
          help: 'such as https://wiki.example.com',
          type: 'text',
          on: 'update',
        },
        {
          member: 'serviceId',
          flags: '--service <service>',
          help: 'what it shows',
          type: 'text',
          of: 'services',
          on: 'update',
        },
        {
          member: 'loginMethods',
          flags: '-l, --login-methods <list>',
          help: 'ext-jwt (default), password',
          type: 'list',
        },
        {
          member: 'signerIds',
          flags: '-s, --signers <list>',
          help: 'external JWT signers to choose from',
          type: 'list',
          of: 'external-jwt-signers',
        },
        {
          member: 'sessionHours',
          flags: '--session-hours <hours>',
          help: 'up to 12 (default)',
          type: 'number',
        },
      ],
    },
  ],
};
