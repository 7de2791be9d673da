import { everyVerb, idColumn, nameColumn, type EntityKind, type Field } from './kind.ts';

/** Of services and routers. */
export const configs: Field = {
  member: 'configs',
  flags: '-c, --configs <list>',
  help: 'one config of each type at most',
  type: 'list',
  of: 'configs',
};

export const configTypes: EntityKind = {
  path: 'config-types',
  plural: 'config-types',
  singular: 'config-type',
  named: true,
  help: 'what configs may hold',
  verbs: everyVerb,
  columns: [idColumn, nameColumn, { title: 'target', value: 'target' }],
  essence: 'schema',
  forms: [
    {
      fields: [
        {
          member: 'schema',
          argument: '[schema]',
          help: 'JSON Schema, @file, or - for standard input',
          type: 'json',
        },
        {
          member: 'schema',
          flags: '-f, --schema-file <file>',
          help: 'JSON Schema from a file',
          type: 'json',
        },
        {
          member: 'target',
          flags: '--target <target>',
          help: 'what configs of it are for',
          type: 'text',
          choices: ['service', 'router'],
          on: 'create',
        },
      ],
    },
  ],
  subLists: { configs: 'configs' },
};

export const configKind: EntityKind = {
  path: 'configs',
  plural: 'configs',
  singular: 'config',
  named: true,
  help: 'data for services, by type',
  verbs: everyVerb,
  columns: [idColumn, nameColumn, { title: 'type', value: 'configType.name' }],
  essence: 'data',
  forms: [
    {
      fields: [
        {
          member: 'configTypeId',
          argument: '<type>',
          help: 'its config type',
          type: 'text',
          of: 'config-types',
        },
        {
          member: 'data',
          argument: '[data]',
          help: 'JSON, @file, or - for standard input',
          type: 'json',
        },
        {
          member: 'data',
          flags: '-d, --data <json>',
          help: 'JSON, @file, or - for standard input',
          type: 'json',
          on: 'update',
        },
        { member: 'data', flags: '-f, --json-file <file>', help: 'JSON from a file', type: 'json' },
      ],
    },
  ],
  subLists: { services: 'services' },
};
