import type { Command } from 'commander';
import type { InitFlags } from '../init/options.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { examples, repeatable } from './option-forms.ts';

/** `postern init` */
export function addInitCommand(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .argument('<domain>', 'such as example.com: parts and apps get names below it')
    .summary('configuration of a network of your own, ready to run')
    .description(
      'Writes a folder for each host of a new network: configuration, the controller’s data, enrollment tokens; and the DNS records and steps that are left to do.',
    )
    .option('--dir <folder>', 'where to write; new or empty (default: the domain)')
    .option('--routers <number>', 'how many routers (default 2)')
    .addOption(
      repeatable(
        '--app <name=url>',
        'an app, as the connector’s host reaches it (default wiki=http://127.0.0.1:3000)',
      ),
    )
    .option('--user <name>', 'who may open the apps first (default alice)')
    .option('--oidc-issuer <url>', 'sign-in at this identity provider (default: by password)')
    .option('--oidc-client-id <id>', 'the public client registered there')
    .option('--oidc-claim <name>', 'claim that holds the name of --user (default email)')
    .option('-j, --json', 'what was written as one line of JSON')
    .addHelpText(
      'after',
      examples(
        'postern init example.com --dir out --app wiki=http://127.0.0.1:3000',
        'postern init example.com --oidc-issuer https://idp.example.com --oidc-client-id postern --user alice@example.com',
      ),
    )
    .action(async (domain: string, flags: InitFlags) => {
      // Loaded only now: other commands need not wait for the controller's code.
      const { runInit } = await import('../init/run-init.ts');
      await runInit(domain, flags, terminal);
    });
}
