import { AppError } from '@postern/shared/errors';
import { describe, expect, it } from 'vitest';
import { idleAccount } from '../test-support/idle-account.ts';
import { Account } from './account.ts';
import type { ControllerApi } from './controller-api.ts';

type Own = typeof idleAccount;

function setUp(api: Partial<Own>, isSignedIn = true) {
  return new Account({
    api: { ...idleAccount, ...api } as ControllerApi,
    authenticator: {
      get: () => Promise.reject(new Error('not expected')),
      create: (options) => Promise.resolve({ made: options }),
    },
    session: {
      withSession: async (work) => (isSignedIn ? await work('token') : undefined),
    },
  });
}

describe('Account', () => {
  it('ends another session and lists what is left', async () => {
    const calls: unknown[] = [];
    const account = setUp({
      endOwnSession: async (...call) => void calls.push(call),
      ownSessions: async (...call) => {
        calls.push(call);
        return [];
      },
    });
    expect(await account.endSession('s2')).toEqual([]);
    expect(calls).toEqual([['token', 's2'], ['token']]);
  });

  it('adds a passkey made for the options it was given', async () => {
    const calls: unknown[] = [];
    const account = setUp({
      passkeys: async (_token, act, body) => {
        calls.push([act, body]);
        return { passkeys: [], options: { challenge: 'c' } };
      },
    });
    expect(await account.addPasskey('Phone')).toEqual([]);
    expect(calls).toEqual([
      ['options', undefined],
      ['add', { name: 'Phone', response: { made: { challenge: 'c' } } }],
    ]);
  });

  it('is nobody’s once the session has ended', async () => {
    const account = setUp({}, false);
    expect(await account.portal()).toBeUndefined();
    const ended = { code: 'ERR_SESSION_ENDED' };
    await expect(account.sessions()).rejects.toMatchObject(ended);
    await expect(account.renamePasskey('p', 'Phone')).rejects.toMatchObject(ended);
    await expect(account.askForAccess('wiki.example', '')).rejects.toMatchObject(ended);
  });

  it('passes on what the controller refuses', async () => {
    const account = setUp({
      totp: () => Promise.reject(new AppError('ERR_TOTP_REFUSED', 'no', { status: 403 })),
    });
    await expect(account.totp('remove', '123456')).rejects.toMatchObject({
      code: 'ERR_TOTP_REFUSED',
    });
  });
});
