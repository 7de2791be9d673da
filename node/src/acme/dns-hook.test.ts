import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runDnsHook } from './dns-hook.ts';

const NAME = '_acme-challenge.apps.example.com';
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-hook-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function hook(script: string, mode = 0o700): Promise<string> {
  const program = join(dir, 'hook');
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, mode);
  return program;
}

it('passes action, name and value as they are, through no shell', async () => {
  const program = await hook(`printf '%s\\n' "$#" "$@" >"${dir}/got"`);
  await runDnsHook({ program, timeoutMs: 60_000 }, 'add', NAME, '$(id) x');
  expect(await readFile(join(dir, 'got'), 'utf8')).toBe(`3\nadd\n${NAME}\n$(id) x\n`);
});

it.each([
  ['exit 3', 0o700, /add _acme-challenge.* ended with 3/],
  ['kill -9 $$', 0o700, /ended with SIGKILL/],
  ['exit 0', 0o600, /cannot be run/],
])('says what went wrong: %s, mode %o', async (script, mode, message) => {
  const program = await hook(script, mode);
  const ran = runDnsHook({ program, timeoutMs: 60_000 }, 'add', NAME, 'secret-value');
  await expect(ran).rejects.toMatchObject({
    code: 'ERR_ACME_HOOK',
    message: expect.stringMatching(message),
  });
  await expect(ran).rejects.toMatchObject({ message: expect.not.stringContaining('secret-value') });
});

it('kills a hook that does not end', async () => {
  const program = await hook('exec sleep 600');
  await expect(runDnsHook({ program, timeoutMs: 50 }, 'add', NAME, 'value')).rejects.toMatchObject({
    code: 'ERR_ACME_HOOK',
    message: expect.stringContaining('50 ms'),
  });
});

it('ends with its signal', async () => {
  const stop = new AbortController();
  const program = await hook('exec sleep 600');
  const ran = runDnsHook({ program, timeoutMs: 60_000 }, 'add', NAME, 'value', stop.signal);
  stop.abort();
  await expect(ran).rejects.toMatchObject({ code: 'ERR_ACME_HOOK' });
});
