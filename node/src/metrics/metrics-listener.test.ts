import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricsListenerSchema } from '@postern/shared/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../listen/index.ts';
import { metricsUrl, startMetricsListener } from './metrics-listener.ts';

const TOKEN = 'a token of some length';
const sources = {
  scrape: () => Promise.resolve({ contentType: 'text/plain', text: 'postern_up 1\n' }),
  health: () => ({ circuits: 3 }),
};
let folder: string;
let tokenFile: string;
let isReady = false;
let listener: Listener;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-metrics-'));
  tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
  const config = metricsListenerSchema.parse({ host: '0.0.0.0', tokenFile });
  listener = await startMetricsListener({ ...config, ...sources, ready: () => isReady });
});
afterAll(async () => {
  await listener.close();
  await rm(folder, { recursive: true });
});

const get = (path: string, authorization?: string): Promise<Response> =>
  fetch(`${metricsUrl(listener).replace('0.0.0.0', '127.0.0.1')}${path}`, {
    headers: authorization === undefined ? {} : { authorization },
  });

describe('a metrics listener beyond loopback', () => {
  it('is refused without a token', () => {
    for (const host of ['0.0.0.0', '10.0.0.1', '::', 'example.com', '127.0.0.1.example.com'])
      expect(metricsListenerSchema.safeParse({ host }).success, host).toBe(false);
    for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost'])
      expect(metricsListenerSchema.safeParse({ host }).success, host).toBe(true);
  });

  it('gives figures and state to the one with the token only', async () => {
    for (const path of ['/metrics', '/health']) {
      for (const wrong of [undefined, '', 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN]) {
        const refused = await get(path, wrong);
        expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
        expect(await refused.text()).not.toMatch(/postern_up|circuits/);
      }
      expect((await get(path, `Bearer ${TOKEN}`)).status).toBe(200);
    }
  });

  it('tells anybody whether it lives and is ready', async () => {
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(503);
    isReady = true;
    expect((await get('/readyz')).status).toBe(200);
  });

  it('does not start with a token that can be guessed, or none', async () => {
    await writeFile(join(folder, 'short'), 'short');
    for (const name of ['short', 'none']) {
      const config = { host: '127.0.0.1', port: 0, tokenFile: join(folder, name) };
      await expect(startMetricsListener({ ...config, ...sources })).rejects.toMatchObject({
        code: 'ERR_METRICS_TOKEN',
      });
    }
  });
});
