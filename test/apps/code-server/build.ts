/** What code-server's own install script would do, but for the downloads from elsewhere than npm. */
import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NotInstallableError } from '../application.ts';
import { runInstaller } from '../install.ts';

/**
 * Installs VS Code's dependencies and compiles the native ones with the headers of this Node. Without
 * ripgrep, which only GitHub has: its search over files is not used here.
 */
export function buildCodeServer(folder: string): void {
  const vscode = join(folder, 'node_modules/code-server/lib/vscode');
  const stamp = join(vscode, '.postern-built');
  if (existsSync(stamp)) return;
  const nodeFolder = dirname(dirname(process.execPath));
  if (!existsSync(join(nodeFolder, 'include/node/node.h'))) {
    throw new NotInstallableError(
      `no headers of Node in ${nodeFolder}/include/node to compile with`,
    );
  }
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const env = { npm_config_nodedir: nodeFolder };
  runInstaller('npm', ['install', '--ignore-scripts', '--omit=dev', ...quiet], { cwd: vscode });
  runInstaller('npm', ['rebuild', 'argon2', ...quiet], { cwd: folder, env });
  runInstaller('npm', ['rebuild', '@vscode/spdlog', 'native-watchdog', ...quiet], {
    ...{ cwd: vscode, env },
  });
  const npmModules = join(execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim(), 'npm');
  runInstaller(
    process.execPath,
    [
      join(npmModules, 'node_modules/node-gyp/bin/node-gyp.js'),
      ...['rebuild', '--silent', `--nodedir=${nodeFolder}`],
    ],
    { cwd: join(vscode, 'node_modules/node-pty') },
  );
  const asar = join(vscode, 'node_modules.asar');
  if (!existsSync(asar)) symlinkSync('node_modules', asar);
  writeFileSync(stamp, '');
}
