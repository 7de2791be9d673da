/** Who is at the other end of a control connection: read from the leaf certificate its handshake proved. */
import { X509Certificate } from 'node:crypto';
import { certificateIdentity } from '@postern/node/tls';
import { AppError } from '@postern/shared/errors';
import { publicJwkSchema, type PublicJwk } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import { isDisabled } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';

export type Peer =
  | { readonly role: 'router'; readonly id: string }
  | { readonly role: 'identity'; readonly id: string; readonly jwk: PublicJwk };

/**
 * The router or identity named by the leaf, if it is enrolled with this very certificate and may
 * connect now. The TLS stack has checked the validity period and that one of our CAs is at the root.
 * @throws AppError ERR_CONTROL_PEER_REFUSED, ERR_PEER_IDENTITY
 */
export async function identifyPeer(
  ctx: Pick<ControllerContext, 'store' | 'pki' | 'clock'>,
  leaf: X509Certificate,
): Promise<Peer> {
  if (leaf.ca) throw refused('the leaf is a CA certificate');
  if (
    !trustAnchors(ctx.pki.trustBundlePem).some(
      (ca) => leaf.checkIssued(ca) && leaf.verify(ca.publicKey),
    )
  ) {
    throw refused('the leaf is not issued by our CA itself');
  }
  const { role, id, trustDomain } = certificateIdentity(leaf);
  if (trustDomain !== ctx.pki.trustDomain || role === 'controller') {
    throw refused('the leaf names neither a router nor an identity of our trust domain');
  }
  const fingerprint = leaf.fingerprint.replaceAll(':', '').toLowerCase();
  const { db } = ctx.store;

  if (role === 'router') {
    const router = await repositories.edgeRouters.get(db, id);
    if (!router?.isVerified || router.disabled || router.fingerprint !== fingerprint) {
      throw refused('the router is unknown, disabled or enrolled with another certificate');
    }
    return { role, id };
  }
  const identity = await repositories.identities.get(db, id);
  const [authenticator] = await repositories.authenticators.find(db, {
    identityId: id,
    method: 'cert',
    fingerprint,
  });
  if (!identity || isDisabled(identity, ctx.clock()) || !authenticator) {
    throw refused('the identity is unknown, disabled or enrolled with another certificate');
  }
  return { role, id, jwk: publicJwkOf(leaf) };
}

function publicJwkOf(leaf: X509Certificate): PublicJwk {
  const { kty, crv, x, y } = leaf.publicKey.export({ format: 'jwk' });
  const parsed = publicJwkSchema.safeParse({ kty, crv, x, y });
  if (!parsed.success) throw refused('the key of the leaf is not P-256');
  return parsed.data;
}

function trustAnchors(pem: string): X509Certificate[] {
  return pem
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((part) => part.includes('-----BEGIN CERTIFICATE-----'))
    .map((part) => new X509Certificate(part));
}

function refused(why: string): AppError {
  return new AppError('ERR_CONTROL_PEER_REFUSED', `control connection refused: ${why}`);
}
