/**
 * Signing in at the login origin: a proof of identity for one interaction of the OIDC provider opens
 * or continues a sign-in session and completes the interaction.
 */
import { createHash } from 'node:crypto';
import { AppError, isAppError } from '@postern/shared/errors';
import type {
  Interaction as InteractionInfo,
  LoginAnswer,
  LoginResult,
} from '@postern/shared/schemas';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { Provider } from 'oidc-provider';
import type { ExternalJwt } from '../auth/authentication.ts';
import { checkMfa, findMfa, verifyEnrolment } from '../auth/mfa.ts';
import { effectiveBranding } from '../branding/effective-branding.ts';
import type { ControllerContext } from '../context.ts';
import { enrollByJwt } from '../enroll/redeem-jwt.ts';
import { isDisabled, type Identity } from '../model/identities.ts';
import type { Application } from '../model/services.ts';
import { findApplication } from '../oidc/clients.ts';
import { sessionEndFor } from '../oidc/create-provider.ts';
import { repositories } from '../store/repositories.ts';
import { allowsSigner, loginMethods } from './login-methods.ts';
import { portalApplication, type PortalSignIns } from '../portal/portal-sign-in.ts';
import type { Passkeys } from './passkeys.ts';
import { resumeInteraction } from './resume-interaction.ts';
import {
  acceptsPasskey,
  policyOf,
  type PendingSignIn,
  type SecondFactors,
} from './second-factor.ts';
import type { OpenedSession, SignInSession, SignInSessions } from './sessions.ts';

export interface SignIn {
  /** What to show for an interaction. @throws AppError ERR_INTERACTION_NOT_FOUND */
  describe(uid: string): Promise<InteractionInfo>;
  /** By an external IdP's token, whose `nonce` names this interaction and device. */
  byExternalJwt(
    uid: string,
    deviceThumbprint: string,
    login: { signerId: string; token: string },
  ): Promise<LoginAnswer>;
  byPassword(
    uid: string,
    deviceThumbprint: string,
    login: { username: string; password: string },
  ): Promise<LoginAnswer>;
  /** Options for the browser to ask for a passkey: as the first factor, or as the second of a step. */
  passkeyOptions(
    uid: string,
    deviceThumbprint: string,
    step?: string,
  ): Promise<Record<string, unknown>>;
  byPasskey(
    uid: string,
    deviceThumbprint: string,
    login: { step?: string | undefined; response: AuthenticationResponseJSON },
  ): Promise<LoginAnswer>;
  /** Goes on from a step by a code of the authenticator app. */
  byTotp(
    uid: string,
    deviceThumbprint: string,
    login: { step: string; code: string },
  ): Promise<LoginAnswer>;
  /** Goes on from a step by the JWT of a second identity provider. */
  bySecondJwt(
    uid: string,
    deviceThumbprint: string,
    login: { step: string; signerId: string; token: string },
  ): Promise<LoginAnswer>;
  /** By a live session of this device. */
  bySession(uid: string, deviceThumbprint: string, sessionToken: string): Promise<LoginResult>;
  /** Signs this device out of all applications. */
  end(deviceThumbprint: string, sessionToken: string): Promise<void>;
}

/** What an external IdP must echo: it ties its ID token to one interaction and one device key. */
function interactionNonce(uid: string, deviceThumbprint: string): string {
  return createHash('sha256')
    .update(`postern-nonce-v1.${uid}.${deviceThumbprint}`)
    .digest('base64url');
}

export interface SignInParts {
  readonly sessions: SignInSessions;
  readonly passkeys: Passkeys;
  readonly secondFactors: SecondFactors;
  readonly portalSignIns: PortalSignIns;
}

/** What is signed in to: an application whose authorization request waits, or the portal. */
interface Opened {
  readonly application: Application;
  readonly expiresAtMs: number;
  /** Ends it; the address to go on at. */
  readonly resume: (session: SignInSession) => Promise<string>;
}

