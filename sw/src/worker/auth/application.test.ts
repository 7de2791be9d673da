import type { ApplicationInfo } from '@postern/shared/schemas';
import { describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../storage/store.ts';
import { createApplicationSource } from './application.ts';

const ORIGIN = 'https://wiki.example';
const info: ApplicationInfo = {
  id: 'app-wiki',
  name: 'Wiki',
  origin: ORIGIN,
  clientId: 'app-wiki',
  issuer: 'https://ctrl.example/oidc',
  apiUrl: 'https://ctrl.example/postern/v1',
  loginOrigin: 'https://login.example',
  resource: 'urn:postern:service:wiki',
};
const planted = { ...info, issuer: 'https://evil.example', loginOrigin: 'https://evil.example' };

async function sourceWith(answer: () => Promise<Response>) {
  const store = createMemoryStore();
  await store.put('application', planted);
  return createApplicationSource({ store, origin: ORIGIN, fetch: vi.fn(answer) });
}

describe('an application record that a page planted', () => {
  it('is not what sign-in and sign-out go by', async () => {
    const source = await sourceWith(() => Promise.resolve(Response.json(info)));
    expect(await source.get()).toEqual(planted);
    expect(await source.fresh()).toEqual(info);
    expect(await source.get()).toEqual(info);
  });

  it('does not stand in when the gateway is away', async () => {
    const source = await sourceWith(() => Promise.reject(new TypeError('offline')));
    await expect(source.fresh()).rejects.toMatchObject({ code: 'ERR_CONTROLLER_UNREACHABLE' });
    expect(await source.refresh()).toEqual(planted);
  });

  it('is not taken for another origin', async () => {
    const source = await sourceWith(() =>
      Promise.resolve(Response.json({ ...info, origin: 'https://evil.example' })),
    );
    await expect(source.fresh()).rejects.toMatchObject({ code: 'ERR_SW_CONFIG' });
  });
});
