import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SupervisedChild } from './child.ts';

const children: SupervisedChild[] = [];
afterEach(() => Promise.all(children.splice(0).map((child) => child.stop())));

async function createChild(source: string, readyTimeoutMs?: number) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-child-'));
  const script = join(folder, 'child.mjs');
  await writeFile(script, source);
  const child = new SupervisedChild({
    name: 'test child',
    script,
    args: [],
    logFile: join(folder, 'log'),
    ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }),
  });
  children.push(child);
  return { child, logFile: join(folder, 'log') };
}

const serves = `process.send({ ready: true }); setInterval(() => {}, 1000);`;

describe('SupervisedChild', () => {
  it('is ready when the child says so, and stops', async () => {
    const { child } = await createChild(serves);
    await child.start();
    const { pid } = child;
    expect(() => process.kill(pid, 0)).not.toThrow();
    await child.stop();
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('starts a killed child again', async () => {
    const { child } = await createChild(serves);
    await child.start();
    const before = child.pid;
    process.kill(before, 'SIGKILL');
    await vi.waitFor(() => expect(child.pid).not.toBe(before), { timeout: 5_000 });
  });

  it('kills a child that ignores SIGTERM', async () => {
    const { child } = await createChild(`process.on('SIGTERM', () => {}); ${serves}`);
    await child.start();
    const { pid } = child;
    await child.stop();
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('says in one line why a child could not start', async () => {
    const { child, logFile } = await createChild(
      `console.error('first\\nthe port is taken'); process.exit(1);`,
    );
    await expect(child.start()).rejects.toMatchObject({
      code: 'ERR_PROCESS_START',
      message: 'test child could not start: the port is taken',
    });
    await child.stop();
    await vi.waitFor(async () =>
      expect(await readFile(logFile, 'utf8')).toContain('the port is taken'),
    );
  });

  it('gives up on a child that never becomes ready', async () => {
    const { child } = await createChild('setInterval(() => {}, 1000);', 300);
    await expect(child.start()).rejects.toMatchObject({
      code: 'ERR_PROCESS_START',
      message: expect.stringContaining('not ready after 0.3 s'),
    });
  });
});
