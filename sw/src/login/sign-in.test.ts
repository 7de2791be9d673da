import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '@postern/shared/errors';
import type { Interaction, LoginResult } from '@postern/shared/schemas';
import { idleAccount } from '../test-support/idle-account.ts';
import type { ControllerApi } from './controller-api.ts';
import { interactionNonce } from './device-proof.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { createLoginStore, type LoginStore } from './login-store.ts';
import { SignIn } from './sign-in.ts';
import { memoryRecords } from '../test-support/memory-records.ts';

const external = {
  type: 'ext-jwt' as const,
  signerId: 's1',
  name: 'Acme',
  issuer: 'https://idp.example',
  clientId: 'postern',
  scopes: ['openid'],
};
const password = { type: 'password' as const };
const resumeUrl = 'https://ctrl.example/oidc/auth/uid1?ticket=t';
const now = Date.parse('2026-01-01T00:00:00Z');
const later = '2026-01-01T12:00:00.000Z';
const result: LoginResult = { resumeUrl, sessionToken: 'next', sessionExpiresAt: later };
const refusal = (status: number) => () =>
  Promise.reject(new AppError('ERR_TOKEN_INVALID', 'no', { status }));

function setUp(methods: Interaction['methods'], overrides: Partial<ControllerApi> = {}) {
  const calls: unknown[][] = [];
  const note =
    <T>(name: string, value: T) =>
    (...args: unknown[]) => {
      calls.push([name, ...args]);
      return Promise.resolve(value);
    };
  const api: ControllerApi = {
    getInteraction: () =>
      Promise.resolve({
        application: { id: 'wiki', name: 'Wiki', origin: 'https://wiki.example' },
        methods,
        expiresAt: later,
      }),
    loginWithPassword: note('password', result),
    loginWithExternalJwt: note('external', result),
    passkeyOptions: note('passkeyOptions', { challenge: 'c' }),
    loginWithPasskey: note('passkey', result),
    proveWithCode: note('code', result),
    proveWithExternalJwt: note('second', result),
    ...idleAccount,
    beginPortalSignIn: note('beginPortal', 'uid2'),
    continueSession: note('continue', result),
    endSession: note('end', undefined),
    ...overrides,
  };
  const identityProvider = {
    begin: note('begin', 'https://idp.example/authorize?x'),
    complete: note('complete', { uid: 'uid1', signerId: 's1', token: 'jwt' }),
  } as unknown as IdentityProvider;
  const store = createLoginStore(memoryRecords());
  const held: string[] = [];
  const locks = {
    request: async (name: string, work: () => Promise<unknown>) => {
      held.push(name);
      return await work();
    },
  } as unknown as LockManager;
  const signIn = new SignIn({
    config: { issuer: 'https://ctrl.example/oidc', apiUrl: 'https://ctrl.example/postern/v1' },
    api,
    authenticator: {
      get: note('get', { id: 'signed' }),
      create: note('create', { id: 'made' }),
    },
    store,
    identityProvider,
    thumbprint: 'jkt',
    ownOrigin: 'https://login.example',
    locks,
    nowMs: () => now,
  });
  return { signIn, store, calls, held };
}

const keepSession = (store: LoginStore, expiresAt = later) =>
  store.setSession({ token: 'old', expiresAt });

