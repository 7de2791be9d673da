import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import {
  appFolder,
  installFromLockfile,
  installFromRequirements,
  pinnedVersion,
} from '../install.ts';
import { makeDataFolder, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'webdav';

export const webdav: Application = {
  name,
  title: 'WsgiDAV and the `webdav` client',
  from: 'PyPI',
  task: 'in a page of the server: PROPFIND, MKCOL, PUT, GET of a part, COPY, MOVE, LOCK and UNLOCK, PROPPATCH, DELETE, with Basic authentication of script; the server lists the folder as HTML',
  install: () => {
    installFromLockfile(name);
    installFromRequirements(name);
  },
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    const [share, client] = [join(data.path, 'share'), join(data.path, 'client')];
    mkdirSync(share);
    mkdirSync(client);
    copyFileSync(join(appFolder(name), 'site/index.html'), join(client, 'index.html'));
    const library = join(appFolder(name), 'node_modules/webdav/dist/web/index.js');
    copyFileSync(library, join(client, 'webdav.js'));
    const config = join(data.path, 'wsgidav.json');
    writeFileSync(
      config,
      JSON.stringify({
        host: '127.0.0.1',
        port,
        provider_mapping: { '/': { root: client, readonly: true }, '/files': share },
        simple_dc: { user_mapping: { '*': true, '/files': { ada: { password: 'lovelace' } } } },
        http_authenticator: { accept_basic: true, accept_digest: false, default_to_digest: false },
        property_manager: true,
        lock_storage: true,
        verbose: 3,
      }),
    );
    const wsgidav = join(installFromRequirements(name), 'bin/wsgidav');
    const server = await startProcess(wsgidav, ['--config', config], { ready: /Serving on/ });
    return {
      origin: `http://127.0.0.1:${port}`,
      version: pinnedVersion(name, 'wsgidav'),
      data: share,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};
