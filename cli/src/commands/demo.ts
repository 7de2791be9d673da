import type { Command } from 'commander';
import type { DemoFlags } from '../demo/options.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { examples, repeatable } from './option-forms.ts';

/** `postern demo` */
export function addDemoCommand(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .summary('everything on this machine, with a sample app')
    .description(
      'Starts a controller, two routers, a connector, the gateway, an identity provider and a sample app on loopback, and prints the addresses.',
    )
    .option('--port <number>', 'port of the gateway; 0: a free one (default 8080)')
    .addOption(
      repeatable('--app <name=url>', 'also protect this app, such as wiki=http://127.0.0.1:3000'),
    )
    .option('--data <folder>', 'keep everything in this folder (default: a temporary one)')
    .option('--keep', 'keep the temporary folder on exit')
    .option('--json', 'print the addresses as one line of JSON')
    .addHelpText('after', examples('postern demo', 'postern demo --app wiki=http://127.0.0.1:3000'))
    .action(async (flags: DemoFlags) => {
      // Loaded only now: no other command needs what a demo does.
      const { runDemo } = await import('../demo/run-demo.ts');
      await runDemo(terminal, flags);
    });
}
