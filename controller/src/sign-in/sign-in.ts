/**
 * Signing in at the login origin: a proof of identity for one interaction of the OIDC provider opens
 * or continues a sign-in session and completes the interaction.
 */
import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import type { Interaction as InteractionInfo, LoginResult } from '@postern/shared/schemas';
import type { Provider } from 'oidc-provider';
import type { ControllerContext } from '../context.ts';
import { isDisabled, type Identity } from '../model/identities.ts';
import type { Application } from '../model/services.ts';
import { findApplication } from '../oidc/clients.ts';
import { sessionEndFor, type SignInProof } from '../oidc/create-provider.ts';
import { hashId } from '../oidc/payload-store.ts';
import { repositories } from '../store/repositories.ts';
import { allowsSigner, loginMethods } from './login-methods.ts';
import type { OpenedSession, SignInSessions } from './sessions.ts';

export interface SignIn {
  /** What to show for an interaction. @throws AppError ERR_INTERACTION_NOT_FOUND */
  describe(uid: string): Promise<InteractionInfo>;
  /** By an external IdP's token, whose `nonce` names this interaction and device. */
  byExternalJwt(
    uid: string,
    deviceThumbprint: string,
    login: { signerId: string; token: string },
  ): Promise<LoginResult>;
  byPassword(
    uid: string,
    deviceThumbprint: string,
    login: { username: string; password: string },
  ): Promise<LoginResult>;
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

export function createSignIn(
  ctx: ControllerContext,
  sessions: SignInSessions,
  /** The current provider: it is replaced when keys rotate. */
  getProvider: () => Provider,
): SignIn {
  const open = async (uid: string) => {
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
    return { interaction, application };
  };
  type Opened = Awaited<ReturnType<typeof open>>;

  const complete = async (
    { interaction }: Opened,
    { session, token }: OpenedSession,
  ): Promise<LoginResult> => {
    const ticket = randomBytes(32).toString('base64url');
    const proof: SignInProof = { sessionId: session.id, ticketHash: hashId(ticket) };
    interaction.result = {
      login: {
        accountId: session.identityId,
        remember: false,
        ts: Math.floor(session.createdAtMs / 1000),
      },
      signIn: proof,
    };
    await interaction.persist();
    const resumeUrl = new URL(interaction.returnTo);
    resumeUrl.searchParams.set('ticket', ticket);
    return {
      resumeUrl: resumeUrl.href,
      sessionToken: token,
      sessionExpiresAt: new Date(session.expiresAtMs).toISOString(),
    };
  };

  const begin = async (
    opened: Opened,
    identity: Identity,
    owner: { deviceThumbprint: string; method: 'ext-jwt' | 'password'; signerId: string | null },
  ): Promise<LoginResult> => {
    await checkSecondFactor(ctx, identity);
    const session = await sessions.create({
      ...owner,
      identityId: identity.id,
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

  return {
    describe: async (uid) => {
      const { interaction, application } = await open(uid);
      const { id, name, origin } = application;
      return {
        application: { id, name, origin },
        methods: await loginMethods(ctx, application),
        expiresAt: new Date(interaction.exp * 1000).toISOString(),
      };
    },

    byExternalJwt: async (uid, deviceThumbprint, { signerId, token }) => {
      const opened = await open(uid);
      const jwt = await ctx.auth.verifyExternalJwt(token);
      if (jwt.signer.id !== signerId || !allowsSigner(opened.application, jwt.signer)) {
        throw refused('this identity provider is not allowed for the application');
      }
      if (jwt.claims['nonce'] !== interactionNonce(uid, deviceThumbprint)) {
        throw refused('the nonce is not this interaction’s');
      }
      const identity = await ctx.auth.findIdentityForExternalJwt(jwt);
      if (!identity) throw refused('no identity is known by this account', UNKNOWN_ACCOUNT);
      return begin(opened, identity, { deviceThumbprint, method: 'ext-jwt', signerId });
    },

    byPassword: async (uid, deviceThumbprint, { username, password }) => {
      const opened = await open(uid);
      if (!opened.application.loginMethods.includes('password')) {
        throw refused('password sign-in is not allowed for the application');
      }
      const proven = await ctx.auth.verifyPassword(username, password);
      if (!proven) throw refused('wrong user name or password', WRONG_PASSWORD);
      return begin(opened, proven.identity, { deviceThumbprint, method: 'password', signerId: null });
    },

    bySession: async (uid, deviceThumbprint, sessionToken) => {
      const opened = await open(uid);
      const used = await sessions.use(sessionToken, deviceThumbprint);
      await checkSession(ctx, used.session, opened.application);
      return complete(opened, used);
    },

    end: async (deviceThumbprint, sessionToken) => {
      const { session } = await sessions.use(sessionToken, deviceThumbprint);
      await sessions.endDevice(session);
    },
  };
}

const UNKNOWN_ACCOUNT = 'This account is not known here. Ask the person who manages access.';
const WRONG_PASSWORD = 'The user name or password is wrong.';

function refused(message: string, publicMessage?: string): AppError {
  return new AppError('ERR_LOGIN_REFUSED', message, {
    status: 401,
    ...(publicMessage === undefined ? {} : { publicMessage }),
  });
}

function sessionLifeMs(ctx: ControllerContext, application: Application): number {
  return Math.min(ctx.config.sessions.maxSignInHours, application.sessionHours) * 3_600_000;
}

/** Sign-in pages have no second factor yet: who needs one is refused, never let in with less. */
async function checkSecondFactor(ctx: ControllerContext, identity: Identity): Promise<void> {
  const policy = await repositories.authPolicies.get(ctx.store.db, identity.authPolicyId);
  if (!policy || policy.secondary.requireTotp || policy.secondary.requireExtJwtSigner !== null) {
    throw new AppError('ERR_LOGIN_SECOND_FACTOR', 'the auth policy asks for a second factor', {
      status: 403,
      publicMessage: 'Your account needs a second factor, which this page cannot ask for.',
    });
  }
}

/** Whether a session of some earlier sign-in is good enough for this application, now. */
async function checkSession(
  ctx: ControllerContext,
  session: OpenedSession['session'],
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
    session.method === 'password'
      ? application.loginMethods.includes('password')
      : signer !== undefined && allowsSigner(application, signer);
  if (!allowed || sessionEndFor(session, application.sessionHours) <= ctx.clock()) {
    throw new AppError('ERR_LOGIN_REQUIRED', 'the application asks for a new sign-in', {
      status: 401,
    });
  }
}
