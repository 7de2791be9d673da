import type { Command } from 'commander';
import { Option } from 'commander';
import { examples, repeatable } from '../commands/option-forms.ts';
import { withClient, withSession } from '../edge/session.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { ExposeFlags } from './options.ts';

/** `postern expose` */
export function addExposeCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('expose')
    .summary('share a web app of this machine for a while')
    .description(
      'Gives a web app of this machine a URL that chosen people can open, until stopped. Everything it makes at the controller is removed at the end.',
    )
    .argument('<app>', 'port, host:port, URL without path, or unix:/path')
    .addOption(
      repeatable('--allow <who>', 'identity by external id, e-mail or name, or "#attribute"'),
    )
    .option('--allow-everyone', 'whoever can sign in')
    .option('--name <name>', 'first part of the host name (default: one of chance)')
    .option('--expires <time>', 'how long at most, such as 30m or 2h, up to 12h', '8h')
    .option('--domain <pattern>', 'instead of the network’s, such as https://*.share.example.com')
    .addOption(
      new Option('--forward-host <which>', 'what the app sees as Host')
        .choices(['application', 'target'])
        .default('application'),
    )
    .addOption(
      repeatable(
        '--login-methods <method>',
        'ext-jwt, password or passkey (default: the identity providers there are, else password)',
      ),
    )
    .addHelpText(
      'after',
      examples(
        'postern expose 3000 --allow ann@example.com',
        `postern expose localhost:5173 --name demo --allow '#staff' --expires 2h --forward-host target`,
      ),
    );
  withSession(command).action((app: string, flags: ExposeFlags) =>
    withClient(terminal, flags, async (client) => {
      // Loaded only now: no other command hosts anything.
      const { runShare } = await import('./run-share.ts');
      await runShare(terminal, client, app, flags);
    }),
  );
}
