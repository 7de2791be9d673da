/** State that must survive a crash: small files, replaced whole. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The file's text, or `undefined` when there is no such file. */
export async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces a file by rename, so that a crash leaves the old one or the new one; a missing folder is
 * made with mode 0700. One file must not be written twice at the same time.
 *
 * @param mode of the file; default 0600, for secrets
 */
export async function writeDurably(file: string, content: string, mode = 0o600): Promise<void> {
  const temporary = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(temporary, content, { mode, flush: true });
  await rename(temporary, file);
}
