import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { appFolder, installFromLockfile, packageVersion } from '../install.ts';
import { makeDataFolder, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'node-red';

export const nodeRed: Application = {
  name,
  title: 'Node-RED',
  from: 'npm',
  task: 'load the editor with its palette, keep its WebSocket, deploy a flow of HTTP nodes, see its debug messages live, call it',
  install: () => installFromLockfile(name),
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    writeFileSync(
      join(data.path, 'settings.js'),
      `module.exports = { uiHost: '127.0.0.1', uiPort: ${port}, flowFile: 'flows.json', telemetry: { enabled: false }, tours: false, editorTheme: { tours: false } };`,
    );
    const script = join(appFolder(name), 'node_modules/node-red/red.js');
    const server = await startProcess(process.execPath, [script, '--userDir', data.path], {
      ready: /Server now running[^]*Started flows/,
    });
    return {
      origin: `http://127.0.0.1:${port}`,
      version: packageVersion(name, 'node-red'),
      data: data.path,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};
