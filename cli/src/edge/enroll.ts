import type { Command } from 'commander';
import { examples } from '../commands/option-forms.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { EnrollFlags } from './redeem-token.ts';

/** `postern edge enroll`: spends an enrollment token. No sign-in needed: the token is the permission. */
export function addEnrollCommand(edge: Command, terminal: Terminal): void {
  edge
    .command('enroll')
    .description('Turn an enrollment token into an identity file, or into a password')
    .argument('<token-file>', 'the token; -: standard input')
    .option(
      '-o, --out <file>',
      'where the identity file goes (default: beside the token, as .json)',
    )
    .option('-c, --cert <file>', 'certificate of another authority, for tokens that ask for one')
    .option('-k, --key <file>', 'and its key')
    .option('-n, --name <name>', 'of an identity made by certificate')
    .option(
      '--password-file <file>',
      'for tokens that ask for a password; -: standard input (default: asked for)',
    )
    .option(
      '--ext-jwt <file>',
      'token of an identity provider, for a network token; -: standard input',
    )
    .addHelpText(
      'after',
      examples(
        'postern edge enroll wiki-host.jwt -o wiki-host.json',
        'postern edge login ctrl.example.com --file ops.json',
      ),
    )
    .action(async (file: string, flags: EnrollFlags) => {
      // Loaded only now: certificates take longer to load than most commands to run.
      const { redeemToken } = await import('./redeem-token.ts');
      await redeemToken(terminal, file, flags);
    });
}
