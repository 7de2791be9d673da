/** Folders and secret files: there, whole, and readable by their owner alone; room on the disk. */
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { reasonOf, type Finding } from './finding.ts';

/** Below this a state folder is about to be unwritable. */
const MIN_FREE_BYTES = 100 * 1024 * 1024;
const LOW_FREE_BYTES = 1024 * 1024 * 1024;
const OTHERS = 0o077;

/** @param kind A folder need not be there yet: the part makes it. */
export async function checkMode(path: string, kind: 'folder' | 'secret'): Promise<Finding> {
  const finding = { check: 'files' as const, subject: path };
  const found = await stat(path).catch(reasonOf);
  if (typeof found === 'string') {
    return kind === 'folder' && found === 'ENOENT'
      ? { ...finding, status: 'ok', message: 'is made at the first start' }
      : {
          ...finding,
          status: 'failed',
          message: `cannot be read (${found})`,
          action:
            'Put it there, or correct its path in the configuration; relative paths start where the part is run.',
        };
  }
  const mode = found.mode & 0o777;
  if ((mode & OTHERS) !== 0) {
    return {
      ...finding,
      status: 'failed',
      message: `has mode ${mode.toString(8)}: others on this machine can read it`,
      action: `chmod ${kind === 'folder' ? 700 : 600} ${path}`,
    };
  }
  return { ...finding, status: 'ok', message: `mode ${mode.toString(8)}` };
}

/** Free space where the folder is or will be. */
export async function checkDisk(folder: string): Promise<Finding> {
  const finding = { check: 'disk' as const, subject: folder };
  const { bavail, bsize } = await statfs(folder).catch(() => statfs(dirname(folder)));
  const freeBytes = bavail * bsize;
  const message = `${Math.floor(freeBytes / 1024 / 1024)} MiB free`;
  const action = 'Make room, or move the folder to a larger disk.';
  if (freeBytes < MIN_FREE_BYTES) return { ...finding, status: 'failed', message, action };
  if (freeBytes < LOW_FREE_BYTES) return { ...finding, status: 'warning', message, action };
  return { ...finding, status: 'ok', message };
}
