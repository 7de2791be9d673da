/**
 * The OAuth 2.1 authorization server: code flow only, public clients (one per application), PKCE
 * S256, DPoP, one resource per application. Who signs in is decided at the login origin; the
 * provider's own cookies only tie an authorization request to the browser that made it.
 */
import { serviceResource } from '@postern/shared/grants';
import { errors, interactionPolicy, Provider, type KoaContextWithOIDC } from 'oidc-provider';
import type { ControllerContext } from '../context.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import { isDisabled } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';
import type { SecondFactors } from '../sign-in/second-factor.ts';
import { APP_TOKEN_SECONDS, type SignInSession, type SignInSessions } from '../sign-in/sessions.ts';
import { createAdapterFactory } from './adapter.ts';
import { findApplication } from './clients.ts';
import { ERROR_PAGE_HEADERS, renderErrorPage } from './error-page.ts';
import type { PayloadStore } from './payload-store.ts';

/** How long a person may take to sign in. */
const INTERACTION_SECONDS = 15 * 60;
const CODE_SECONDS = 60;
/** The only scope an application's resource has. */
export const DIAL_SCOPE = 'dial';

export interface ProviderOptions {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly sessions: SignInSessions;
  readonly payloads: PayloadStore;
  readonly secondFactors: Pick<SecondFactors, 'isSatisfied'>;
  /** Signs the provider's cookies; from a file, never from the database. */
  readonly cookieKey: string;
}

/** What the login origin proved, kept with the interaction. */
export interface SignInProof {
  readonly sessionId: string;
  /** SHA-256 of the ticket in the resume URL. */
  readonly ticketHash: string;
}

export function createProvider(ctx: ControllerContext, options: ProviderOptions): Provider {
  const { issuer, keys, sessions, payloads, secondFactors, cookieKey } = options;
  const secure = issuer.startsWith('https:');
  const cookiePrefix = secure ? '__Secure-' : '';
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, secure } as const;
  const tokenKey = keys.current('token');

  const provider: Provider = new Provider(issuer, {
    adapter: createAdapterFactory(ctx, payloads),
    jwks: {
      // The first key of an algorithm signs what names no key.
      keys: [tokenKey, ...keys.own('token').filter((key) => key !== tokenKey)].map(
        ({ privateJwk, kid }) => ({ ...privateJwk, kid, alg: 'ES256', use: 'sig' }),
      ),
    },
    clientAuthMethods: ['none'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    responseTypes: ['code'],
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub'] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'], dPoPSigningAlgValues: ['ES256'] },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      revocation: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        defaultResource: async (_koa, client) => {
          const application = await findApplication(ctx, client.clientId);
          return application ? serviceResource(application.serviceId) : [];
        },
        getResourceServerInfo: async (_koa, resource, client) => {
          const application = await findApplication(ctx, client.clientId);
          if (!application || resource !== serviceResource(application.serviceId)) {
            throw new errors.InvalidTarget();
          }
          return {
            scope: DIAL_SCOPE,
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: APP_TOKEN_SECONDS,
            jwt: { sign: { alg: 'ES256', kid: tokenKey.kid } },
          };
        },
      },
    },
    cookies: {
      keys: [cookieKey],
      names: {
        interaction: `${cookiePrefix}postern_interaction`,
        resume: `${cookiePrefix}postern_resume`,
        session: `${cookiePrefix}postern_session`,
      },
      long: cookie,
      short: cookie,
    },
    ttl: {
      AccessToken: APP_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      IdToken: APP_TOKEN_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: INTERACTION_SECONDS,
      // Never longer than the sign-in session, whose end is the grant's.
      RefreshToken: (koa) => secondsUntil(ctx, grantEndMs(koa)),
    },
    interactions: {
      policy: interactionRules(),
      url: (_koa, interaction) =>
        `${ctx.config.loginOrigin}/?interaction=${encodeURIComponent(interaction.uid)}`,
    },
    expiresWithSession: () => false,
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    clientBasedCORS: (_koa, origin, client) =>
      client.redirectUris?.some((uri) => new URL(uri).origin === origin) ?? false,
    findAccount: async (_koa, accountId, token) => {
      const identity = await repositories.identities.get(ctx.store.db, accountId);
      if (!identity || isDisabled(identity, ctx.clock())) return undefined;
      const grantId = token && 'grantId' in token ? token.grantId : undefined;
      // A code or refresh token is worth nothing once its session ended.
      if (grantId !== undefined) {
        const session = await sessions.findByGrant(grantId);
        // Nor once the auth policy asks for more than the session proved.
        if (!session || !(await secondFactors.isSatisfied(session, identity))) return undefined;
      }
      return { accountId, claims: () => ({ sub: accountId }) };
    },
    loadExistingGrant: (koa) => grantFor(ctx, sessions, provider, koa),
    extraTokenClaims: async (_koa, token) => {
      const grantId = 'grantId' in token ? token.grantId : undefined;
      const session = grantId === undefined ? undefined : await sessions.findByGrant(grantId);
      if (!session) throw new errors.InvalidGrant('sign-in session has ended');
      const outageSeconds = ctx.config.sessions.outageMinutes * 60;
      const out = Math.floor(ctx.clock() / 1000) + APP_TOKEN_SECONDS + outageSeconds;
      return { sid: session.id, out };
    },
    renderError: (koa, out) => {
      koa.set(ERROR_PAGE_HEADERS);
      koa.body = renderErrorPage(out.error);
    },
  });
  // The listener pins `x-forwarded-proto` and `host` to the public URL (see mount.ts).
  provider.proxy = true;
  provider.on('server_error', (_koa, error) => {
    ctx.logger.error('oidc.serverError', { error });
  });
  // The provider knows this controller's keys; what the others signed is accepted as well.
  provider.use(async (koa, next) => {
    await next();
    const oidc = koa['oidc'] as { route?: string } | undefined;
    if (oidc?.route === 'jwks') koa.body = { keys: keys.all('token').map(({ jwk }) => jwk) };
  });
  return provider;
}

