import { roleAttributes } from './identities.ts';
import { everyVerb, idColumn, nameColumn, type EntityKind, type Field, type Form } from './kind.ts';

const attributes: Field = { ...roleAttributes, initial: [] };
const prompt = (member: string, flags: string, help: string): Field => ({
  member,
  flags,
  help,
  type: 'boolean',
  initial: false,
});
const osTypes = ['Windows', 'WindowsServer', 'Android', 'iOS', 'Linux', 'macOS'];
const postureForm = (
  word: string,
  typeId: string,
  help: string,
  fields: readonly Field[],
): Form => ({
  word,
  help,
  constants: { typeId },
  fields: [...fields, attributes],
});

export const postureChecks: EntityKind = {
  path: 'posture-checks',
  plural: 'posture-checks',
  singular: 'posture-check',
  aliases: ['pcs', 'pc'],
  named: true,
  help: 'what a device has to be like',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'type', value: 'typeId' },
    { title: 'attributes', value: 'roleAttributes' },
  ],
  forms: [
    postureForm('mac', 'MAC', 'network card', [
      {
        member: 'macAddresses',
        flags: '-m, --mac-addresses <list>',
        help: 'any of these',
        type: 'list',
      },
    ]),
    postureForm('domain', 'DOMAIN', 'Windows domain', [
      { member: 'domains', flags: '-d, --domains <list>', help: 'any of these', type: 'list' },
    ]),
    postureForm('os', 'OS', 'operating system', [
      {
        member: 'operatingSystems',
        flags: '-o, --os <json>',
        help: `JSON: [{"type":"Linux","versions":[">=6.0.0"]}], types ${osTypes.join(', ')}`,
        type: 'json',
      },
    ]),
    postureForm('process', 'PROCESS', 'a running program', [
      {
        member: 'process',
        flags: '-P, --process <json>',
        help: 'JSON: {"osType":"Linux","path":"/usr/bin/x","hashes":[],"signerFingerprint":""}',
        type: 'json',
      },
    ]),
    postureForm('process-multi', 'PROCESS_MULTI', 'several running programs', [
      {
        member: 'semantic',
        flags: '--semantic <semantic>',
        help: 'all or any of them (default: AllOf)',
        type: 'text',
        choices: ['AllOf', 'AnyOf'],
        initial: 'AllOf',
      },
      {
        member: 'processes',
        flags: '-P, --processes <json>',
        help: 'JSON: [{"osType":"Linux","path":"/usr/bin/x","hashes":[],"signerFingerprints":[]}]',
        type: 'json',
      },
    ]),
    postureForm('mfa', 'MFA', 'a one-time code', [
      {
        member: 'timeoutSeconds',
        flags: '-s, --seconds <n>',
        help: 'for how long it counts; -1: for the session (default)',
        type: 'number',
        initial: -1,
      },
      prompt('promptOnWake', '-w, --wake', 'ask again when the device wakes'),
      prompt('promptOnUnlock', '-u, --unlock', 'ask again when it is unlocked'),
      prompt('ignoreLegacyEndpoints', '--ignore-legacy', 'let old clients pass'),
    ]),
    postureForm('browser', 'BROWSER', 'browser and version, as it declares them', [
      {
        member: 'browsers',
        flags: '-b, --browsers <json>',
        help: 'JSON: [{"name":"Firefox","minMajorVersion":128}]',
        type: 'json',
      },
    ]),
    postureForm('platform', 'PLATFORM', 'platform under the browser, as it declares it', [
      {
        member: 'platforms',
        flags: '-P, --platforms <json>',
        help: 'JSON: [{"name":"Windows","minVersion":"10"}]',
        type: 'json',
      },
    ]),
    postureForm('network', 'NETWORK', 'network range, as routers see it', [
      {
        member: 'networks',
        flags: '--networks <list>',
        help: 'any of these, such as 192.0.2.0/24',
        type: 'list',
      },
    ]),
    postureForm('time', 'TIME', 'days and hours', [
      {
        member: 'timeZone',
        flags: '-z, --time-zone <zone>',
        help: 'such as Europe/Berlin',
        type: 'text',
      },
      {
        member: 'windows',
        flags: '-w, --windows <json>',
        help: 'JSON: [{"days":[1,2,3,4,5],"from":"08:00","to":"18:00"}], 1 is Monday',
        type: 'json',
      },
    ]),
    postureForm('country', 'COUNTRY', 'country, by the controller’s table', [
      {
        member: 'countries',
        flags: '-c, --countries <list>',
        help: 'any of these, such as DE',
        type: 'list',
      },
    ]),
  ],
};
