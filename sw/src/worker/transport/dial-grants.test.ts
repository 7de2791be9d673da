import { describe, expect, it } from 'vitest';
import type { OAuthClient } from '../auth/oauth.ts';
import type { TokenSource } from '../auth/token-source.ts';
import { createMemoryStore } from '../storage/store.ts';
import { DialGrants } from './dial-grants.ts';

const granted = {
  dialGrant: 'grant',
  assertion: 'assertion',
  service: { id: 's', name: 'wiki' },
  identity: { id: 'i', name: 'alice' },
  routers: [],
  keys: [],
  expiresAt: new Date(120_000).toISOString(),
};
const refused = (code: string) =>
  new Response(JSON.stringify({ title: 'refused', status: 403, code }), { status: 403 });

/** Grants over answers of the controller, in order. */
function createGrants(...answers: Response[]) {
  const tokens = { token: () => Promise.resolve('t'), renew: () => Promise.resolve('t') };
  const client = { request: () => Promise.resolve(answers.shift()!) };
  return new DialGrants({
    store: createMemoryStore(),
    tokens: tokens as unknown as TokenSource,
    client: () => Promise.resolve(client as unknown as OAuthClient),
    apiUrl: () => Promise.resolve('https://controller.test/postern/v1'),
    declared: () => Promise.resolve({}),
    nowMs: () => 0,
  });
}
const ok = () => new Response(JSON.stringify(granted));

describe('DialGrants', () => {
  it('keeps a fresh grant and asks once', async () => {
    const grants = createGrants(ok());
    expect(await grants.current()).toEqual(granted);
    expect(await grants.current()).toEqual(granted);
  });

  it('tells who never had access from who lost it', async () => {
    await expect(createGrants(refused('ERR_ACCESS_NO_POLICY')).current()).rejects.toMatchObject({
      code: 'ERR_ACCESS_NO_POLICY',
    });
    const grants = createGrants(
      ok(),
      refused('ERR_ACCESS_NO_POLICY'),
      refused('ERR_ACCESS_NO_POLICY'),
    );
    await grants.current();
    await grants.forget();
    await expect(grants.current()).rejects.toMatchObject({ code: 'ERR_ACCESS_REMOVED' });
    await grants.forgetSession();
    await expect(grants.current()).rejects.toMatchObject({ code: 'ERR_ACCESS_NO_POLICY' });
  });
});
