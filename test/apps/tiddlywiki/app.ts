import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { appFolder, installFromLockfile, packageVersion } from '../install.ts';
import { makeDataFolder, runCommand, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'tiddlywiki';
const command = `${appFolder(name)}/node_modules/tiddlywiki/tiddlywiki.js`;

export const tiddlywiki: Application = {
  name,
  title: 'TiddlyWiki',
  from: 'npm',
  task: 'write a note with a tag in its framed editor, which saves it on the server; search; reload and read; delete',
  install: () => installFromLockfile(name),
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    await runCommand(process.execPath, [command, data.path, '--init', 'server']);
    const server = await startProcess(
      process.execPath,
      [command, data.path, '--listen', 'host=127.0.0.1', `port=${port}`],
      { ready: /Serving on/ },
    );
    return {
      origin: `http://127.0.0.1:${port}`,
      version: packageVersion(name, 'tiddlywiki'),
      data: data.path,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};
