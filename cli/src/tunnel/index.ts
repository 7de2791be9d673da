/** `postern tunnel …`: services on local ports, for programs that know nothing of this network. */
import type { Command } from 'commander';
import { examples, repeatable } from '../commands/option-forms.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { parseForwarding, parsePort } from './forwarding.ts';
import { runTunnel, type TunnelFlags } from './run-tunnel.ts';

interface NameFlags extends TunnelFlags {
  suffix?: string[];
}

export function addTunnelCommand(program: Command, terminal: Terminal): void {
  const tunnel = program
    .command('tunnel')
    .summary('services on local ports, for programs that know nothing of Postern')
    .description('Services on local ports, for programs that know nothing of this network.');
  addProxyCommand(tunnel, terminal);
  addSocksCommand(tunnel, terminal);
  addDnsCommand(tunnel, terminal);
}

function addProxyCommand(tunnel: Command, terminal: Terminal): void {
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
    await runTunnel(terminal, flags, async ({ postern, bind: host, logger }) => {
      const { startServiceProxy } = await import('@postern/connector/tunnel');
      const start = async ({ service, port }: (typeof forwardings)[number]) => ({
        listener: await startServiceProxy({ postern, service, host, port, logger }),
        leadsTo: service,
      });
      return forwardings.map(start);
    });
  });
}

function addSocksCommand(tunnel: Command, terminal: Terminal): void {
  withSuffixes(
    withIdentity(
      tunnel
        .command('socks')
        .description(
          'One local port for all services by their names: a SOCKS 5 and an HTTP CONNECT proxy',
        )
        .option('--port <port>', 'where it listens; 0: any that is free', '1080')
        .addHelpText(
          'after',
          examples(
            'postern tunnel socks --identity ann.json',
            'postern tunnel socks --port 3128 --identity ann.json',
          ),
        ),
    ),
  ).action(async (flags: NameFlags & { port: string }) => {
    const port = parsePort(flags.port);
    await runTunnel(terminal, flags, async ({ postern, bind: host, logger }) => {
      const { ServiceNames, startNameProxy } = await import('@postern/connector/tunnel');
      const names = new ServiceNames({ postern, ...suffixesOf(flags) });
      const start = async () => ({
        listener: await startNameProxy({ postern, names, host, port, logger }),
        leadsTo: 'services by name (SOCKS 5, HTTP CONNECT)',
      });
      return [start()];
    });
  });
}

function addDnsCommand(tunnel: Command, terminal: Terminal): void {
  withSuffixes(
    withIdentity(
      tunnel
        .command('dns')
        .description(
          'A DNS server that gives names of services loopback addresses, where their ports lead to them',
        )
        .option('--port <port>', 'where it answers (UDP); 0: any that is free', '5353')
        .addHelpText('after', examples('postern tunnel dns --identity ann.json')),
    ),
  ).action(async (flags: NameFlags & { port: string }) => {
    const port = parsePort(flags.port);
    await runTunnel(terminal, flags, async ({ postern, bind: host, logger }) => {
      const { LoopbackNames, ServiceNames, startDnsServer } =
        await import('@postern/connector/tunnel');
      const names = new ServiceNames({ postern, ...suffixesOf(flags) });
      const addresses = new LoopbackNames({ postern, names, logger });
      const start = async () => ({
        listener: await startDnsServer({ addresses, names, host, port, logger }),
        leadsTo: 'names of services (DNS)',
      });
      return [start(), Promise.resolve({ listener: addresses })];
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

function withSuffixes(command: Command): Command {
  return command.addOption(
    repeatable('--suffix <domain>', 'domain below which each service has its name (default: ziti)'),
  );
}

function suffixesOf({ suffix }: NameFlags): { suffixes?: readonly string[] } {
  return suffix === undefined || suffix.length === 0 ? {} : { suffixes: suffix };
}
