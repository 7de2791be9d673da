/** Certificates renewed by their holders, over mutual TLS with the present one. */
import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from '@postern/node/tls';
import { AppError } from '@postern/shared/errors';
import { ownAnchors } from '../auth/certificate-login.ts';
import { verifyClientCertificate, type PeerCertificate } from '../auth/client-certificate.ts';
import type { Authenticator } from '../model/identities.ts';
import { fingerprintOf } from '../pki/certificates.ts';
import { repositories } from '../store/repositories.ts';
import type { RedeemContext } from './redeem.ts';

/**
 * Issues the successor of a network-issued certificate; it counts once {@link confirmExtension} has
 * seen it. @throws AppError ERR_ENROLL_CERT_INVALID, ERR_ENROLL_KEY_UNCHANGED, ERR_PKI_CSR_INVALID
 */
export async function extendAuthenticator(
  ctx: RedeemContext,
  authenticator: Authenticator,
  peer: PeerCertificate | undefined,
  csrPem: string,
): Promise<{ clientCert: string; ca: string }> {
  const isPresent =
    peer !== undefined &&
    authenticator.isIssuedByNetwork &&
    fingerprintOf(peer.leaf.raw) === authenticator.fingerprint &&
    verifyClientCertificate(peer, ownAnchors(ctx.pki), ctx.clock()) !== undefined;
  if (!isPresent) throw notByItself();
  const issued = await ctx.pki.issueIdentity(csrPem, authenticator.identityId);
  const [successor] = certificatesOf(issued.leafPem);
  const isSameKey = successor?.publicKey.equals(peer.leaf.publicKey) ?? true;
  if (authenticator.isKeyRollRequested && isSameKey)
    throw new AppError('ERR_ENROLL_KEY_UNCHANGED', 'a new key was asked for');
  await ctx.store.write((tx) =>
    repositories.authenticators.update(tx, authenticator.id, {
      unverifiedCertPem: issued.leafPem,
      unverifiedFingerprint: issued.fingerprint,
    }),
  );
  return { clientCert: issued.chainPem, ca: ctx.pki.trustBundlePem };
}

/** The holder has the successor: it takes the place of the old certificate. @throws AppError ERR_ENROLL_CERT_INVALID */
export async function confirmExtension(
  ctx: Pick<RedeemContext, 'store' | 'clock'>,
  { id }: Pick<Authenticator, 'id'>,
  certificate: string | X509Certificate,
): Promise<void> {
  const fingerprint =
    typeof certificate === 'string'
      ? fingerprintOfPem(certificate)
      : fingerprintOf(certificate.raw);
  await ctx.store.write(async (tx) => {
    const row = await repositories.authenticators.get(tx.db, id);
    if (!row || row.unverifiedFingerprint === null || row.unverifiedFingerprint !== fingerprint)
      throw notByItself();
    await repositories.authenticators.update(tx, id, {
      certPem: row.unverifiedCertPem,
      fingerprint,
      unverifiedCertPem: null,
      unverifiedFingerprint: null,
      isExtendRequested: false,
      isKeyRollRequested: false,
      extendRequestedAt: null,
      updatedAt: new Date(ctx.clock()).toISOString(),
    });
  });
}

/** A router's new certificates, proven by its present one. @throws AppError ERR_ENROLL_CERT_INVALID, ERR_PKI_CSR_INVALID, ERR_PKI_COMMON_NAME */
export async function extendRouter(
  ctx: RedeemContext,
  peer: PeerCertificate | undefined,
  { certCsr, serverCertCsr }: { certCsr: string; serverCertCsr: string },
): Promise<{ cert: string; serverCert: string; ca: string }> {
  const path = peer && verifyClientCertificate(peer, ownAnchors(ctx.pki), ctx.clock());
  if (!path || path.isExpired) throw notByItself();
  const [router] = await repositories.edgeRouters.find(ctx.store.db, {
    fingerprint: fingerprintOf(peer.leaf.raw),
    isVerified: true,
  });
  if (!router) throw notByItself();
  const { client, server } = await ctx.pki.issueRouter(certCsr, serverCertCsr, router.id);
  await ctx.store.write((tx) =>
    repositories.edgeRouters.update(tx, router.id, {
      certPem: client.leafPem,
      fingerprint: client.fingerprint,
      unverifiedCertPem: null,
      unverifiedFingerprint: null,
      updatedAt: new Date(ctx.clock()).toISOString(),
    }),
  );
  return { cert: client.chainPem, serverCert: server.chainPem, ca: ctx.pki.trustBundlePem };
}

function fingerprintOfPem(pem: string): string | undefined {
  try {
    const [certificate] = certificatesOf(pem);
    return certificate && fingerprintOf(certificate.raw);
  } catch {
    return undefined;
  }
}

function notByItself(): AppError {
  return new AppError('ERR_ENROLL_CERT_INVALID', 'not the certificate that is to be renewed');
}
