import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../storage/store.ts';
import type { OAuthClient } from './oauth.ts';
import { MAX_PENDING, PENDING_LIFE_MS, SignIn } from './sign-in.ts';
import type { TokenSource } from './token-source.ts';

const ORIGIN = 'https://wiki.example';
let nowMs: number;
let signIn: SignIn;
const exchange = vi.fn();
const accept = vi.fn();

beforeEach(() => {
  nowMs = 5_000_000;
  exchange.mockReset().mockResolvedValue({ accessToken: 'a' });
  accept.mockReset().mockResolvedValue(undefined);
  const client = {
    authorizeUrl: (state: string) =>
      Promise.resolve(new URL(`https://as.example/auth?state=${state}`)),
    exchange,
  } as unknown as OAuthClient;
  signIn = new SignIn({
    store: createMemoryStore(),
    origin: ORIGIN,
    client: () => Promise.resolve(client),
    tokens: { accept } as unknown as TokenSource,
    nowMs: () => nowMs,
  });
});

async function begin(target: string): Promise<URL> {
  const state = (await signIn.begin(target)).searchParams.get('state') ?? '';
  return new URL(`${ORIGIN}/.postern/callback?code=c&state=${state}`);
}

describe('SignIn', () => {
  it('comes back to the deep link, query and fragment included', async () => {
    const callback = await begin(`${ORIGIN}/a/b?c=d#e`);
    expect(await signIn.complete(callback)).toBe(`${ORIGIN}/a/b?c=d#e`);
    expect(exchange).toHaveBeenCalledWith(
      callback,
      callback.searchParams.get('state'),
      expect.any(String),
    );
    expect(accept).toHaveBeenCalledWith({ accessToken: 'a' });
  });

  it.each([
    'https://evil.example/x',
    `${ORIGIN}/.postern/callback?code=1`,
    `${ORIGIN}/.postern/signout`,
    'https://wiki.example.evil.example/',
  ])('never comes back to %s', async (target) => {
    expect(await signIn.complete(await begin(target))).toBe(`${ORIGIN}/`);
  });

  it('keeps tabs apart', async () => {
    const [one, two] = [await begin(`${ORIGIN}/1`), await begin(`${ORIGIN}/2`)];
    expect(await signIn.complete(two)).toBe(`${ORIGIN}/2`);
    expect(await signIn.complete(one)).toBe(`${ORIGIN}/1`);
  });

  it('takes each state once, also if the exchange failed', async () => {
    const callback = await begin(`${ORIGIN}/`);
    exchange.mockRejectedValueOnce(new Error('refused'));
    await expect(signIn.complete(callback)).rejects.toThrow('refused');
    await expect(signIn.complete(callback)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_UNKNOWN' });
  });

  it.each(['', '?code=c', '?code=c&state=guess'])('refuses a callback with %j', async (query) => {
    await begin(`${ORIGIN}/`);
    const callback = new URL(`${ORIGIN}/.postern/callback${query}`);
    await expect(signIn.complete(callback)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_UNKNOWN' });
    expect(exchange).not.toHaveBeenCalled();
  });

  it('forgets sign-ins that took too long, and the oldest of too many', async () => {
    const late = await begin(`${ORIGIN}/late`);
    nowMs += PENDING_LIFE_MS;
    await expect(signIn.complete(late)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_UNKNOWN' });
    const first = await begin(`${ORIGIN}/first`);
    for (let i = 0; i < MAX_PENDING; i++) await begin(`${ORIGIN}/${i}`);
    await expect(signIn.complete(first)).rejects.toMatchObject({ code: 'ERR_SIGN_IN_UNKNOWN' });
  });
});
