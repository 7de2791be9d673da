/** Who is at the other end of a control connection: read from the leaf certificate its handshake proved. */
import { X509Certificate } from 'node:crypto';
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
 * @throws AppError ERR_CONTROL_PEER_REFUSED
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
  const { role, id } = spiffeIdOf(leaf, ctx.pki.trustDomain);
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

/** The single SPIFFE id of a certificate of ours (SPIFFE X.509-SVID §2: exactly one URI SAN). */
function spiffeIdOf(leaf: X509Certificate, trustDomain: string) {
  const uris = (leaf.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  const match = /^URI:spiffe:\/\/([a-z0-9._-]+)\/(router|identity)\/([A-Za-z0-9._-]{1,64})$/.exec(
    uris[0] ?? '',
  );
  const [, domain, role, id] = match ?? [];
  if (uris.length !== 1 || domain !== trustDomain || role === undefined || id === undefined) {
    throw refused('the leaf names neither a router nor an identity of our trust domain');
  }
  return { role: role as Peer['role'], id };
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
