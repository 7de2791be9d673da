import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../controller/src/store/open-store.ts';
import { repositories } from '../../controller/src/store/repositories.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-durability-'));
});
afterAll(() => rm(dir, { recursive: true }));

it('keeps every acknowledged write over kill -9, with its change', async () => {
  const file = join(dir, 'store.db');
  const script = new URL('../harness/store-writer.mjs', import.meta.url);
  for (let round = 0; round < 3; round++) {
    const acknowledged: string[] = [];
    const child = fork(script, [file], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await writesUntil(child, acknowledged, 20);
    child.kill('SIGKILL');
    await once(child, 'exit');

    const store = await openStore({ file, clock: Date.now });
    const stored = new Set((await repositories.services.find(store.db)).map(({ name }) => name));
    expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
    const logged = JSON.stringify(await store.changes.since(0));
    expect(acknowledged.filter((name) => !logged.includes(name))).toEqual([]);
    expect(store.changes.index).toBe(stored.size);
    await store.close();
  }
});

function writesUntil(child: ChildProcess, acknowledged: string[], count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (name) => {
      acknowledged.push(name as string);
      if (acknowledged.length === count) resolve();
    });
    child.on('exit', () => reject(new Error('the writer ended early')));
  });
}
