/** What a session still has to prove (specs/edge-api.md §3.2). */
import type { ControllerContext } from '../context.ts';
import type { AuthPolicy } from '../model/auth-policies.ts';
import type { ApiSession, Identity } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';
import { findMfa } from './mfa.ts';

export type AuthQuery =
  | {
      typeId: 'MFA';
      provider: 'ziti';
      httpMethod: 'POST';
      httpUrl: './authenticate/mfa';
      minLength: 4;
      maxLength: 6;
      format: 'alphaNumeric';
      isTotpEnrolled: boolean;
    }
  | {
      typeId: 'EXT-JWT';
      provider: 'url';
      httpUrl: string;
      id: string;
      clientId: string;
      scopes: string[];
    };

type QueryContext = Pick<ControllerContext, 'store' | 'auth'>;

/**
 * The proofs `session` lacks; none: it is fully authenticated. TOTP is asked for when the policy
 * says so or the identity set it up; the second JWT must come with every request, in `bearers`.
 */
export async function outstandingQueries(
  ctx: QueryContext,
  identity: Identity,
  policy: Pick<AuthPolicy, 'secondary'>,
  session: Pick<ApiSession, 'mfaPassedAt'>,
  bearers: readonly string[],
): Promise<AuthQuery[]> {
  const queries: AuthQuery[] = [];
  if (session.mfaPassedAt === null) {
    const isTotpEnrolled = (await findMfa(ctx, identity.id))?.isVerified ?? false;
    if (isTotpEnrolled || policy.secondary.requireTotp) queries.push(totpQuery(isTotpEnrolled));
  }
  const signerId = policy.secondary.requireExtJwtSigner;
  if (signerId !== null && !(await hasSecondJwt(ctx, identity, signerId, bearers))) {
    const signer = await repositories.externalJwtSigners.get(ctx.store.db, signerId);
    queries.push({
      typeId: 'EXT-JWT',
      provider: 'url',
      httpUrl: signer?.externalAuthUrl ?? '',
      id: signerId,
      clientId: signer?.clientId ?? '',
      scopes: signer?.scopes ?? [],
    });
  }
  return queries;
}

function totpQuery(isTotpEnrolled: boolean): AuthQuery {
  return {
    typeId: 'MFA',
    provider: 'ziti',
    httpMethod: 'POST',
    httpUrl: './authenticate/mfa',
    minLength: 4,
    maxLength: 6,
    format: 'alphaNumeric',
    isTotpEnrolled,
  };
}

async function hasSecondJwt(
  { auth }: QueryContext,
  identity: Identity,
  signerId: string,
  bearers: readonly string[],
): Promise<boolean> {
  for (const token of bearers) {
    const jwt = await auth.verifyExternalJwt(token).catch(() => undefined);
    if (jwt?.signer.id === signerId && auth.isIdentityOf(jwt, identity)) return true;
  }
  return false;
}
