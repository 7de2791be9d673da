/** The OpenZiti SDK for Python in a virtual environment of its own, made once in the tests' cache. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The newest that comes as a wheel: later ones download a library while they are built. */
const WHEEL = 'openziti==0.6.0';
const folder = join(import.meta.dirname, '..', '.cache', 'interop', 'python');
const interpreter = join(folder, 'bin', 'python');

const canImport = (): boolean =>
  existsSync(interpreter) &&
  spawnSync(interpreter, ['-c', 'import openziti'], { stdio: 'ignore' }).status === 0;

/** The interpreter that has the wheel; `undefined` where it cannot be had. */
export function pythonWithWheel(): string | undefined {
  if (canImport()) return interpreter;
  const made = spawnSync('python3', ['-m', 'venv', folder], { stdio: 'ignore', timeout: 60_000 });
  if (made.status !== 0) return undefined;
  const args = ['-m', 'pip', 'install', '--no-deps', '--only-binary', ':all:', WHEEL];
  spawnSync(interpreter, args, { stdio: 'ignore', timeout: 60_000 });
  return canImport() ? interpreter : undefined;
}
