/**
 * Passkeys (WebAuthn Level 3) of the login origin: its host name is the relying party, so that no
 * application can ask for one. Every use verifies the user (PIN, fingerprint), which makes a
 * passkey two factors in one.
 */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { AppError } from '@postern/shared/errors';
import type { ControllerContext } from '../context.ts';
import { newEntity } from '../model/defaults.ts';
import { isDisabled, type Identity } from '../model/identities.ts';
import type { Passkey } from '../model/second-factors.ts';
import type { PayloadStore } from '../oidc/payload-store.ts';
import { repositories } from '../store/repositories.ts';

/** Passkeys of one identity. */
const MAX_PASSKEYS = 16;
const CHALLENGE_SECONDS = 300;
const MODEL = 'PasskeyChallenge';

/** What a challenge is good for: one sign-in on one device, or one person's new passkey. */
interface Purpose {
  readonly kind: 'login' | 'register';
  readonly deviceThumbprint: string;
  /** Interaction of the sign-in; for a registration, the sign-in session. */
  readonly subject: string;
}

export interface Passkeys {
  /** Options of a sign-in; `identityId` once the person is known. */
  requestOptions(
    interaction: { uid: string; deviceThumbprint: string },
    identityId?: string,
  ): Promise<Record<string, unknown>>;
  /** The enabled identity whose passkey signed. @throws AppError ERR_LOGIN_REFUSED */
  verify(
    interaction: { uid: string; deviceThumbprint: string },
    response: AuthenticationResponseJSON,
    identityId?: string,
  ): Promise<Identity>;
  registrationOptions(
    identity: Identity,
    session: { id: string; deviceThumbprint: string },
  ): Promise<Record<string, unknown>>;
  /** @throws AppError ERR_PASSKEY_REFUSED, ERR_PASSKEY_LIMIT */
  register(
    identity: Identity,
    session: { id: string; deviceThumbprint: string },
    name: string,
    response: RegistrationResponseJSON,
  ): Promise<void>;
  of(identityId: string): Promise<Passkey[]>;
  /** @throws AppError ERR_PASSKEY_NOT_FOUND */
  remove(identityId: string, id: string): Promise<void>;
  /** @throws AppError ERR_PASSKEY_NOT_FOUND */
  rename(identityId: string, id: string, name: string): Promise<void>;
}

