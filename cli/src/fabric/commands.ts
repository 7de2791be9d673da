/** `postern fabric circuits|links|path|traceroute`: the fabric as routers say it is at this moment. */
import type { InspectionOf } from '@postern/shared/schemas';
import type { Command } from 'commander';
import type { EdgeClient } from '../client/edge-client.ts';
import { resolveId, type Collection } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { withClient, withSession, type SessionFlags } from '../edge/session.ts';
import { showRows } from '../edge/show-rows.ts';
import type { Column } from '../entities/index.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { circuitColumns, circuitRows } from './circuits.ts';
import { inspect, type Inspected } from './inspect.ts';
import { linkColumns, linkRows } from './links.ts';
import { hopColumns, hopRows, wayColumns } from './paths.ts';

export const FABRIC_BASE = '/fabric/v1';
const ROUTERS: Collection = {
  path: 'routers',
  plural: 'edge-routers',
  singular: 'router',
  named: true,
};
const SERVICES: Collection = {
  path: 'services',
  plural: 'services',
  singular: 'service',
  named: true,
};

export function addLiveCommands(fabric: Command, terminal: Terminal): void {
  const run = (flags: SessionFlags, action: (client: EdgeClient) => Promise<void>): Promise<void> =>
    withClient(terminal, flags, action, FABRIC_BASE);
  const print = (
    { text, errors }: Pick<Inspected<'links'>, 'text' | 'errors'>,
    flags: SessionFlags,
    columns: readonly Column[],
    rows: readonly object[],
    totalCount = rows.length,
  ): void => {
    if (flags.json) terminal.out(`${text}\n`);
    else showRows(terminal, columns, { rows: rows as never, offset: 0, totalCount });
    for (const error of errors) terminal.err(`${error}\n`);
  };

  withSession(
    fabric
      .command('circuits')
      .description('Circuits open now: service, path, age and bytes, as their first routers say')
      .option('--service <service>', 'only of this service, by id or name')
      .option('--router <router>', 'only those that began at this router')
      .addHelpText('after', examples('postern fabric circuits --service wiki')),
  ).action((flags: SessionFlags & { service?: string; router?: string }) =>
    run(flags, async (client) => {
      const asked = await online(client, flags.router);
      const answer = await ask(client, asked, 'live-circuits', 'circuits');
      const { rows, total } = circuitRows(answer.rows, flags.service);
      print(answer, flags, circuitColumns, rows, total);
    }),
  );

  withSession(
    fabric
      .command('links')
      .description('Links between routers: cost, latency as each end measures it, state')
      .option('--router <router>', 'only as this router sees them')
      .addHelpText('after', examples('postern fabric links', 'postern fabric links -j')),
  ).action((flags: SessionFlags & { router?: string }) =>
    run(flags, async (client) => {
      const asked = await online(client, flags.router);
      const answer = await ask(client, asked, 'live-links', 'links');
      print(answer, flags, linkColumns, linkRows(answer.rows, await routerNames(client)));
    }),
  );

  withSession(
    fabric
      .command('path')
      .description('Ways from a router to the hosts of a service, the one a dial would take first')
      .argument('<router>', 'where the client is connected, id or name')
      .argument('<service>', 'id or name')
      .addHelpText('after', examples('postern fabric path router-1 wiki')),
  ).action((router: string, service: string, flags: SessionFlags) =>
    run(flags, async (client) => {
      const routerId = await resolveId(client, ROUTERS, router);
      const serviceId = await resolveId(client, SERVICES, service);
      const answer = await inspect(client, routerId, `path:${serviceId}`, 'path');
      const ways: InspectionOf<'path'>['ways'] = answer.rows[0]?.value.ways ?? [];
      const from = (await routerNames(client)).get(routerId) ?? routerId;
      print(answer, flags, wayColumns(from), ways, answer.rows[0]?.value.total);
    }),
  );

  withSession(
    fabric
      .command('traceroute')
      .description('Everyone on the way of a circuit, with the round trip from its first router')
      .argument('<circuit>', 'id, of "postern fabric circuits"')
      .addHelpText('after', examples('postern fabric traceroute Zk3vX0bC1d2e3f4g5h6i7j')),
  ).action((circuit: string, flags: SessionFlags) =>
    run(flags, async (client) => {
      const first = await firstRouter(client, circuit);
      const answer = await inspect(client, first, `traceroute:${circuit}`, 'traceroute');
      print(answer, flags, hopColumns, hopRows(answer.rows[0]?.value.hops ?? []));
    }),
  );
}

/** Id of the router that is meant, or of all that are connected. */
async function online(client: EdgeClient, router: string | undefined): Promise<string[]> {
  if (router !== undefined) return [await resolveId(client, ROUTERS, router)];
  const ids: string[] = [];
  for await (const { id, connected } of client.all('routers'))
    if (connected === true) ids.push(String(id));
  return ids;
}

/** Asks each; one that does not answer is reported, not fatal. */
async function ask<V extends 'circuits' | 'links'>(
  client: EdgeClient,
  routerIds: readonly string[],
  name: string,
  value: V,
): Promise<Inspected<V>> {
  const [only] = routerIds;
  if (routerIds.length === 1 && only !== undefined) return inspect(client, only, name, value);
  const all = await inspect(client, '.*', name, value);
  // Controllers have no such value, and who is not connected cannot be asked.
  const errors = all.errors.filter((error) => routerIds.some((id) => error.startsWith(`${id} `)));
  return { ...all, errors };
}

/** The controller knows where a circuit began. @throws AppError `ERR_CLI_NOT_FOUND` */
async function firstRouter(client: EdgeClient, circuit: string): Promise<string> {
  const { data } = await client.call('GET', `circuits/${encodeURIComponent(circuit)}`);
  const { path } = data as { path: { nodes: { id: string }[] } };
  return path.nodes[0]?.id ?? '';
}

async function routerNames(client: EdgeClient): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for await (const { id, name } of client.all('routers')) names.set(String(id), String(name));
  return names;
}
