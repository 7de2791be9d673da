import type { Command } from 'commander';
import { resolveId } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { kindAt, memberAt } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import { renderTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { writeToken } from './create.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';
import { printYaml } from './show.ts';

/** `postern edge re-enroll`, `rotate-keys`, `db` and `validate`. */
export function addMaintenanceCommands(edge: Command, terminal: Terminal): void {
  addReEnroll(edge, terminal);
  addRotateKeys(edge, terminal);
  addDatabase(edge, terminal);
  addValidate(edge, terminal);
}

function addReEnroll(edge: Command, terminal: Terminal): void {
  const reEnroll = edge.command('re-enroll').description('Make a router enrol again');
  for (const kind of [kindAt('edge-routers'), kindAt('transit-routers')]) {
    withSession(
      reEnroll
        .command(kind.singular)
        .description('its certificates end at once; a new token is issued')
        .argument(`<${kind.singular}>`, 'id or name')
        .option('-o, --jwt-output-file <file>', 'write the enrollment token there'),
    )
      .addHelpText(
        'after',
        examples(`postern edge re-enroll ${kind.singular} router-1 -o router-1.jwt`),
      )
      .action(async (wanted: string, flags: SessionFlags & { jwtOutputFile?: string }) => {
        await withClient(terminal, flags, async (client) => {
          const id = await resolveId(client, kind, wanted);
          const { text } = await client.call('POST', `${kind.path}/${id}/re-enroll`);
          terminal.out(
            flags.json ? `${text}\n` : printable(`${kind.singular} ${wanted} has to enrol again\n`),
          );
          if (flags.jwtOutputFile !== undefined)
            await writeToken(client, terminal, kind, id, flags.jwtOutputFile);
        });
      });
  }
}

/** As the Management API names them. */
const ROTATABLE_KEYS = ['token', 'grant', 'assertion', 'session', 'issuing-authority'];

function addRotateKeys(edge: Command, terminal: Terminal): void {
  withSession(
    edge
      .command('rotate-keys')
      .description('Replace signing keys or the issuing authority before their time')
      .argument('[key...]', `${ROTATABLE_KEYS.join(', ')}; default: all`)
      .option('--compromised', 'what the present keys signed is refused from now on'),
  )
    .addHelpText('after', examples('postern edge rotate-keys grant token --compromised'))
    .action(async (keys: string[], flags: SessionFlags & { compromised?: boolean }) => {
      await withClient(terminal, flags, async (client) => {
        const { text } = await client.call('POST', 'key-rotations', {
          body: {
            keys: keys.length > 0 ? keys : ROTATABLE_KEYS,
            isCompromised: flags.compromised ?? false,
          },
        });
        terminal.out(flags.json ? `${text}\n` : 'Done\n');
      });
    });
}

function addDatabase(edge: Command, terminal: Terminal): void {
  const database = edge.command('db').description('The controller’s database');
  const add = (
    name: string,
    description: string,
    method: 'GET' | 'POST',
    path: (flags: { fix?: boolean }) => string,
  ) => {
    const command = withSession(database.command(name).description(description));
    if (name === 'start-check-integrity')
      command.option('-f, --fix', 'also repair what can be repaired');
    command.action(async (flags: SessionFlags & { fix?: boolean }) => {
      await withClient(terminal, flags, async (client) => {
        const { text, data } = await client.call(method, `database/${path(flags)}`);
        if (flags.json || method === 'POST') terminal.out(flags.json ? `${text}\n` : 'Done\n');
        else printYaml(terminal, data);
      });
    });
  };
  add('snapshot', 'save a copy beside it', 'POST', () => 'snapshot');
  add('start-check-integrity', 'look for contradictions', 'POST', ({ fix }) =>
    fix ? 'fix-data-integrity' : 'check-data-integrity',
  );
  add('check-integrity-status', 'what was found', 'GET', () => 'data-integrity-results');
}

function addValidate(edge: Command, terminal: Terminal): void {
  const validate = edge.command('validate').description('Look for what does not work');
  withSession(
    validate
      .command('service-hosting')
      .description('services that nobody may host, or nobody hosts'),
  ).action(async (flags: SessionFlags) => {
    await withClient(terminal, flags, async (client) => {
      const rows: string[][] = [];
      for await (const service of client.all('services')) {
        const path = `services/${String(service['id'])}`;
        const [hosts, terminators] = await Promise.all([
          client.list(`${path}/identities`, { policyType: 'bind', limit: 1 }),
          client.list(`${path}/terminators`, { limit: 500 }),
        ]);
        const hosting = new Set(terminators.rows.map((row) => memberAt(row, 'hostId'))).size;
        const problem =
          hosts.totalCount === 0
            ? 'no identity may host it'
            : terminators.totalCount === 0
              ? 'no identity hosts it now'
              : '';
        rows.push([
          String(service['name']),
          String(hosts.totalCount),
          String(hosting),
          String(terminators.totalCount),
          problem,
        ]);
      }
      if (flags.json) {
        terminal.out(`${JSON.stringify(rows)}\n`);
        return;
      }
      const headings = ['service', 'may host', 'hosting', 'terminators', 'problem'];
      terminal.out(renderTable(headings, rows, terminal.columns));
    });
  });
}
