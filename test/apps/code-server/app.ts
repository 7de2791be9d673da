import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { appFolder, installFromLockfile, packageVersion } from '../install.ts';
import { makeDataFolder, startProcess } from '../process.ts';
import { buildCodeServer } from './build.ts';
import { use } from './script.ts';

const name = 'code-server';
const folder = appFolder(name);

export const codeServer: Application = {
  name,
  title: 'code-server (VS Code)',
  from: 'npm',
  task: 'open a folder and a file, edit and save it, run a command in the terminal, see the file it makes appear by the file watcher',
  install: () => {
    installFromLockfile(name);
    buildCodeServer(folder);
  },
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    const projects = join(data.path, 'projects');
    mkdirSync(projects);
    mkdirSync(join(data.path, 'user/User'), { recursive: true });
    writeFileSync(
      join(data.path, 'user/User/settings.json'),
      JSON.stringify({ 'workbench.startupEditor': 'none', 'files.autoSave': 'off' }),
    );
    const server = await startProcess(
      process.execPath,
      [
        join(folder, 'node_modules/code-server/out/node/entry.js'),
        ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry'],
        ...[
          '--disable-update-check',
          '--disable-workspace-trust',
          '--disable-getting-started-override',
        ],
        ...['--user-data-dir', join(data.path, 'user'), projects],
      ],
      { ready: /HTTP server listening/, env: { HOME: data.path, SHELL: '/bin/sh' } },
    );
    return {
      origin: `http://127.0.0.1:${port}`,
      version: packageVersion(name, 'code-server'),
      data: projects,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};
