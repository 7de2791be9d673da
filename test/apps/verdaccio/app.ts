import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { appFolder, installFromLockfile, packageVersion } from '../install.ts';
import { makeDataFolder, runCommand, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'verdaccio';

/** A registry on its own, with one person and one package, which npm put there. */
export const verdaccio: Application = {
  name,
  title: 'Verdaccio',
  from: 'npm',
  task: 'log in, find a package that `npm publish` brought, read its page; in the browser publish a version over its API, see it listed and download its archive byte for byte',
  install: () => installFromLockfile(name),
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    const origin = `http://127.0.0.1:${port}`;
    const config = join(data.path, 'config.yaml');
    writeFileSync(
      config,
      [
        'storage: ./storage',
        'auth: { htpasswd: { file: ./htpasswd } }',
        'uplinks: {}',
        "packages: { '**': { access: $all, publish: $authenticated, unpublish: $authenticated } }",
        'web: { title: Packages }',
        'log: { type: stdout, format: json, level: warn }',
        '',
      ].join('\n'),
    );
    const script = join(appFolder(name), 'node_modules/verdaccio/bin/verdaccio');
    const server = await startProcess(
      process.execPath,
      [script, '--config', config, '--listen', `127.0.0.1:${port}`],
      { ready: /http address|:\d+\//, cwd: data.path },
    );
    await publishWithNpm(origin, data.path);
    return {
      origin,
      version: packageVersion(name, 'verdaccio'),
      data: data.path,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};

async function publishWithNpm(origin: string, data: string): Promise<void> {
  const user = { name: 'ada', password: 'lovelace' };
  const answer = await fetch(`${origin}/-/user/org.couchdb.user:ada`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  });
  const { token } = (await answer.json()) as { token: string };
  const folder = join(data, 'package');
  mkdirSync(folder);
  writeFileSync(join(folder, '.npmrc'), `//${new URL(origin).host}/:_authToken=${token}\n`);
  writeFileSync(join(folder, 'README.md'), '# lattice\n\nMakes **lattices** of wood.\n');
  const manifest = { name: 'lattice', version: '1.0.0', description: 'Lattices', license: 'MIT' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  await runCommand('npm', ['publish', '--registry', `${origin}/`], { cwd: folder });
}
