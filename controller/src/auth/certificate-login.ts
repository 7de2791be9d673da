import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from '@postern/node/tls';
import type { ControllerContext } from '../context.ts';
import type { Ca, ExternalIdClaim } from '../model/cas.ts';
import { isDisabled } from '../model/identities.ts';
import { fingerprintOf } from '../pki/certificates.ts';
import { repositories } from '../store/repositories.ts';
import type { Proven } from './authentication.ts';
import { verifyClientCertificate, type PeerCertificate } from './client-certificate.ts';
import { externalIdOf } from './external-id.ts';

type CertificateContext = Pick<ControllerContext, 'store' | 'clock' | 'pki'>;

/**
 * The identity behind the leaf whose key the handshake proved: issued by this network, or by a
 * verified authority with `isAuthEnabled`. It is found by that authority's external-id claim, else
 * by the certificate's fingerprint; never by another certificate of the chain.
 */
export async function loginByCertificate(
  { store, clock, pki }: CertificateContext,
  peer: PeerCertificate | undefined,
): Promise<Proven | undefined> {
  if (!peer) return undefined;
  const nowMs = clock();
  const cas = await repositories.cas.find(store.db, { isVerified: true, isAuthEnabled: true });
  const path = verifyClientCertificate(peer, [...ownAnchors(pki), ...cas.map(anchorOf)], nowMs);
  if (!path) return undefined;
  const ca = cas.find(({ fingerprint }) => fingerprint === fingerprintOf(path.anchor.raw));

  const claim = ca && claimOf(ca);
  const found = claim
    ? await byExternalId(store, externalIdOf(peer.leaf, claim), ca.id)
    : await byFingerprint(store, peer.leaf);
  if (!found || isDisabled(found.identity, nowMs)) return undefined;
  const policy = await repositories.authPolicies.get(store.db, found.identity.authPolicyId);
  const { allowed = false, allowExpiredCerts = false } = policy?.primary.cert ?? {};
  return allowed && (allowExpiredCerts || !path.isExpired) ? found : undefined;
}

/** Root and issuing CA of this network. */
export function ownAnchors({ trustBundlePem }: Pick<ControllerContext['pki'], 'trustBundlePem'>) {
  return certificatesOf(trustBundlePem);
}

/** @throws Error when the stored certificate is none; it was checked when it was stored. */
export function anchorOf(ca: Pick<Ca, 'certPem'>): X509Certificate {
  const [anchor] = certificatesOf(ca.certPem);
  if (!anchor) throw new Error('a stored certificate authority has no certificate');
  return anchor;
}

/** The CA's external-id claim, if it has one. */
export function claimOf({ externalIdClaim }: Ca): ExternalIdClaim | undefined {
  return 'location' in externalIdClaim ? (externalIdClaim as ExternalIdClaim) : undefined;
}

async function byExternalId(
  { db }: ControllerContext['store'],
  externalId: string | undefined,
  caId: string,
): Promise<Proven | undefined> {
  if (externalId === undefined) return undefined;
  const [identity] = await repositories.identities.find(db, { externalId });
  return identity && { identity, authenticatorId: `caId:${caId}` };
}

async function byFingerprint(
  { db }: ControllerContext['store'],
  leaf: X509Certificate,
): Promise<Proven | undefined> {
  const [authenticator] = await repositories.authenticators.find(db, {
    fingerprint: fingerprintOf(leaf.raw),
    method: 'cert',
  });
  const identity =
    authenticator && (await repositories.identities.get(db, authenticator.identityId));
  return identity && { identity, authenticatorId: authenticator.id };
}
