import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { debianVersion, installDebian } from '../install.ts';
import { makeDataFolder, runCommand, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'syncthing';

/** Alone: no discovery, relays or reports. */
export const syncthing: Application = {
  name,
  title: 'Syncthing',
  from: 'Debian',
  task: 'add a folder, see it scanned as events arrive by long polling, put a file in and rescan, pause, remove it; its own protection against request forgery stays on',
  install: () => installDebian('syncthing'),
  start: async () => {
    const [port, syncPort] = await findFreePorts(2);
    const data = makeDataFolder(name);
    const home = join(data.path, 'home');
    const folders = join(data.path, 'folders');
    mkdirSync(folders);
    await runCommand('syncthing', ['generate', '--home', home, '--no-default-folder']);
    const config = join(home, 'config.xml');
    const settings: Record<string, string> = {
      listenAddress: `tcp://127.0.0.1:${syncPort}`,
      globalAnnounceEnabled: 'false',
      localAnnounceEnabled: 'false',
      relaysEnabled: 'false',
      natEnabled: 'false',
      crashReportingEnabled: 'false',
      startBrowser: 'false',
      urAccepted: '-1',
    };
    let xml = readFileSync(config, 'utf8');
    for (const [option, value] of Object.entries(settings)) {
      xml = xml.replace(new RegExp(`<${option}>[^<]*</`), `<${option}>${value}</`);
    }
    writeFileSync(config, xml);
    const origin = `http://127.0.0.1:${port}`;
    const server = await startProcess(
      'syncthing',
      ['serve', '--home', home, '--no-browser', '--no-restart', '--gui-address', origin],
      { ready: /GUI and API listening/, env: { HOME: data.path } },
    );
    return {
      origin,
      version: debianVersion('syncthing') ?? '',
      data: folders,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};