describe('SignIn.begin', () => {
  it('goes on by a live session, and keeps its next token', async () => {
    const { signIn, store, calls, held } = setUp([external, password]);
    await keepSession(store);
    expect(await signIn.begin('uid1', true)).toEqual({ kind: 'go', url: resumeUrl });
    expect(calls).toEqual([['continue', 'uid1', 'old']]);
    expect(held).toEqual(['postern-session']);
    expect(await store.getSession()).toEqual({ token: 'next', expiresAt: later });
  });

  it('lets the person choose without one', async () => {
    const { signIn } = setUp([external, password]);
    expect(await signIn.begin('uid1', true)).toMatchObject({
      kind: 'choose',
      interaction: { methods: [external, password] },
    });
  });

  it('does not try a session that has expired', async () => {
    const { signIn, store, calls } = setUp([password]);
    await keepSession(store, '2025-12-31T23:59:59Z');
    expect((await signIn.begin('uid1', true)).kind).toBe('choose');
    expect(calls).toEqual([]);
  });

  it('forgets a session the controller refuses, and lets the person choose', async () => {
    const { signIn, store } = setUp([password], { continueSession: refusal(401) });
    await keepSession(store);
    expect((await signIn.begin('uid1', true)).kind).toBe('choose');
    expect(await store.getSession()).toBeUndefined();
  });

  it('keeps the session and reports when the controller fails otherwise', async () => {
    const { signIn, store } = setUp([password], { continueSession: refusal(403) });
    await keepSession(store);
    await expect(signIn.begin('uid1', true)).rejects.toMatchObject({ status: 403 });
    expect(await store.getSession()).toBeDefined();
  });

  it('goes to the only identity provider at once, with a bound nonce', async () => {
    const { signIn, calls } = setUp([external]);
    expect(await signIn.begin('uid1', true)).toEqual({
      kind: 'go',
      url: 'https://idp.example/authorize?x',
    });
    expect(calls).toEqual([
      ['begin', external, 'uid1', await interactionNonce('uid1', 'jkt'), false, undefined],
    ]);
  });

  it('does not go there by itself after a failure, or when there is a choice', async () => {
    expect((await setUp([external]).signIn.begin('uid1', false)).kind).toBe('choose');
    expect((await setUp([external, external]).signIn.begin('uid1', true)).kind).toBe('choose');
    expect((await setUp([password]).signIn.begin('uid1', true)).kind).toBe('choose');
  });

  it('reports an application without a method', async () => {
    await expect(setUp([]).signIn.begin('uid1', true)).rejects.toMatchObject({
      code: 'ERR_LOGIN_NO_METHOD',
    });
  });
});

describe('SignIn', () => {
  it('signs in by password', async () => {
    const { signIn, store, calls } = setUp([password]);
    expect(await signIn.withPassword('uid1', 'ada', 'secret')).toEqual({
      kind: 'go',
      url: resumeUrl,
    });
    expect(calls).toEqual([['password', 'uid1', 'ada', 'secret']]);
    expect(await signIn.isSignedIn()).toBe(true);
    expect((await store.getSession())?.token).toBe('next');
  });

  it('signs in by an identity provider', async () => {
    const { signIn, calls } = setUp([external]);
    const callback = new URL('https://login.example/callback?code=c&state=s');
    expect(await signIn.completeExternal(callback)).toEqual({ kind: 'go', url: resumeUrl });
    expect(calls).toEqual([
      ['complete', callback],
      ['external', 'uid1', 's1', 'jwt'],
    ]);
  });

  it('asks for the second factor, and keeps no session before it is proved', async () => {
    const secondFactor = {
      step: 'a-step-of-this-sign-in',
      factor: { type: 'totp' as const, code: true, passkey: true },
    };
    const { signIn, store, calls } = setUp([password], {
      loginWithPassword: () => Promise.resolve(secondFactor),
    });
    const next = await signIn.withPassword('uid1', 'ada', 'secret');
    expect(next).toEqual({ kind: 'factor', secondFactor });
    expect(await store.getSession()).toBeUndefined();
    const done = { kind: 'go', url: resumeUrl };
    expect(await signIn.withCode('uid1', secondFactor.step, '123456')).toEqual(done);
    expect(await signIn.withPasskey('uid1', secondFactor.step)).toEqual(done);
    expect(calls).toEqual([
      ['code', 'uid1', secondFactor.step, '123456'],
      ['passkeyOptions', 'uid1', secondFactor.step],
      ['get', { challenge: 'c' }],
      ['passkey', 'uid1', { id: 'signed' }, secondFactor.step],
    ]);
    expect(await signIn.isSignedIn()).toBe(true);
  });

  it.each(['https://evil.example/', 'javascript:alert(1)', '/relative', 'http://ctrl.example/'])(
    'does not go on to %s',
    async (elsewhere) => {
      const { signIn } = setUp([password], {
        loginWithPassword: () => Promise.resolve({ ...result, resumeUrl: elsewhere }),
      });
      await expect(signIn.withPassword('uid1', 'a', 'b')).rejects.toMatchObject({
        code: 'ERR_LOGIN_BAD_RESUME',
      });
    },
  );
});

