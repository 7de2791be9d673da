import { silentLogger } from '@postern/shared/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevIdp, devIdpConfigSchema, type RunningDevIdp } from './dev-idp.ts';

const clientOrigin = 'http://login.localhost:8080';
let idp: RunningDevIdp;

beforeAll(async () => {
  const config = devIdpConfigSchema.parse({
    clientOrigin,
    users: [{ username: 'alice', password: 'right', name: 'Alice', email: 'alice@example.com' }],
  });
  idp = await createDevIdp(config, { logger: silentLogger });
});
afterAll(() => idp.close());

/** Follows the authorization request to the form and keeps the cookies. */
async function openForm() {
  const url = new URL(`${idp.issuer}/auth`);
  url.search = new URLSearchParams({
    client_id: 'postern-login',
    redirect_uri: `${clientOrigin}/callback`,
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    state: 's',
    nonce: 'n',
  }).toString();
  const response = await fetch(url, { redirect: 'manual' });
  const cookie = response.headers
    .getSetCookie()
    .map((c) => c.split(';')[0])
    .join('; ');
  return { action: new URL(response.headers.get('location')!, idp.issuer).href, cookie };
}

describe('the development identity provider', () => {
  it('lets the login origin, and no other, call the token endpoint', async () => {
    const preflight = (origin: string) =>
      fetch(`${idp.issuer}/token`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    expect((await preflight(clientOrigin)).headers.get('access-control-allow-origin')).toBe(
      clientOrigin,
    );
    const post = await fetch(`${idp.issuer}/token`, {
      method: 'POST',
      headers: {
        origin: 'http://evil.localhost',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=authorization_code&client_id=postern-login&code=x',
    });
    expect(post.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('shows a form, refuses a wrong password, and answers a right one with a code', async () => {
    const { action, cookie } = await openForm();
    const form = await fetch(action, { headers: { cookie } });
    expect(await form.text()).toContain('name="password"');
    const post = (password: string) =>
      fetch(action, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ username: 'alice', password }),
      });
    const wrong = await post('wrong');
    expect(wrong.status).toBe(401);
    expect(await wrong.text()).toContain('do not match');
    const right = await post('right');
    expect(right.status).toBe(303);
    const resumed = await fetch(right.headers.get('location')!, {
      headers: { cookie },
      redirect: 'manual',
    });
    const back = new URL(resumed.headers.get('location')!);
    expect(back.origin + back.pathname).toBe(`${clientOrigin}/callback`);
    expect(back.searchParams.get('code')).toBeTruthy();
    expect(back.searchParams.get('iss')).toBe(idp.issuer);
  });
});
