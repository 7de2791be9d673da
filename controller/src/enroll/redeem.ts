/** Turning enrollment tokens into credentials: the token is spent and the credential made in one transaction. */
import { AppError } from '@postern/shared/errors';
import { hashToken } from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import { newAuthenticator } from '../model/defaults.ts';
import type { Authenticator, Enrollment } from '../model/identities.ts';
import { endSessionsByAuthenticator } from '../sign-in/end-sessions-by-authenticator.ts';
import { repositories } from '../store/repositories.ts';
import type { WriteTx } from '../store/store.ts';

export type RedeemContext = Pick<ControllerContext, 'store' | 'pki' | 'clock'>;

/** One-time token + CSR → client certificate. @throws AppError ERR_ENROLL_TOKEN_INVALID, ERR_ENROLL_EXPIRED, ERR_PKI_CSR_INVALID */
export async function redeemOtt(
  ctx: RedeemContext,
  token: string,
  csrPem: string,
): Promise<{ cert: string; ca: string }> {
  const { identityId } = await peek(ctx, token, 'ott');
  const issued = await ctx.pki.issueIdentity(csrPem, identityId ?? '');
  await ctx.store.write(async (tx) => {
    await spend(tx, ctx, token, 'ott');
    await replaceAuthenticator(tx, ctx.clock(), identityId ?? '', {
      method: 'cert',
      certPem: issued.leafPem,
      fingerprint: issued.fingerprint,
      isIssuedByNetwork: true,
    });
  });
  return { cert: issued.chainPem, ca: ctx.pki.trustBundlePem };
}

/** Token + password → password login; the username was fixed when the token was issued. */
export async function redeemUpdb(
  ctx: RedeemContext,
  token: string,
  passwordHash: string,
): Promise<{ username: string }> {
  return ctx.store.write(async (tx) => {
    const enrollment = await spend(tx, ctx, token, 'updb');
    const username = enrollment.username ?? '';
    await replaceAuthenticator(tx, ctx.clock(), enrollment.identityId ?? '', {
      method: 'updb',
      username,
      passwordHash,
    });
    return { username };
  });
}

/** Token + two CSRs → a router's client and server certificates. */
export async function redeemErott(
  ctx: RedeemContext,
  token: string,
  certCsr: string,
  serverCertCsr: string,
): Promise<{ cert: string; serverCert: string; ca: string }> {
  const enrollment = await peek(ctx, token, 'erott');
  const routerId = enrollment.edgeRouterId ?? '';
  const { client, server } = await ctx.pki.issueRouter(certCsr, serverCertCsr, routerId);
  await ctx.store.write(async (tx) => {
    await spend(tx, ctx, token, 'erott');
    await repositories.edgeRouters.update(tx, routerId, {
      isVerified: true,
      certPem: client.leafPem,
      fingerprint: client.fingerprint,
      unverifiedCertPem: null,
      unverifiedFingerprint: null,
      updatedAt: new Date(ctx.clock()).toISOString(),
    });
  });
  return { cert: client.chainPem, serverCert: server.chainPem, ca: ctx.pki.trustBundlePem };
}

/** The identity a `updb` token is for, so that the password can be judged before the token is spent. */
export async function peekUpdb(ctx: RedeemContext, token: string): Promise<string> {
  return (await peek(ctx, token, 'updb')).identityId ?? '';
}

/** The enrollment of a token, left as it is. @throws AppError ERR_ENROLL_TOKEN_INVALID, ERR_ENROLL_EXPIRED */
export function peek(
  ctx: Pick<ControllerContext, 'store' | 'clock'>,
  token: string,
  method: Enrollment['method'],
): Promise<Enrollment> {
  return findValid(ctx.store.db, ctx, token, method);
}

/** Spends a token: of parallel attempts exactly one deletes the row. */
export async function spend(
  tx: WriteTx,
  ctx: Pick<ControllerContext, 'clock'>,
  token: string,
  method: Enrollment['method'],
): Promise<Enrollment> {
  const enrollment = await findValid(tx.db, ctx, token, method);
  if (!(await repositories.enrollments.remove(tx, enrollment.id))) throw unknownToken();
  return enrollment;
}

async function findValid(
  db: ControllerContext['store']['db'],
  { clock }: Pick<ControllerContext, 'clock'>,
  token: string,
  method: Enrollment['method'],
) {
  const [enrollment] = await repositories.enrollments.find(db, {
    tokenHash: hashToken(token),
    method,
  });
  if (!enrollment) throw unknownToken();
  if (Date.parse(enrollment.expiresAt) <= clock())
    throw new AppError('ERR_ENROLL_EXPIRED', 'the enrollment has expired');
  return enrollment;
}

function unknownToken(): AppError {
  return new AppError('ERR_ENROLL_TOKEN_INVALID', 'unknown or used enrollment token');
}

/** One authenticator of each method for an identity: a new enrollment replaces the old one and ends its sessions. */
export async function replaceAuthenticator(
  tx: WriteTx,
  nowMs: number,
  identityId: string,
  values: Pick<Authenticator, 'method'> & Partial<Authenticator>,
): Promise<void> {
  const { method } = values;
  for (const old of await repositories.authenticators.find(tx.db, { identityId, method })) {
    await endSessionsByAuthenticator(tx, old, nowMs);
    await repositories.authenticators.remove(tx, old.id);
  }
  await repositories.authenticators.insert(tx, newAuthenticator({ identityId, ...values }, nowMs));
}
