import { AppError } from '@postern/shared/errors';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore, type Store } from '../storage/store.ts';
import type { OAuthClient, TokenSet } from './oauth.ts';
import { MIN_LIFE_MS, outageUntilMs, RENEW_EARLY_MS, TokenSource } from './token-source.ts';

const LIFE_MS = 300_000;
let nowMs: number;
let store: Store;
let refresh: ReturnType<typeof vi.fn<(token: string) => Promise<TokenSet>>>;
let tokens: TokenSource;

const jwt = (claims: object): string => `h.${btoa(JSON.stringify(claims))}.s`;
const newSource = () =>
  new TokenSource({
    store,
    client: () => Promise.resolve({ refresh } as unknown as OAuthClient),
    exclusively: (task) => task(),
    nowMs: () => nowMs,
  });

beforeEach(async () => {
  nowMs = 1_000_000;
  store = createMemoryStore();
  let count = 0;
  refresh = vi.fn(() => {
    count += 1;
    return Promise.resolve({
      accessToken: `token${count}`,
      refreshToken: `refresh${count}`,
      expiresAtMs: nowMs + LIFE_MS,
    });
  });
  tokens = newSource();
  await tokens.accept({
    accessToken: 'token0',
    refreshToken: 'refresh0',
    expiresAtMs: nowMs + LIFE_MS,
  });
});

const unreachable = () => new AppError('ERR_CONTROLLER_UNREACHABLE', 'down', { retryable: true });

describe('TokenSource', () => {
  it('gives the stored token while it lives, also in the next life of the worker', async () => {
    expect(await tokens.token()).toBe('token0');
    expect(await newSource().token()).toBe('token0');
    expect(refresh).not.toHaveBeenCalled();
  });

  it('renews early without making anyone wait', async () => {
    nowMs += LIFE_MS - RENEW_EARLY_MS + 1;
    expect(await tokens.token()).toBe('token0');
    await vi.waitFor(async () => expect(await tokens.token()).toBe('token1'));
    expect(refresh).toHaveBeenCalledExactlyOnceWith('refresh0');
  });

  it('renews once for all who wait, and keeps the rotated token', async () => {
    nowMs += LIFE_MS - MIN_LIFE_MS + 1;
    const all = await Promise.all([tokens.token(), tokens.token(), tokens.token()]);
    expect(all).toEqual(['token1', 'token1', 'token1']);
    expect(refresh).toHaveBeenCalledOnce();
    nowMs += LIFE_MS;
    await tokens.token();
    expect(refresh).toHaveBeenLastCalledWith('refresh1');
  });

  it('does not spend a token another worker has spent', async () => {
    nowMs += LIFE_MS;
    const other = newSource();
    let release: () => void = () => undefined;
    const locked = new Promise<void>((resolve) => (release = resolve));
    const waiting = new TokenSource({
      store,
      client: () => Promise.resolve({ refresh } as unknown as OAuthClient),
      exclusively: (task) => locked.then(task),
      nowMs: () => nowMs,
    }).token();
    await other.token();
    release();
    expect(await waiting).toBe('token1');
    expect(refresh).toHaveBeenCalledOnce();
  });

  it('forgets a session that ended', async () => {
    nowMs += LIFE_MS;
    refresh.mockRejectedValueOnce(new AppError('ERR_SESSION_ENDED', 'over'));
    await expect(tokens.token()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
    expect(await tokens.hasSession()).toBe(false);
    await expect(tokens.token()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' });
    expect(refresh).toHaveBeenCalledOnce();
  });

  it('bridges an outage until the time the token names', async () => {
    const accessToken = jwt({ out: (nowMs + 900_000) / 1000 });
    await tokens.accept({ accessToken, refreshToken: 'r', expiresAtMs: nowMs + LIFE_MS });
    refresh.mockImplementation(() => Promise.reject(unreachable()));
    nowMs += LIFE_MS;
    expect(await tokens.token()).toBe(accessToken);
    nowMs += 900_000;
    await expect(tokens.token()).rejects.toMatchObject({ code: 'ERR_CONTROLLER_UNREACHABLE' });
    expect(await tokens.hasSession()).toBe(true);
  });

  it('takes no sign-in without a refresh token', async () => {
    await expect(
      tokens.accept({ accessToken: 'a', refreshToken: undefined, expiresAtMs: 1 }),
    ).rejects.toMatchObject({ code: 'ERR_SIGN_IN_INVALID' });
  });

  it.each([undefined, 'x', {}, { refreshToken: 1 }])(
    'takes %j in storage for no session',
    async (value) => {
      await store.put('session', value);
      expect(await tokens.hasSession()).toBe(false);
    },
  );
});

describe('outageUntilMs', () => {
  it.each(['', 'a.b.c', 'x.eyJvdXQiOiJhIn0.y', '..', 'h.%%%.s'])('is 0 for %j', (token) => {
    expect(outageUntilMs(token)).toBe(0);
  });
});
