import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { installFromRequirements, pinnedVersion } from '../install.ts';
import { makeDataFolder, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'jupyter';

export const jupyter: Application = {
  name,
  title: 'Jupyter: Lab and Notebook',
  from: 'PyPI',
  task: 'start a kernel from the launcher, run cells by keyboard (stream of output, an error, an interrupt), save, run a shell command in a terminal over WebSocket, read the saved notebook in Notebook',
  startPath: '/lab',
  install: () => void installFromRequirements(name),
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    const bin = join(installFromRequirements(name), 'bin');
    const env = {
      HOME: data.path,
      PATH: `${bin}:${process.env['PATH']}`,
      JUPYTER_CONFIG_DIR: join(data.path, '.jupyter'),
      SHELL: '/bin/sh',
    };
    const server = await startProcess(
      join(bin, 'jupyter-lab'),
      [
        ...['--no-browser', '--allow-root', '--ip=127.0.0.1', `--port=${port}`],
        ...[
          '--ServerApp.port_retries=0',
          '--IdentityProvider.token=',
          `--notebook-dir=${data.path}`,
        ],
        // It refuses hosts that it does not know, as it should: it is behind a proxy.
        ...['--ServerApp.allow_remote_access=True', '--LabApp.news_url=None'],
        '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
      ],
      { ready: /is running at/, cwd: data.path, env },
    );
    return {
      origin: `http://127.0.0.1:${port}`,
      version: pinnedVersion(name, 'jupyterlab'),
      data: data.path,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};