export function createPasskeys(
  ctx: Pick<ControllerContext, 'config' | 'store' | 'clock' | 'logger'>,
  payloads: PayloadStore,
): Passkeys {
  const { store, clock, config } = ctx;
  const origin = config.loginOrigin;
  const rpId = new URL(origin).hostname;

  const issue = (challenge: string, { kind, deviceThumbprint, subject }: Purpose) =>
    payloads.put(MODEL, challenge, { kind, deviceThumbprint, subject }, CHALLENGE_SECONDS);
  /** Whether a challenge was ours for this purpose; it is spent by asking. */
  const take =
    (purpose: Purpose) =>
    async (challenge: string): Promise<boolean> => {
      const known = await payloads.find(MODEL, challenge);
      return (
        known?.['kind'] === purpose.kind &&
        known['deviceThumbprint'] === purpose.deviceThumbprint &&
        known['subject'] === purpose.subject &&
        (await payloads.consume(MODEL, challenge))
      );
    };
  const of = (identityId: string) => repositories.passkeys.find(store.db, { identityId });
  const describe = ({ credentialId, transports }: Passkey) => ({
    id: credentialId,
    transports,
  });

  return {
    of,

    requestOptions: async ({ uid, deviceThumbprint }, identityId) => {
      const known = identityId === undefined ? [] : await of(identityId);
      const options = await generateAuthenticationOptions({
        rpID: rpId,
        userVerification: 'required',
        allowCredentials: known.map(describe),
      });
      await issue(options.challenge, { kind: 'login', deviceThumbprint, subject: uid });
      return { ...options };
    },

    verify: async ({ uid, deviceThumbprint }, response, identityId) => {
      const [passkey] = await repositories.passkeys.find(store.db, { credentialId: response.id });
      const identity = passkey && (await repositories.identities.get(store.db, passkey.identityId));
      const isKnown =
        identity !== undefined &&
        !isDisabled(identity, clock()) &&
        (identityId === undefined || identity.id === identityId);
      if (!passkey || !isKnown) throw refused('unknown passkey');
      const verified = await verifyAuthenticationResponse({
        response,
        expectedChallenge: take({ kind: 'login', deviceThumbprint, subject: uid }),
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: true,
        credential: {
          ...describe(passkey),
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
          counter: passkey.counter,
        },
      }).catch((cause: unknown) => {
        throw refused('the passkey did not verify', cause);
      });
      if (!verified.verified) throw refused('the passkey did not verify');
      const counter = verified.authenticationInfo.newCounter;
      await store.write((tx) =>
        repositories.passkeys.update(tx, passkey.id, {
          counter,
          isBackedUp: verified.authenticationInfo.credentialBackedUp,
          lastUsedAt: new Date(clock()).toISOString(),
        }),
      );
      return identity;
    },

    registrationOptions: async (identity, { id, deviceThumbprint }) => {
      const options = await generateRegistrationOptions({
        rpName: config.trustDomain,
        rpID: rpId,
        userName: identity.name,
        userDisplayName: identity.name,
        userID: new TextEncoder().encode(identity.id),
        attestationType: 'none',
        excludeCredentials: (await of(identity.id)).map(describe),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      await issue(options.challenge, { kind: 'register', deviceThumbprint, subject: id });
      return { ...options };
    },

    register: async (identity, { id, deviceThumbprint }, name, response) => {
      const { registrationInfo } = await verifyRegistrationResponse({
        response,
        expectedChallenge: take({ kind: 'register', deviceThumbprint, subject: id }),
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: true,
      }).catch((cause: unknown) => {
        throw notRegistered('it did not verify', cause);
      });
      if (!registrationInfo) throw notRegistered('it did not verify');
      const { credential, credentialDeviceType, credentialBackedUp } = registrationInfo;
      await store.write(async (tx) => {
        const credentialId = credential.id;
        if ((await repositories.passkeys.find(tx.db, { credentialId })).length > 0)
          throw notRegistered('it is registered already');
        const own = await repositories.passkeys.find(tx.db, { identityId: identity.id });
        if (own.length >= MAX_PASSKEYS)
          throw new AppError('ERR_PASSKEY_LIMIT', 'the identity has as many passkeys as allowed', {
            status: 409,
            publicMessage: `You have ${MAX_PASSKEYS} passkeys. Remove one first.`,
          });
        await repositories.passkeys.insert(tx, {
          ...newEntity(clock()),
          tags: {},
          identityId: identity.id,
          name,
          credentialId,
          publicKey: Buffer.from(credential.publicKey).toString('base64url'),
          counter: credential.counter,
          transports: credential.transports ?? [],
          deviceType: credentialDeviceType,
          isBackedUp: credentialBackedUp,
          lastUsedAt: null,
        });
      });
      ctx.logger.info('passkey.registered', { identityId: identity.id });
    },

    remove: async (identityId, id) => {
      const isGone = await store.write(async (tx) => {
        const passkey = await repositories.passkeys.get(tx.db, id);
        return passkey?.identityId === identityId && repositories.passkeys.remove(tx, id);
      });
      if (!isGone) throw notFound();
      ctx.logger.info('passkey.removed', { identityId });
    },

    rename: async (identityId, id, name) => {
      const isNamed = await store.write(async (tx) => {
        const passkey = await repositories.passkeys.get(tx.db, id);
        if (passkey?.identityId !== identityId) return false;
        const updatedAt = new Date(clock()).toISOString();
        return (await repositories.passkeys.update(tx, id, { name, updatedAt })) !== undefined;
      });
      if (!isNamed) throw notFound();
    },
  };
}

function notFound(): AppError {
  return new AppError('ERR_PASSKEY_NOT_FOUND', 'no such passkey', { status: 404 });
}

function refused(why: string, cause?: unknown): AppError {
  return new AppError('ERR_LOGIN_REFUSED', `passkey refused: ${why}`, {
    status: 401,
    cause,
    publicMessage: 'This passkey was not accepted. Choose another way to sign in.',
  });
}

function notRegistered(why: string, cause?: unknown): AppError {
  return new AppError('ERR_PASSKEY_REFUSED', `passkey not registered: ${why}`, {
    status: 400,
    cause,
    publicMessage: 'This passkey could not be added. Try again, or use another one.',
  });
}
