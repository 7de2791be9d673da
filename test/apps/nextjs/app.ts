import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts } from '../../../cli/src/demo/ports.ts';
import type { Application } from '../application.ts';
import { appFolder, installFromLockfile, packageVersion, runInstaller } from '../install.ts';
import { makeDataFolder, startProcess } from '../process.ts';
import { use } from './script.ts';

const name = 'nextjs';
const folder = appFolder(name);
const next = join(folder, 'node_modules/next/dist/bin/next');
const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };

export const nextjs: Application = {
  name,
  title: 'Next.js with streamed rendering',
  from: 'npm',
  task: 'a page streamed in parts (first shell, then each Suspense part as it is ready), client navigation with prefetched server components, a server action with a file and a cookie, hydration',
  install: () => {
    installFromLockfile(name);
    build();
  },
  start: async () => {
    const [port] = await findFreePorts(1);
    const data = makeDataFolder(name);
    const server = await startProcess(
      process.execPath,
      [next, 'start', '--hostname', '127.0.0.1', '--port', String(port)],
      { ready: /Ready in/, cwd: folder, env },
    );
    return {
      origin: `http://127.0.0.1:${port}`,
      version: packageVersion(name, 'next'),
      data: data.path,
      stop: async () => {
        await server.stop();
        data.remove();
      },
    };
  },
  use,
};

/** Builds when something it is made of changed since. */
function build(): void {
  const built = join(folder, '.next/BUILD_ID');
  const sources = readdirSync(join(folder, 'app'), { recursive: true, encoding: 'utf8' });
  const parts = [
    join(folder, 'node_modules/.postern-lockfile'),
    join(folder, 'next.config.mjs'),
    ...sources.map((path) => join(folder, 'app', path)),
  ];
  const changedMs = Math.max(...parts.map((path) => statSync(path).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > changedMs) return;
  runInstaller(process.execPath, [next, 'build'], { cwd: folder, env });
}