describe('SignIn.signOut', () => {
  it('ends the session, and has the identity provider ask again afterwards', async () => {
    const { signIn, store, calls } = setUp([external]);
    await signIn.begin('uid1', true);
    await keepSession(store);
    expect(await signIn.signOut()).toEqual({
      confirmed: true,
      lastApplication: { name: 'Wiki', origin: 'https://wiki.example' },
    });
    expect(calls.at(-1)).toEqual(['end', 'old']);
    expect(await signIn.isSignedIn()).toBe(false);
    await signIn.begin('uid2', true);
    expect(calls.at(-1)?.[4]).toBe(true);
    await signIn.completeExternal(new URL('https://login.example/callback'));
    await store.setSession(undefined);
    await signIn.begin('uid3', true);
    expect(calls.at(-1)?.[4]).toBe(false);
  });

  it('ends it here even when the controller is away, and says so', async () => {
    const { signIn, store } = setUp([password], { endSession: refusal(503) });
    await keepSession(store);
    expect((await signIn.signOut()).confirmed).toBe(false);
    expect(await signIn.isSignedIn()).toBe(false);
    expect(await store.getEndingSession()).toMatchObject({ token: 'old' });
  });

  it('tells the controller at the next attempt', async () => {
    const { signIn, store, calls } = setUp([password]);
    await store.setEndingSession({ token: 'earlier', expiresAt: later });
    expect((await signIn.signOut()).confirmed).toBe(true);
    expect(calls).toEqual([['end', 'earlier']]);
    await signIn.signOut();
    expect(calls).toHaveLength(1);
  });

  it('takes a session the controller does not know for ended', async () => {
    const { signIn, store } = setUp([password], { endSession: refusal(401) });
    await keepSession(store);
    expect((await signIn.signOut()).confirmed).toBe(true);
  });
});

describe('createLoginStore', () => {
  let store: LoginStore;
  beforeEach(() => (store = createLoginStore(memoryRecords())));

  it('makes one device key, whose private part stays', async () => {
    const [first, second] = await Promise.all([store.deviceKey(), store.deviceKey()]);
    expect(first).toBe(second);
    expect(first.privateKey.extractable).toBe(false);
  });

  it('takes nothing that does not look right', async () => {
    const records = memoryRecords();
    await records.put('session', { token: 1 });
    await records.put('lastApplication', { name: 'x', origin: 'javascript:alert(1)' });
    const odd = createLoginStore(records);
    expect(await odd.getSession()).toBeUndefined();
    expect(await odd.getLastApplication()).toBeUndefined();
  });
});

describe('a sign-in for the own page', () => {
  const home = (resumeUrl: string) =>
    setUp([], { loginWithPassword: () => Promise.resolve({ ...result, resumeUrl }) });

  it('begins with an interaction, and ends at the own origin', async () => {
    const { signIn, calls } = home('https://login.example/?ask=wiki.example');
    expect(await signIn.beginForPortal('wiki.example')).toBe('/?interaction=uid2');
    expect(calls).toEqual([['beginPortal', 'wiki.example']]);
    expect(await signIn.withPassword('uid2', 'ada', 'secret')).toEqual({
      kind: 'go',
      url: 'https://login.example/?ask=wiki.example',
    });
  });

  it('goes nowhere else', async () => {
    const { signIn } = home('https://login.example.evil/');
    await expect(signIn.withPassword('uid2', 'ada', 'secret')).rejects.toMatchObject({
      code: 'ERR_LOGIN_BAD_RESUME',
    });
  });
});
