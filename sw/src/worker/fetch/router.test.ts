import { AppError } from '@postern/shared/errors';
import { describe, expect, it, vi } from 'vitest';
import { createFetchRouter, type FetchRouterOptions } from './router.ts';

const origin = 'https://wiki.example';
const NOW = 1_000_000;
const ids = (clientId: string) => ({ clientId, resultingClientId: '' });

function createWorld(
  appFetch: () => Promise<Response> = () => Promise.resolve(new Response('app')),
) {
  const tokens = {
    signedInAtMs: vi.fn(() => Promise.resolve<number | undefined>(0)),
    forget: vi.fn(),
  };
  const signIn = {
    begin: vi.fn(() => Promise.resolve(new URL('https://login.example/authorize'))),
  };
  const completeSignIn = vi.fn(() => Promise.resolve(`${origin}/deep`));
  const signOut = vi.fn(() => Promise.resolve(new URL('https://login.example/signout')));
  const fetch = vi.fn(appFetch);
  const router = createFetchRouter({
    origin,
    app: { respond: fetch, respondOwn: () => undefined },
    elsewhere: () => undefined,
    tokens,
    signIn,
    completeSignIn,
    signOut,
    status: () => Promise.resolve(new Response('status')),
    askUrl: () => Promise.resolve('https://login.example/?ask=wiki.example'),
    look: () => Promise.resolve({ language: 'en', branding: {} }),
    logger: { warn: vi.fn() },
    nowMs: () => NOW,
  } as unknown as FetchRouterOptions);
  return { router, fetch, tokens, signIn, completeSignIn, signOut };
}

/** Node's Request knows no navigations: just what the router looks at. */
const request = (path: string, kind: 'tab' | 'frame' | 'script' | 'image' = 'script'): Request =>
  ({
    url: new URL(path, origin).href,
    method: 'GET',
    mode: kind === 'tab' || kind === 'frame' ? 'navigate' : 'cors',
    destination: { tab: 'document', frame: 'iframe', script: '', image: 'image' }[kind],
  }) as unknown as Request;

const refused = (code: `ERR_${string}`) => () => Promise.reject(new AppError(code, 'refused'));

describe('createFetchRouter', () => {
  it.each([
    'https://other.example/x',
    '/postern-sw.js',
    '/.postern/assets/a.js',
    '/.postern/config.json',
  ])('leaves %s to the browser', (path) => {
    expect(createWorld().router.respond(request(path), ids(''))).toBeUndefined();
  });

  it('gives the rest of the origin to the application', async () => {
    const { router, fetch } = createWorld();
    const response = await router.respond(request('/.postern-like'), ids('tab-1'))!;
    expect(await response.text()).toBe('app');
    expect(fetch).toHaveBeenCalledWith(expect.anything(), ids('tab-1'));
  });

  it.each([
    ['/.postern/callback?code=c', 303, `${origin}/deep`],
    ['/.postern/sign-in', 303, 'https://login.example/authorize'],
    ['/.postern/signed-in', 200, null],
    ['/.postern/signout', 303, 'https://login.example/signout'],
    ['/.postern/status', 200, null],
    ['/.postern/unknown', 404, null],
  ])('answers %s to a tab, not to script or a frame', async (path, status, location) => {
    const { router, fetch, completeSignIn, signOut } = createWorld();
    for (const kind of ['script', 'frame'] as const) {
      expect((await router.respond(request(path, kind), ids(''))!).status).toBe(404);
    }
    expect(completeSignIn).not.toHaveBeenCalled();
    expect(signOut).not.toHaveBeenCalled();
    const response = await router.respond(request(path, 'tab'), ids(''))!;
    expect(response.status).toBe(status);
    expect(response.headers.get('location')).toBe(location);
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each(['ERR_SESSION_ENDED', 'ERR_TOKEN_INVALID'] as const)(
    'starts a sign-in after %s, for tabs only',
    async (code) => {
      const { router, signIn } = createWorld(refused(code));
      const tab = await router.respond(request('/deep?x=1', 'tab'), ids(''))!;
      expect(tab.headers.get('location')).toBe('https://login.example/authorize');
      expect(signIn.begin).toHaveBeenCalledWith(`${origin}/deep?x=1`);
      const frame = await router.respond(request('/deep', 'frame'), ids(''))!;
      expect(frame.headers.get('location')).toBeNull();
      expect(signIn.begin).toHaveBeenCalledOnce();
    },
  );

  it('does not answer a session that ends at once by yet another sign-in', async () => {
    const { router, tokens, signIn } = createWorld(refused('ERR_SESSION_ENDED'));
    tokens.signedInAtMs.mockResolvedValue(NOW - 14_999);
    const response = await router.respond(request('/', 'tab'), ids(''))!;
    expect(await response.text()).toContain('ERR_SIGN_IN_LOOP');
    expect(tokens.forget).toHaveBeenCalledOnce();
    expect(signIn.begin).not.toHaveBeenCalled();
  });

  it('tells script of lost access in a status, other requests by failing', async () => {
    const { router } = createWorld(refused('ERR_ACCESS_REMOVED'));
    const script = await router.respond(request('/api'), ids(''))!;
    expect(script.status).toBe(403);
    expect(script.headers.get('content-type')).toBe('application/problem+json');
    expect(await script.json()).toMatchObject({ code: 'ERR_ACCESS_REMOVED' });
    expect((await router.respond(request('/a.png', 'image'), ids(''))!).type).toBe('error');
    const page = await router.respond(request('/', 'tab'), ids(''))!;
    expect(page.status).toBe(403);
    expect(await page.text()).toContain('ERR_ACCESS_REMOVED');
  });

  it('never shows the message of an unknown error', async () => {
    const { router } = createWorld(() => Promise.reject(new Error('inside')));
    const page = await (await router.respond(request('/', 'tab'), ids(''))!).text();
    expect(page).toContain('ERR_SW_INTERNAL');
    expect(page).not.toContain('inside');
    expect((await router.respond(request('/api'), ids(''))!).type).toBe('error');
  });
});
