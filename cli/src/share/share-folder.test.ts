import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { abandonedShares, openShareFolder } from './share-folder.ts';

const origin = 'https://ctrl.example.com:1280';

describe('folders of shares', () => {
  let shares: string;
  beforeEach(async () => {
    shares = join(await mkdtemp(join(tmpdir(), 'postern-shares-')), 'shares');
  });
  afterEach(() => rm(join(shares, '..'), { recursive: true }));

  it('are their owner’s alone, and not abandoned while their process runs', async () => {
    const folder = await openShareFolder(shares, { id: 'one', origin });
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    expect(await abandonedShares(shares, origin)).toEqual([]);
    await folder.remove();
    expect(await readdir(shares)).toEqual([]);
  });

  it('are abandoned once their process is gone, for the same controller only', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    await mkdir(join(shares, 'two'), { recursive: true });
    await writeFile(join(shares, 'two', 'share.json'), JSON.stringify({ id: 'two', pid, origin }));
    expect(await abandonedShares(shares, 'https://other.example.com')).toEqual([]);
    const [found] = await abandonedShares(shares, origin);
    expect(found?.id).toBe('two');
    await found?.remove();
    expect(await readdir(shares)).toEqual([]);
  });

  it('that are not ours are left alone', async () => {
    await mkdir(join(shares, 'three'), { recursive: true });
    await writeFile(join(shares, 'three', 'share.json'), '{"id":"../../etc","pid":1}');
    expect(await abandonedShares(shares, origin)).toEqual([]);
    expect(await abandonedShares(join(shares, 'none'), origin)).toEqual([]);
  });
});
