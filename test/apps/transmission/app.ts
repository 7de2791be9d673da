import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { debianVersion, installDebian } from '../install.ts';
import { makeDataFolder, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'transmission';

/** Alone: no peers, no trackers. */
export const transmission: Application = {
  name,
  title: 'Transmission',
  from: 'Debian',
  task: 'add a torrent by file, see it checked to 100 %, pause and start it, look at its files, remove it; the session id it demands (409) is found by its own page',
  limits: { chromium: 'its page begins with a synchronous `XMLHttpRequest`' },
  startPath: '/transmission/web/',
  install: () => installDebian('transmission-daemon'),
  start: async () => {
    const [port, peerPort] = await findFreePorts(2);
    const data = makeDataFolder(name);
    const downloads = join(data.path, 'downloads');
    mkdirSync(downloads);
    writeFileSync(
      join(data.path, 'settings.json'),
      JSON.stringify({
        'rpc-port': port,
        'rpc-bind-address': '127.0.0.1',
        'rpc-host-whitelist-enabled': false,
        'peer-port': peerPort,
        'bind-address-ipv4': '127.0.0.1',
        'port-forwarding-enabled': false,
        'dht-enabled': false,
        'pex-enabled': false,
        'lpd-enabled': false,
        'download-dir': downloads,
      }),
    );
    const server = await startProcess(
      'transmission-daemon',
      ['--foreground', '--config-dir', data.path, '--log-info'],
      { ready: /Serving RPC and Web requests|RPC Server/ },
    );
    return {
      origin: `http://127.0.0.1:${port}`,
      version: debianVersion('transmission-daemon') ?? '',
      data: downloads,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};