/** A request is never answered without a proof given for this very request at the login origin. */
function interactionRules() {
  const rules = interactionPolicy.base();
  const { Check } = interactionPolicy;
  rules.remove('consent');
  rules
    .get('login')
    ?.checks.add(
      new Check('no_proof', 'sign-in at the login origin is required', 'login_required', (koa) =>
        signInProof(koa.oidc.result) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
      ),
    );
  return rules;
}

/** Everything an application may ask for is granted with the sign-in; there is no consent step. */
async function grantFor(
  ctx: ControllerContext,
  sessions: SignInSessions,
  provider: Provider,
  koa: KoaContextWithOIDC,
) {
  const proof = signInProof(koa.oidc.result);
  const session = proof && (await sessions.find(proof.sessionId));
  const client = koa.oidc.client;
  const application = client && (await findApplication(ctx, client.clientId));
  if (!session || !client || !application || session.identityId !== koa.oidc.session?.accountId) {
    return undefined;
  }
  const endMs = sessionEndFor(session, application.sessionHours);
  if (endMs <= ctx.clock()) return undefined;
  const grant = new provider.Grant({
    accountId: session.identityId,
    clientId: client.clientId,
  });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(serviceResource(application.serviceId), DIAL_SCOPE);
  Object.assign(grant, { expiresIn: secondsUntil(ctx, endMs) });
  const grantId = await grant.save();
  await sessions.linkGrant(grantId, session.id);
  return grant;
}

/** When an application stops accepting a session: its own limit counts from the sign-in. */
export function sessionEndFor(
  session: Pick<SignInSession, 'createdAtMs' | 'expiresAtMs'>,
  sessionHours: number,
): number {
  return Math.min(session.expiresAtMs, session.createdAtMs + sessionHours * 3_600_000);
}

function grantEndMs(koa: KoaContextWithOIDC): number {
  const exp = koa.oidc.entities.Grant?.exp;
  if (exp === undefined) throw new errors.InvalidGrant('grant without end');
  return exp * 1000;
}

function secondsUntil(ctx: Pick<ControllerContext, 'clock'>, endMs: number): number {
  return Math.max(1, Math.floor((endMs - ctx.clock()) / 1000));
}

export function signInProof(result: unknown): SignInProof | undefined {
  const proof = (result as { signIn?: SignInProof } | undefined)?.signIn;
  return typeof proof?.sessionId === 'string' && typeof proof.ticketHash === 'string'
    ? proof
    : undefined;
}
