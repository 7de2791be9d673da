/**
 * What a running share keeps on this machine: one folder each, mode 0700, with the host's key and a note of who
 * runs it. Its process removes the folder when it ends; a folder whose process is gone was left by a crash.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { z } from 'zod';
import { profilesPath } from '../profiles/profile-store.ts';

const noteSchema = z.strictObject({
  /** Id of the share, as its entities are tagged. */
  id: z.string().regex(/^[\w-]{1,64}$/),
  pid: z.int().positive(),
  /** Of the controller. */
  origin: z.string(),
});
type Note = z.infer<typeof noteSchema>;

/** The folder of all shares of this user. */
export function sharesFolder(env: Record<string, string | undefined>): string {
  return join(dirname(profilesPath(env)), 'shares');
}

/** Makes the folder of a share of this process. */
export async function openShareFolder(
  shares: string,
  note: Omit<Note, 'pid'>,
): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = join(shares, note.id);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await writeDurably(join(path, 'share.json'), JSON.stringify({ ...note, pid: process.pid }));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Shares at this controller whose process is gone. */
export async function abandonedShares(
  shares: string,
  origin: string,
): Promise<{ id: string; remove: () => Promise<void> }[]> {
  const names = await readdir(shares).catch(() => []);
  const notes = await Promise.all(names.map((name) => readNote(join(shares, name))));
  return names.flatMap((name, index) => {
    const note = notes[index];
    if (note?.origin !== origin || isAlive(note.pid)) return [];
    const remove = () => rm(join(shares, name), { recursive: true, force: true });
    return [{ id: note.id, remove }];
  });
}

async function readNote(folder: string): Promise<Note | undefined> {
  const text = await readIfPresent(join(folder, 'share.json')).catch(() => undefined);
  try {
    return noteSchema.parse(JSON.parse(text ?? ''));
  } catch {
    // Not ours, or written only in part: nothing was made before it was whole.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there, and another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
