/** `postern tunnel …`: services on local ports, for programs that know nothing of this network. */
import type { Command } from 'commander';
import { examples } from '../commands/option-forms.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { parseForwarding } from './forwarding.ts';
import { runTunnel, type TunnelFlags } from './run-tunnel.ts';

export function addTunnelCommand(program: Command, terminal: Terminal): void {
  const tunnel = program
    .command('tunnel')
    .summary('services on local ports, for programs that know nothing of Postern')
    .description('Services on local ports, for programs that know nothing of this network.');

  withIdentity(
    tunnel
      .command('proxy')
      .description('Local TCP ports, each of which leads to a service')
      .argument('<service:port...>', 'a service and its local port; 0: any that is free')
      .addHelpText(
        'after',
        examples(
          'postern tunnel proxy db:5432 --identity ann.json',
          'postern tunnel proxy db:5432 shell:2222 --identity ann.json',
        ),
      ),
  ).action(async (given: string[], flags: TunnelFlags) => {
    const forwardings = given.map(parseForwarding);
    await runTunnel(terminal, flags, async ({ postern, bind, logger }) => {
      const { startServiceProxy } = await import('@postern/connector/tunnel');
      return Promise.all(
        forwardings.map(async ({ service, port }) => {
          const listener = await startServiceProxy({ postern, service, host: bind, port, logger });
          return { listener, leadsTo: service };
        }),
      );
    });
  });
}

function withIdentity(command: Command): Command {
  return command
    .requiredOption('--identity <file>', 'who dials: an identity file of "postern edge enroll"')
    .option(
      '--bind <address>',
      'where to listen; whoever reaches it is to the services who you are',
      '127.0.0.1',
    );
}
