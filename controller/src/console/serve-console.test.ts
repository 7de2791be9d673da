import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@postern/shared/log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONSOLE_POLICY, createConsole } from './serve-console.ts';

let folder: string;
let serve: ReturnType<typeof createConsole>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-console-'));
  serve = createConsole({ folder, logger: silentLogger });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function build(): Promise<void> {
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  await writeFile(join(folder, 'assets/main-1.js'), 'plain');
  await writeFile(join(folder, 'assets/main-1.js.br'), 'small');
  await writeFile(join(folder, 'assets/unlisted.js'), 'unlisted');
  const files = { 'index.html': { bytes: 15 }, 'assets/main-1.js': { bytes: 5, brotliBytes: 5 } };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ version: 1, files }));
}

const get = (path: string, init?: RequestInit) =>
  serve(new Request(`https://127.0.0.1:1280${path}`, init));

describe('the console', () => {
  it('is served with a strict policy and never framed', async () => {
    await build();
    const response = await get('/console/');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('<!doctype html>');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('content-security-policy')).toBe(CONSOLE_POLICY);
    expect(CONSOLE_POLICY).not.toContain('unsafe');
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect((await get('/console')).headers.get('location')).toBe('/console/');
  });

  it('sends the compressed form to those who take it', async () => {
    await build();
    const asked = async (coding: string) => {
      const headers = { 'accept-encoding': coding };
      const response = await get('/console/assets/main-1.js', { headers });
      expect(response.headers.get('cache-control')).toContain('immutable');
      return [response.headers.get('content-encoding'), await response.text()];
    };
    expect(await asked('gzip, deflate, br, zstd')).toEqual(['br', 'small']);
    expect(await asked('br;q=0.5')).toEqual(['br', 'small']);
    expect(await asked('gzip, br;q=0')).toEqual([null, 'plain']);
    expect(await asked('brotli')).toEqual([null, 'plain']);
  });

  it('has no files but those of the manifest', async () => {
    await build();
    for (const name of [
      'assets/unlisted.js',
      'manifest.json',
      'assets/main-1.js.br',
      '..%2fkey',
      'x',
    ])
      expect((await get(`/console/${name}`)).status).toBe(404);
    expect((await get('/console/../../etc/passwd')).status).toBe(404);
  });

  it('refuses other methods', async () => {
    await build();
    const response = await get('/console/', { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await (await get('/console/', { method: 'HEAD' })).text()).toBe('');
  });

  it('says that it is not built, and is there once it is', async () => {
    expect(await (await get('/console/')).text()).toContain('not built');
    await build();
    expect((await get('/console/')).status).toBe(200);
  });

  it('takes no manifest that names files elsewhere', async () => {
    await build();
    const files = { '../key.pem': { bytes: 1 } };
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ version: 1, files }));
    expect((await get('/console/')).status).toBe(404);
  });

  it('has the policy that the documents tell other servers to send', async () => {
    const text = await readFile(new URL('../../../docs/console.md', import.meta.url), 'utf8');
    expect(text).toContain(`Content-Security-Policy: ${CONSOLE_POLICY}\n`);
  });

  it('can be turned off', async () => {
    serve = createConsole({ folder: undefined, logger: silentLogger });
    expect((await get('/console/')).status).toBe(404);
  });
});
