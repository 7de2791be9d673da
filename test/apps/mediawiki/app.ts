import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { debianVersion, installDebian } from '../install.ts';
import { makeDataFolder, runCommand, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'mediawiki';
const code = '/usr/share/mediawiki';

/** MediaWiki of Debian on PHP's own server, with a MariaDB of its own behind a socket file. */
export const mediawiki: Application = {
  name,
  title: 'MediaWiki with MariaDB',
  from: 'Debian',
  task: 'log in, write a page with a preview that needs no reload, save, edit again and compare versions, watch the page, upload a picture by form and see it in the page, search, log out',
  install: () =>
    installDebian(
      ...['mediawiki', 'mariadb-server', 'php-cli', 'php-mysql', 'php-mbstring'],
      ...['php-xml', 'php-intl', 'php-apcu', 'imagemagick'],
    ),
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    const database = await startDatabase(data.path);
    const environment = { MW_CONFIG_FILE: join(data.path, 'LocalSettings.php') };
    await runCommand(
      'php',
      [
        ...['maintenance/install.php', '--dbtype', 'mysql'],
        ...['--dbserver', `localhost:${database.socket}`, '--dbuser', 'root', '--dbpass', ''],
        ...['--dbname', 'wiki', '--scriptpath', '', '--server', `http://127.0.0.1:${port}`],
        ...['--pass', 'engine-of-1843', '--confpath', data.path, 'Wiki', 'Ada'],
      ],
      { cwd: code },
    );
    mkdirSync(join(data.path, 'images'));
    // The same wiki answers at its own address and at the gateway's.
    appendFileSync(
      environment.MW_CONFIG_FILE,
      `
$wgAssumeProxiesUseDefaultProtocolPorts = false;
$wgServer = WebRequest::detectServer();
$wgEnableUploads = true;
$wgUploadDirectory = '${data.path}/images';
$wgUploadPath = '/img_auth.php';
$wgCacheDirectory = '${data.path}';
`,
    );
    const server = await startProcess('php', ['-S', `127.0.0.1:${port}`, '-t', code], {
      ready: /started/,
      env: environment,
    });
    return {
      origin: `http://127.0.0.1:${port}`,
      version: debianVersion('mediawiki') ?? '',
      data: data.path,
      stop: async () => {
        await server.stop();
        await database.stop();
        data.remove();
      },
    };
  },
  use,
};

async function startDatabase(data: string): Promise<{ socket: string; stop: () => Promise<void> }> {
  const socket = join(data, 'db.sock');
  const common = ['--no-defaults', '--user=root', `--datadir=${data}/db`];
  await runCommand('mariadb-install-db', [
    ...[...common, '--auth-root-authentication-method=normal', '--skip-test-db'],
  ]);
  const { stop } = await startProcess(
    'mariadbd',
    [...common, `--socket=${socket}`, '--skip-networking', '--skip-log-bin'],
    { ready: /ready for connections/ },
  );
  return { socket, stop };
}
