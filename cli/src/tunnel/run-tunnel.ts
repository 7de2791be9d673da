import type { Postern } from '@postern/connector/sdk';
import type { LocalListener } from '@postern/connector/tunnel';
import type { Logger } from '@postern/shared/log';
import { waitForStop } from '../process/wait-for-stop.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface TunnelFlags {
  identity: string;
  bind: string;
}

interface TunnelContext {
  postern: Postern;
  bind: string;
  logger: Logger;
}

/** Something that listens, and where it leads, for people to read. */
type Opened =
  | { listener: LocalListener; leadsTo: string }
  | { listener: Pick<LocalListener, 'close'>; leadsTo?: undefined };

/** Opens the network and listens until it is told to stop; says where it listens, a line each. */
export async function runTunnel(
  terminal: Terminal,
  { identity, bind }: TunnelFlags,
  open: (context: TunnelContext) => Promise<Promise<Opened>[]>,
): Promise<void> {
  const stopped = waitForStop();
  // Loaded only now: what dials takes longer to load than most commands to run.
  const { openPostern } = await import('@postern/connector/sdk');
  const logger = reportTo(terminal);
  const postern = await openPostern({ identity, logger });
  const opened: Opened[] = [];
  try {
    // All are waited for, so that those that did open are closed when another one fails.
    const results = await Promise.allSettled(await open({ postern, bind, logger }));
    opened.push(...results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    for (const result of results) if (result.status === 'rejected') throw result.reason as Error;
    for (const one of opened) {
      if (one.leadsTo === undefined) continue;
      const { host, port } = one.listener;
      terminal.out(printable(`${host}:${port} -> ${one.leadsTo}\n`));
    }
    terminal.out('Ready. Stop with Ctrl+C.\n');
    await stopped;
  } finally {
    await Promise.all(opened.map(({ listener }) => listener.close()));
    await postern.close();
  }
}

/** What goes wrong with single connections, one line each; the rest is of no interest here. */
function reportTo(terminal: Terminal): Logger {
  const report: Logger['warn'] = (event, fields = {}) => {
    const { service, code, error } = fields;
    if (typeof service !== 'string' || event !== 'tunnel.dial-failed') return;
    const why = error instanceof Error ? error.message : 'failed';
    terminal.err(printable(`${service}: ${why} (${String(code)})\n`));
  };
  const ignore = (): void => undefined;
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: report,
    error: report,
    child: () => logger,
  };
  return logger;
}
