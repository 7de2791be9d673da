import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from './load.ts';

const schema = z.strictObject({
  name: z.string().default('r1'),
  edge: z
    .strictObject({ port: z.int().default(1), publicUrls: z.array(z.string()).default([]) })
    .prefault({}),
});
const none = { env: {}, set: [] };

async function file(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'postern-config-')), 'c.yaml');
  await writeFile(path, text);
  return path;
}

describe('loadConfig', () => {
  it('uses the defaults of the schema', async () => {
    expect(await loadConfig('router', schema, none)).toEqual({
      name: 'r1',
      edge: { port: 1, publicUrls: [] },
    });
  });

  it('lets flags win over environment over file', async () => {
    const path = await file('name: file\nedge:\n  port: 2\n  publicUrls: [a]\n');
    const env = {
      POSTERN_ROUTER_EDGE__PORT: '3',
      POSTERN_ROUTER_NAME: 'env',
      POSTERN_GATEWAY_NAME: 'other',
    };
    expect(await loadConfig('router', schema, { file: path, env, set: ['edge.port=4'] })).toEqual({
      name: 'env',
      edge: { port: 4, publicUrls: ['a'] },
    });
  });

  it('reads camel-case members and lists from the environment, and values from *_FILE', async () => {
    const path = await file('secret\n');
    const env = { POSTERN_ROUTER_EDGE__PUBLIC_URLS: '["x"]', POSTERN_ROUTER_NAME_FILE: path };
    expect(await loadConfig('router', schema, { env, set: [] })).toEqual({
      name: 'secret',
      edge: { port: 1, publicUrls: ['x'] },
    });
  });

  it('reports every problem at once, each with its path', async () => {
    const error = await loadConfig('router', schema, {
      env: {},
      set: ['edge.port=x', 'nmae=y'],
    }).catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    expect((error as Error).message).toContain('edge.port');
    expect((error as Error).message).toContain('nmae');
  });

  it.each([
    ['a missing file', { ...none, file: '/nonexistent/postern.yaml' }, 'ERR_CONFIG_FILE'],
    ['a --set without value', { ...none, set: ['name'] }, 'ERR_CONFIG_PATH'],
    ['a path into the prototype', { ...none, set: ['__proto__.polluted=1'] }, 'ERR_CONFIG_PATH'],
  ])('refuses %s', async (_, sources, code) => {
    await expect(loadConfig('router', schema, sources)).rejects.toMatchObject({ code });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('refuses a file that is not a map, and broken YAML', async () => {
    for (const text of ['- a\n', 'a: [']) {
      const source = { ...none, file: await file(text) };
      await expect(loadConfig('router', schema, source)).rejects.toMatchObject({
        code: 'ERR_CONFIG_FILE',
      });
    }
  });
});
