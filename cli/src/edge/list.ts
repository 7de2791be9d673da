import type { Command } from 'commander';
import type { EdgeClient, Query } from '../client/edge-client.ts';
import { resolveId } from '../client/resolve.ts';
import { examples, repeatable } from '../commands/option-forms.ts';
import {
  entityKinds,
  idColumn,
  nameColumn,
  roleAttributeLists,
  type Column,
  type EntityKind,
} from '../entities/index.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';
import { cell, showRows } from './show-rows.ts';

interface ListFlags extends SessionFlags {
  filter?: string;
  sort?: string;
  limit?: string;
  offset?: string;
  roleFilter?: string[];
  roleSemantic?: string;
  asIdentity?: string;
  configTypes?: string[];
  policyType?: string;
}

/** Rows of a page when nobody says; the API's own default is 10. */
const DEFAULT_LIMIT = '100';
const withRoles = new Set(['identities', 'services', 'edge-routers', 'posture-checks']);

/** `postern edge list …` */
export function addListCommand(edge: Command, terminal: Terminal): void {
  const list = edge
    .command('list')
    .aliases(['ls'])
    .description('List entities, or what one entity has to do with (list identity services ann)')
    .addHelpText(
      'after',
      examples(
        'postern edge list identities',
        `postern edge list services 'anyOf(roleAttributes) = "internal" sort by name limit 50'`,
        'postern edge list identity services ann',
      ),
    );
  for (const kind of entityKinds) {
    addCollection(list, terminal, kind);
    if (kind.subLists) addSubLists(list, terminal, kind, kind.subLists);
  }
  for (const path of roleAttributeLists) {
    paged(list.command(path).description(`${path.replaceAll('-', ' ')} in use`)).action(
      async (filter: string | undefined, flags: ListFlags) => {
        const columns: Column[] = [{ title: 'attribute', value: (row) => row }];
        await withClient(terminal, flags, (client) =>
          printList(client, terminal, path, queryOf(filter, flags), columns, flags),
        );
      },
    );
  }
  withSession(list.command('summary').description('how many there are of each')).action(
    async (flags: SessionFlags) => {
      await withClient(terminal, flags, async (client) => {
        const { text, data } = await client.call('GET', 'summary');
        if (flags.json) {
          terminal.out(`${text}\n`);
          return;
        }
        const rows = Object.entries(data as Record<string, unknown>);
        for (const [name, count] of rows) terminal.out(`${name}: ${cell(count)}\n`);
      });
    },
  );
}

function addCollection(list: Command, terminal: Terminal, kind: EntityKind): void {
  const command = paged(list.command(kind.plural).description(kind.help));
  for (const alias of kind.aliases ?? []) if (alias.endsWith('s')) command.alias(alias);
  if (withRoles.has(kind.path)) {
    command
      .addOption(repeatable('--role-filter <role>', 'only those in this role: #attribute, @id'))
      .option('--role-semantic <semantic>', 'AllOf (default) or AnyOf of several');
  }
  if (kind.path === 'services') {
    command
      .option('--as-identity <identity>', 'as this identity sees them')
      .addOption(
        repeatable('--config-types <type>', 'with configs of this type; all: of every type'),
      );
  }
  command.action(async (filter: string | undefined, flags: ListFlags) => {
    await withClient(terminal, flags, (client) =>
      printList(client, terminal, kind.path, queryOf(filter, flags), kind.columns, flags),
    );
  });
}

function addSubLists(
  list: Command,
  terminal: Terminal,
  kind: EntityKind,
  subLists: Record<string, string>,
): void {
  const parent = list
    .command(kind.singular)
    .description(`what one ${kind.singular} has to do with: ${Object.keys(subLists).join(', ')}`);
  for (const alias of kind.aliases ?? []) if (!alias.endsWith('s')) parent.alias(alias);
  for (const [name, path] of Object.entries(subLists)) {
    const command = parent
      .command(name)
      .description(`${name.replaceAll('-', ' ')} of one ${kind.singular}`)
      .argument(`<${kind.singular}>`, 'id or name');
    if (name === 'services' || name === 'identities') {
      command.option('--policy-type <type>', 'dial or bind only');
    }
    paged(command).action(async (of: string, filter: string | undefined, flags: ListFlags) => {
      await withClient(terminal, flags, async (client) => {
        const id = await resolveId(client, kind, of);
        const columns = columnsAt(path);
        await printList(
          client,
          terminal,
          `${kind.path}/${id}/${name}`,
          queryOf(filter, flags),
          columns,
          flags,
        );
      });
    });
  }
}

function columnsAt(path: string): readonly Column[] {
  if (path === 'service-configs') {
    return [
      { title: 'service', value: 'service.name' },
      { title: 'config', value: 'config.name' },
    ];
  }
  return entityKinds.find((kind) => kind.path === path)?.columns ?? [idColumn, nameColumn];
}

/** Adds filter, order and paging, as the API takes them. */
export function paged(command: Command): Command {
  return withSession(
    command
      .argument('[filter]', 'such as: name contains "wiki" sort by name limit 20')
      .option('--filter <filter>', 'the same, as an option')
      .option('--sort <fields>', 'such as "name desc, id"')
      .option('--limit <n>', `how many at most; -1: all (default: ${DEFAULT_LIMIT})`)
      .option('--offset <n>', 'how many to leave out first'),
  );
}

/** The query of a list call. What the filter says of order and limit wins. */
export function queryOf(filter: string | undefined, flags: ListFlags): Query {
  return {
    filter: filter ?? flags.filter,
    sort: flags.sort,
    limit: flags.limit ?? DEFAULT_LIMIT,
    offset: flags.offset,
    roleFilter: flags.roleFilter,
    roleSemantic: flags.roleSemantic,
    asIdentity: flags.asIdentity,
    configTypes: flags.configTypes,
    policyType: flags.policyType,
  };
}

/** Asks for one page and prints it: as a table, or with `--json` unchanged. */
export async function printList(
  client: EdgeClient,
  terminal: Terminal,
  path: string,
  query: Query,
  columns: readonly Column[],
  { json }: SessionFlags,
): Promise<void> {
  const answer = await client.list(path, query);
  if (json) terminal.out(`${answer.text}\n`);
  else showRows(terminal, columns, answer);
}
