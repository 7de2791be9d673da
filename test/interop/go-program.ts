/** Builds the Go program beside this file, once; Go's own caches make it quick the next time. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const source = join(import.meta.dirname, 'go');
const target = join(import.meta.dirname, '..', '.cache', 'interop', 'go-program');

/** Why the Go tests cannot run here; `undefined` when they can. */
export const goMissing: string | undefined =
  spawnSync('go', ['version']).status === 0 ? undefined : 'no Go';

/** The program's file. Rejects with what the compiler said. */
export function buildGoProgram(): string {
  mkdirSync(join(target, '..'), { recursive: true });
  const built = spawnSync('go', ['build', '-trimpath', '-o', target, '.'], {
    cwd: source,
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  if (built.status !== 0) throw new Error(built.stderr);
  return target;
}
