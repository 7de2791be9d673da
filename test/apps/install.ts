/** Puts applications in place; what is there already in the wanted version is left alone. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotInstallableError } from './application.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../.cache/apps/', import.meta.url));

/** Folder of one application in the tree. */
export const appFolder = (name: string): string => join(here, name);

/** Version of a package that the application installed. */
export function packageVersion(name: string, dependency: string): string {
  const manifest = join(appFolder(name), 'node_modules', dependency, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/**
 * `npm ci` in the application's folder.
 * @param options.scripts Whether packages may run their install scripts. Default false.
 */
export function installFromLockfile(name: string, options: { scripts?: boolean } = {}): void {
  const folder = appFolder(name);
  const lockfile = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules', '.postern-lockfile');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return;
  const scripts = options.scripts ? [] : ['--ignore-scripts'];
  runInstaller('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder, ...scripts]);
  writeFileSync(stamp, lockfile);
}

/** A virtual environment with what `requirements.txt` of the application pins; returns its folder. */
export function installFromRequirements(name: string): string {
  const requirements = join(appFolder(name), 'requirements.txt');
  const folder = join(cache, `${name}-venv`);
  const stamp = join(folder, '.postern-requirements');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  mkdirSync(cache, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  runInstaller('python3', ['-m', 'venv', folder]);
  runInstaller(join(folder, 'bin/pip'), [
    ...['install', '--quiet', '--disable-pip-version-check', '--no-deps'],
    ...['--requirement', requirements],
  ]);
  writeFileSync(stamp, wanted);
  return folder;
}

/** Version that `requirements.txt` of the application pins. */
export function pinnedVersion(name: string, dependency: string): string {
  const wanted = readFileSync(join(appFolder(name), 'requirements.txt'), 'utf8').split('\n');
  const line = wanted.find((pin) => pin.startsWith(`${dependency}==`));
  return line?.slice(dependency.length + '=='.length) ?? '';
}

/** Debian packages, installed where that can be done without asking: as root with apt-get. */
export function installDebian(...packages: string[]): void {
  const missing = packages.filter((name) => debianVersion(name) === undefined);
  if (missing.length === 0) return;
  const hint = `Debian packages are missing: apt-get install ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new NotInstallableError(hint);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  runInstaller('apt-get', ['update', '-qq'], { env });
  runInstaller('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}

/** Version of an installed Debian package, or undefined. */
export function debianVersion(name: string): string | undefined {
  const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status} ${Version}', name], {
    encoding: 'utf8',
  });
  return status === 0 ? /^install ok installed (\S+)/.exec(stdout)?.[1] : undefined;
}

/** @throws {NotInstallableError} if it fails; what it prints is shown. */
export function runInstaller(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): void {
  const env = { ...process.env, ...options.env };
  const { status, error } = spawnSync(command, args, { ...options, stdio: ['ignore', 2, 2], env });
  if (status === 0) return;
  const why = error ? error.message : `exit code ${String(status)}`;
  throw new NotInstallableError(`${command} ${args.join(' ')}: ${why}`);
}