export function createSignIn(
  ctx: ControllerContext,
  { sessions, passkeys, secondFactors, portalSignIns }: SignInParts,
  /** The current provider: it is replaced when keys rotate. */
  getProvider: () => Provider,
): SignIn {
  const open = async (uid: string, deviceThumbprint?: string): Promise<Opened> => {
    const portal = await portalSignIns.find(uid);
    if (portal) {
      if (deviceThumbprint !== undefined && portal.deviceThumbprint !== deviceThumbprint)
        throw refused('the sign-in was begun on another device');
      return {
        application: await portalApplication(ctx),
        expiresAtMs: portal.expiresAtMs,
        resume: () => Promise.resolve(portal.returnTo),
      };
    }
    const interaction = await getProvider().Interaction.find(uid);
    const clientId = interaction?.params.client_id;
    const application =
      typeof clientId === 'string' ? await findApplication(ctx, clientId) : undefined;
    if (!interaction || !application) {
      throw new AppError('ERR_INTERACTION_NOT_FOUND', 'unknown or expired interaction', {
        status: 404,
        publicMessage: 'This sign-in has expired. Open the application again.',
      });
    }
    return {
      application,
      expiresAtMs: interaction.exp * 1000,
      resume: (session) => resumeInteraction(interaction, session),
    };
  };

  const complete = async (
    opened: Opened,
    { session, token }: OpenedSession,
  ): Promise<LoginResult> => ({
    resumeUrl: await opened.resume(session),
    sessionToken: token,
    sessionExpiresAt: new Date(session.expiresAtMs).toISOString(),
  });

  /** The next step of a sign-in, or its end. */
  const advance = async (
    opened: Opened,
    identity: Identity,
    pending: PendingSignIn,
  ): Promise<LoginAnswer> => {
    const more = await secondFactors.next(pending, identity);
    if (more) return more;
    const { uid: _, ...owner } = pending;
    const session = await sessions.create({
      ...owner,
      lifeMs: sessionLifeMs(ctx, opened.application),
    });
    ctx.logger.info('signIn.succeeded', {
      identityId: identity.id,
      sessionId: session.session.id,
      applicationId: opened.application.id,
      method: owner.method,
    });
    return complete(opened, session);
  };

  const begin = (
    opened: Opened,
    identity: Identity,
    proof: Pick<PendingSignIn, 'uid' | 'deviceThumbprint' | 'method'> & Partial<PendingSignIn>,
  ): Promise<LoginAnswer> =>
    advance(opened, identity, {
      identityId: identity.id,
      signerId: null,
      mfaAtMs: null,
      secondSignerId: null,
      ...proof,
    });

  /** The step's sign-in and its identity, which may have been disabled since. */
  const resume = async (step: string, uid: string, deviceThumbprint: string) => {
    const pending = await secondFactors.open(step, uid, deviceThumbprint);
    const identity = await repositories.identities.get(ctx.store.db, pending.identityId);
    if (!identity || isDisabled(identity, ctx.clock())) throw refused('the identity is disabled');
    return { pending, identity };
  };

  const verifiedJwt = async (
    uid: string,
    deviceThumbprint: string,
    { signerId, token }: { signerId: string; token: string },
  ) => {
    const jwt = await ctx.auth.verifyExternalJwt(token);
    if (jwt.signer.id !== signerId) throw refused('not the signer that was asked for');
    if (jwt.claims['nonce'] !== interactionNonce(uid, deviceThumbprint))
      throw refused('the nonce is not this interaction’s');
    return jwt;
  };

  return {
    describe: async (uid) => {
      const { expiresAtMs, application } = await open(uid);
      const { id, name, origin } = application;
      const branding = await effectiveBranding(ctx.store.db, id);
      return {
        application: { id, name, origin, ...(branding && { branding }) },
        methods: await loginMethods(ctx, application),
        expiresAt: new Date(expiresAtMs).toISOString(),
      };
    },

    byExternalJwt: async (uid, deviceThumbprint, login) => {
      const opened = await open(uid, deviceThumbprint);
      const jwt = await verifiedJwt(uid, deviceThumbprint, login);
      if (!allowsSigner(opened.application, jwt.signer))
        throw refused('this identity provider is not allowed for the application');
      const identity = await knownOrEnrolled(ctx, jwt);
      if (!identity) throw refused('no identity is known by this account', UNKNOWN_ACCOUNT);
      const { signerId } = login;
      return begin(opened, identity, { uid, deviceThumbprint, method: 'ext-jwt', signerId });
    },

    byPassword: async (uid, deviceThumbprint, { username, password }) => {
      const opened = await open(uid, deviceThumbprint);
      if (!opened.application.loginMethods.includes('password'))
        throw refused('password sign-in is not allowed for the application');
      const proven = await ctx.auth.verifyPassword(username, password);
      if (!proven) throw refused('wrong user name or password', WRONG_PASSWORD);
      return begin(opened, proven.identity, { uid, deviceThumbprint, method: 'password' });
    },

    passkeyOptions: async (uid, deviceThumbprint, step) => {
      await open(uid, deviceThumbprint);
      const known =
        step === undefined ? undefined : await secondFactors.open(step, uid, deviceThumbprint);
      return passkeys.requestOptions({ uid, deviceThumbprint }, known?.identityId);
    },

    byPasskey: async (uid, deviceThumbprint, { step, response }) => {
      const opened = await open(uid, deviceThumbprint);
      const interaction = { uid, deviceThumbprint };
      if (step !== undefined) {
        const { pending, identity } = await resume(step, uid, deviceThumbprint);
        if (!acceptsPasskey(await policyOf(ctx, identity)))
          throw refused('the auth policy takes no passkey as the second factor');
        await passkeys.verify(interaction, response, identity.id);
        await secondFactors.close(step);
        return advance(opened, identity, { ...pending, mfaAtMs: ctx.clock() });
      }
      if (!opened.application.loginMethods.includes('passkey'))
        throw refused('passkeys are not allowed for the application');
      const identity = await passkeys.verify(interaction, response);
      const policy = await policyOf(ctx, identity);
      if (policy.primary.passkey?.allowed === false)
        throw refused('the auth policy allows no passkeys');
      return begin(opened, identity, {
        ...interaction,
        method: 'passkey',
        mfaAtMs: acceptsPasskey(policy) ? ctx.clock() : null,
      });
    },

    byTotp: async (uid, deviceThumbprint, { step, code }) => {
      const opened = await open(uid, deviceThumbprint);
      const { pending, identity } = await resume(step, uid, deviceThumbprint);
      await proveTotp(ctx, identity.id, code);
      await secondFactors.close(step);
      return advance(opened, identity, { ...pending, mfaAtMs: ctx.clock() });
    },

    bySecondJwt: async (uid, deviceThumbprint, { step, ...login }) => {
      const opened = await open(uid, deviceThumbprint);
      const { pending, identity } = await resume(step, uid, deviceThumbprint);
      const jwt = await verifiedJwt(uid, deviceThumbprint, login);
      if (!ctx.auth.isIdentityOf(jwt, identity))
        throw refused('the second token names somebody else', UNKNOWN_ACCOUNT);
      await secondFactors.close(step);
      return advance(opened, identity, { ...pending, secondSignerId: jwt.signer.id });
    },

    bySession: async (uid, deviceThumbprint, sessionToken) => {
      const opened = await open(uid, deviceThumbprint);
      const used = await sessions.use(sessionToken, deviceThumbprint);
      await checkSession(ctx, secondFactors, used.session, opened.application);
      return complete(opened, used);
    },

    end: async (deviceThumbprint, sessionToken) => {
      const { session } = await sessions.use(sessionToken, deviceThumbprint);
      await sessions.endDevice(session);
    },
  };
}

