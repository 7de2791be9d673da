import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readIfPresent, writeDurably } from './durable-file.ts';

describe('durable files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-files-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are written whole, for the owner only, in a folder made for them', async () => {
    const file = join(folder, 'state', 'secret');
    expect(await readIfPresent(file)).toBeUndefined();
    await writeDurably(file, 'first');
    await writeDurably(file, 'second');
    expect(await readIfPresent(file)).toBe('second');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'state'))).toEqual(['secret']);
  });

  it('that cannot be read are an error, not missing', async () => {
    await expect(readIfPresent(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
