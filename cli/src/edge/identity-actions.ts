import { AppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import { resolveId } from '../client/resolve.ts';
import { examples, repeatable } from '../commands/option-forms.ts';
import { kindAt } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';
import { printYaml } from './show.ts';

const identities = kindAt('identities');

/** `postern edge update identity-configs`: configs of its own for one identity. */
export function addIdentityConfigs(update: Command, terminal: Terminal): void {
  withSession(
    update
      .command('identity-configs')
      .description('give an identity a config of its own for a service')
      .argument('<identity>', 'id or name')
      .argument('<service>', 'id or name')
      .argument('<config>', 'id or name')
      .option('-r, --remove', 'take it away instead'),
  ).action(
    async (
      identity: string,
      service: string,
      config: string,
      flags: SessionFlags & { remove?: boolean },
    ) => {
      await withClient(terminal, flags, async (client) => {
        const [id, serviceId, configId] = await Promise.all([
          resolveId(client, identities, identity),
          resolveId(client, kindAt('services'), service),
          resolveId(client, kindAt('configs'), config),
        ]);
        await client.call(flags.remove ? 'DELETE' : 'POST', `identities/${id}/service-configs`, {
          body: [{ serviceId, configId }],
        });
        terminal.out(printable(`Updated configs of identity ${identity}\n`));
      });
    },
  );
}

/** `postern edge disable`, `enable` and `trace`: actions on one identity. */
export function addIdentityActions(edge: Command, terminal: Terminal): void {
  const disable = edge.command('disable').description('Shut an identity out at once');
  withSession(
    disable
      .command('identity')
      .description('end its sessions and connections, and let it sign in no more')
      .argument('<identity>', 'id or name')
      .option('-m, --minutes <n>', 'for so long; 0: until enabled', '0'),
  )
    .addHelpText(
      'after',
      examples('postern edge disable identity ann', 'postern edge enable identity ann'),
    )
    .action(async (identity: string, flags: SessionFlags & { minutes: string }) => {
      const durationMinutes = wholeNumber('--minutes', flags.minutes);
      await withClient(terminal, flags, async (client) => {
        const id = await resolveId(client, identities, identity);
        await client.call('POST', `identities/${id}/disable`, { body: { durationMinutes } });
        terminal.out(printable(`Disabled identity ${identity}\n`));
      });
    });

  const enable = edge.command('enable').description('Let a disabled identity in again');
  withSession(
    enable
      .command('identity')
      .description('let it sign in again')
      .argument('<identity>', 'id or name'),
  ).action(async (identity: string, flags: SessionFlags) => {
    await withClient(terminal, flags, async (client) => {
      const id = await resolveId(client, identities, identity);
      await client.call('POST', `identities/${id}/enable`);
      terminal.out(printable(`Enabled identity ${identity}\n`));
    });
  });

  const trace = edge.command('trace').description('Follow what an identity does');
  withSession(
    trace
      .command('identity')
      .description('have routers and controllers note its messages for a while')
      .argument('<identity>', 'id or name')
      .option('-d, --duration <time>', 'such as 10m', '10m')
      .option('--trace-id <id>', 'to find it by')
      .addOption(repeatable('--channel <name>', 'only these'))
      .option('--stop', 'stop instead'),
  ).action(
    async (
      identity: string,
      flags: SessionFlags & {
        duration: string;
        traceId?: string;
        channel?: string[];
        stop?: boolean;
      },
    ) => {
      await withClient(terminal, flags, async (client) => {
        const id = await resolveId(client, identities, identity);
        const { text, data } = await client.call('PUT', `identities/${id}/trace`, {
          body: {
            enabled: !flags.stop,
            duration: flags.duration,
            ...(flags.traceId !== undefined && { traceId: flags.traceId }),
            ...(flags.channel && { channels: flags.channel }),
          },
        });
        if (flags.json) terminal.out(`${text}\n`);
        else printYaml(terminal, data);
      });
    },
  );
}

/** @throws AppError `ERR_CLI_USAGE` */
function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new AppError('ERR_CLI_USAGE', `${option} takes a number, got "${text}"`);
  return Number(text);
}