const UNKNOWN_ACCOUNT = 'This account is not known here. Ask the person who manages access.';
/** Short: the page keeps room for one line. */
const WRONG_CODE = 'Not accepted. Each code works once.';
const WRONG_PASSWORD = 'The user name or password is wrong.';

function refused(message: string, publicMessage?: string, cause?: unknown): AppError {
  return new AppError('ERR_LOGIN_REFUSED', message, {
    status: 401,
    cause,
    ...(publicMessage === undefined ? {} : { publicMessage }),
  });
}

function sessionLifeMs(ctx: ControllerContext, application: Application): number {
  return Math.min(ctx.config.sessions.maxSignInHours, application.sessionHours) * 3_600_000;
}

/** Set up, or proved: by the same code on the same page. */
async function proveTotp(ctx: ControllerContext, identityId: string, code: string): Promise<void> {
  const isVerified = (await findMfa(ctx, identityId))?.isVerified;
  try {
    await (isVerified ? checkMfa : verifyEnrolment)(ctx, identityId, code);
  } catch (cause) {
    throw refused('the code was not accepted', WRONG_CODE, cause);
  }
}

/** The identity the token names; where its signer enrols by token, made now if there is none. */
async function knownOrEnrolled(
  ctx: ControllerContext,
  jwt: ExternalJwt,
): Promise<Identity | undefined> {
  const known = await ctx.auth.findIdentityForExternalJwt(jwt);
  if (known || !jwt.signer.enrollToTokenEnabled) return known;
  await enrollByJwt(ctx, jwt).catch((error: unknown) => {
    // Barred, disabled, or made by a request at the same time: looked up again all the same.
    if (!isAppError(error) || error.code !== 'ERR_ENROLL_IDENTITY_EXISTS') throw error;
  });
  return ctx.auth.findIdentityForExternalJwt(jwt);
}

/** Whether a session of some earlier sign-in is good enough for this application, now. */
export async function checkSession(
  ctx: ControllerContext,
  secondFactors: Pick<SecondFactors, 'isSatisfied'>,
  session: SignInSession,
  application: Application,
): Promise<void> {
  const identity = await repositories.identities.get(ctx.store.db, session.identityId);
  if (!identity || isDisabled(identity, ctx.clock())) {
    throw new AppError('ERR_IDENTITY_DISABLED', 'the identity is disabled', { status: 403 });
  }
  const signer =
    session.signerId === null
      ? undefined
      : await repositories.externalJwtSigners.get(ctx.store.db, session.signerId);
  const allowed =
    session.method === 'ext-jwt'
      ? signer !== undefined && allowsSigner(application, signer)
      : application.loginMethods.includes(session.method);
  const isProved = allowed && (await secondFactors.isSatisfied(session, identity));
  if (!isProved || sessionEndFor(session, application.sessionHours) <= ctx.clock()) {
    throw new AppError('ERR_LOGIN_REQUIRED', 'the application asks for a new sign-in', {
      status: 401,
    });
  }
}
