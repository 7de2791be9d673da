/** A signed-in person's own passkeys. */
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { AppError } from '@postern/shared/errors';
import type { OwnPasskeys } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import { isDisabled } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';
import type { Passkeys } from './passkeys.ts';
import { requireFreshSignIn } from './fresh-sign-in.ts';
import type { SignInSessions } from './sessions.ts';

export interface OwnPasskeysService {
  list(deviceThumbprint: string, sessionToken: string): Promise<OwnPasskeys>;
  /** Options for a new one. @throws AppError ERR_LOGIN_NOT_FRESH */
  options(deviceThumbprint: string, sessionToken: string): Promise<OwnPasskeys>;
  /** @throws AppError ERR_LOGIN_NOT_FRESH, ERR_PASSKEY_REFUSED, ERR_PASSKEY_LIMIT */
  add(
    deviceThumbprint: string,
    sessionToken: string,
    passkey: { name: string; response: RegistrationResponseJSON },
  ): Promise<OwnPasskeys>;
  /** @throws AppError ERR_LOGIN_NOT_FRESH, ERR_PASSKEY_NOT_FOUND */
  remove(
    deviceThumbprint: string,
    sessionToken: string,
    passkey: { id: string },
  ): Promise<OwnPasskeys>;
  /** A name is no way in: any live session will do. @throws AppError ERR_PASSKEY_NOT_FOUND */
  rename(
    deviceThumbprint: string,
    sessionToken: string,
    passkey: { id: string; name: string },
  ): Promise<OwnPasskeys>;
}

export function createOwnPasskeys(
  ctx: Pick<ControllerContext, 'store' | 'clock'>,
  sessions: SignInSessions,
  passkeys: Passkeys,
): OwnPasskeysService {
  const enter = async (deviceThumbprint: string, sessionToken: string, isChange = true) => {
    const session = await sessions.check(sessionToken, deviceThumbprint);
    const identity = await repositories.identities.get(ctx.store.db, session.identityId);
    if (!identity || isDisabled(identity, ctx.clock()))
      throw new AppError('ERR_IDENTITY_DISABLED', 'the identity is disabled', { status: 403 });
    if (isChange) requireFreshSignIn(session, ctx.clock());
    return { identity, session };
  };
  const list = async (identityId: string): Promise<OwnPasskeys> => {
    const own = await passkeys.of(identityId);
    return {
      passkeys: own.map(({ id, name, createdAt, lastUsedAt }) => ({
        id,
        name,
        createdAt,
        lastUsedAt,
      })),
    };
  };
  return {
    list: async (deviceThumbprint, sessionToken) => {
      const { identity } = await enter(deviceThumbprint, sessionToken, false);
      return list(identity.id);
    },
    options: async (deviceThumbprint, sessionToken) => {
      const { identity, session } = await enter(deviceThumbprint, sessionToken);
      const options = await passkeys.registrationOptions(identity, session);
      return { ...(await list(identity.id)), options };
    },
    add: async (deviceThumbprint, sessionToken, { name, response }) => {
      const { identity, session } = await enter(deviceThumbprint, sessionToken);
      await passkeys.register(identity, session, name, response);
      return list(identity.id);
    },
    remove: async (deviceThumbprint, sessionToken, { id }) => {
      const { identity } = await enter(deviceThumbprint, sessionToken);
      await passkeys.remove(identity.id, id);
      return list(identity.id);
    },
    rename: async (deviceThumbprint, sessionToken, { id, name }) => {
      const { identity } = await enter(deviceThumbprint, sessionToken, false);
      await passkeys.rename(identity.id, id, name);
      return list(identity.id);
    },
  };
}
