// Installs the real applications that the browser tests use, each from its own lockfile.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const here = fileURLToPath(new URL('.', import.meta.url));
const apps = ['node-red'];

/** Throws if one cannot be installed. */
export function ensureApps() {
  for (const app of apps) {
    const folder = join(here, app);
    if (existsSync(join(folder, 'node_modules', app))) continue;
    const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], {
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`npm ci in ${folder} failed`);
  }
}
