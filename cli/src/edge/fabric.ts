import type { Command } from 'commander';
import { examples } from '../commands/option-forms.ts';
import { idColumn, nameColumn, type Column } from '../entities/index.ts';
import { addLiveCommands, FABRIC_BASE } from '../fabric/commands.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { paged, printList, queryOf } from './list.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';
import { printYaml } from './show.ts';

/** What `/fabric/v1` lists. */
const collections: Record<string, { help: string; columns: readonly Column[] }> = {
  routers: {
    help: 'routers and whether they are connected',
    columns: [
      idColumn,
      nameColumn,
      { title: 'connected', value: 'connected' },
      { title: 'cost', value: 'cost' },
      { title: 'no traversal', value: 'noTraversal' },
      { title: 'disabled', value: 'disabled' },
    ],
  },
  services: {
    help: 'services and how their hosts are chosen',
    columns: [idColumn, nameColumn, { title: 'strategy', value: 'terminatorStrategy' }],
  },
  terminators: {
    help: 'where services are hosted',
    columns: [
      idColumn,
      { title: 'service', value: 'service.name' },
      { title: 'router', value: 'router.name' },
      { title: 'binding', value: 'binding' },
      { title: 'address', value: 'address' },
      { title: 'cost', value: 'cost' },
      { title: 'dynamic cost', value: 'dynamicCost' },
      { title: 'precedence', value: 'precedence' },
    ],
  },
  links: {
    help: 'connections between routers',
    columns: [
      idColumn,
      { title: 'dialer', value: 'sourceRouter.name' },
      { title: 'acceptor', value: 'destRouter.name' },
      { title: 'static cost', value: 'staticCost' },
      { title: 'latency', value: 'sourceLatency' },
      { title: 'state', value: 'state' },
      { title: 'cost', value: 'cost' },
    ],
  },
  circuits: {
    help: 'what is connected now',
    columns: [
      idColumn,
      { title: 'client', value: 'clientId' },
      { title: 'service', value: 'service.name' },
      { title: 'terminator', value: (row) => nested(row['terminator'], 'id') },
      { title: 'path', value: (row) => pathOf(row['path']) },
      { title: 'since', value: 'createdAt' },
    ],
  },
};

/** `postern fabric …`: the network of routers. */
export function addFabricCommand(program: Command, terminal: Terminal): void {
  const fabric = program
    .command('fabric')
    .summary('look at routers, links and circuits')
    .description(
      'The network of routers, as the controller sees it. Sign in with "postern edge login".',
    );
  const list = fabric
    .command('list')
    .alias('ls')
    .description('List routers, links, circuits and what they carry')
    .addHelpText('after', examples('postern fabric list links', 'postern fabric list circuits -j'));
  for (const [path, { help, columns }] of Object.entries(collections)) {
    paged(list.command(path).description(help)).action(
      async (filter: string | undefined, flags: SessionFlags) => {
        await withClient(
          terminal,
          flags,
          (client) => printList(client, terminal, path, queryOf(filter, flags), columns, flags),
          FABRIC_BASE,
        );
      },
    );
  }
  addLiveCommands(fabric, terminal);
  withSession(
    fabric
      .command('inspect')
      .description('Ask controllers and routers about their state')
      .argument('<value>', 'what to ask for, such as links')
      .option('-a, --app <regex>', 'ids of those who are asked', '.*'),
  ).action(async (value: string, flags: SessionFlags & { app: string }) => {
    await withClient(
      terminal,
      flags,
      async (client) => {
        const body = { appRegex: flags.app, requestedValues: [value] };
        const { text, data } = await client.call('POST', 'inspections', { body });
        if (flags.json) terminal.out(`${text}\n`);
        else printYaml(terminal, data ?? JSON.parse(text));
      },
      FABRIC_BASE,
    );
  });
}

function nested(value: unknown, member: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[member]
    : value;
}

/** Names of the routers on a circuit's way. */
function pathOf(path: unknown): string {
  const nodes = nested(path, 'nodes');
  return Array.isArray(nodes) ? nodes.map((node) => String(nested(node, 'name'))).join(' → ') : '';
}
