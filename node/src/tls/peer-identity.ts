/** Who the other end of a mutual-TLS connection is: the leaf certificate the handshake proved. */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { AppError } from '@postern/shared/errors';

type PeerRole = 'router' | 'identity' | 'controller';

export interface PeerIdentity {
  trustDomain: string;
  role: PeerRole;
  /** Router or identity id; empty for a controller. */
  id: string;
}

/**
 * Reads the one SPIFFE URI of the peer's leaf (`spiffe://<domain>/<role>/<id>`, or `…/controller`).
 * The TLS layer must have verified the chain (`rejectUnauthorized`, exactly our CA).
 *
 * @param ca the authorities that TLS layer trusts, PEM
 * @throws AppError `ERR_PEER_IDENTITY` when there is no leaf, when its issuer counts no more, or when it
 * has not exactly one SPIFFE URI of this form.
 */
export function peerIdentity(socket: TLSSocket, ca: string): PeerIdentity {
  return certificateIdentity(provenLeaf(socket, ca));
}

/** The leaf whose key the handshake proved, issued by who counts now. @throws AppError `ERR_PEER_IDENTITY` */
export function provenLeaf(socket: TLSSocket, ca: string): X509Certificate {
  const leaf = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (leaf === undefined) throw new AppError('ERR_PEER_IDENTITY', 'peer proved no certificate');
  if (!isIssuedNow(leaf, ca))
    throw new AppError('ERR_PEER_IDENTITY', 'the certificate’s issuer counts no more');
  return leaf;
}

/**
 * The root vouches for each issuing authority it ever signed, so TLS alone would go on trusting one whose
 * key was stolen. An issuer counts if it is among `ca`; or if it is newer than those, so that a replaced
 * authority is followed before word of it has come.
 */
function isIssuedNow(leaf: X509Certificate, ca: string): boolean {
  const trusted = certificatesOf(ca);
  if (trusted.some((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey)))
    return true;
  // Verified by TLS up to the root.
  const issuer = leaf.issuerCertificate;
  if (issuer === undefined) return false;
  const issuing = trusted.filter((authority) => !authority.checkIssued(authority));
  return issuing.every(({ validFrom }) => Date.parse(validFrom) < Date.parse(issuer.validFrom));
}

/** Every certificate of a PEM text. */
export function certificatesOf(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );
}

/**
 * Who a certificate names; of a PEM chain, its leaf. Verifies nothing.
 *
 * @throws AppError `ERR_PEER_IDENTITY`
 */
export function certificateIdentity(
  certificate: Pick<X509Certificate, 'subjectAltName'> | string,
): PeerIdentity {
  const leaf = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  // SPIFFE X509-SVID §2: exactly one URI. Node quotes names that hold a comma or quote, so an
  // unquoted ", " always separates two names.
  const names = leaf.subjectAltName?.split(', ') ?? [];
  const uris = names.filter((name) => name.startsWith('URI:')).map((name) => name.slice(4));
  const [uri, ...others] = uris;
  const match = uri === undefined ? null : SPIFFE.exec(uri);
  const [, trustDomain, role, id] = match ?? [];
  if (others.length > 0 || trustDomain === undefined) {
    throw new AppError('ERR_PEER_IDENTITY', 'the certificate has not exactly one SPIFFE id');
  }
  return { trustDomain, role: (role ?? 'controller') as PeerRole, id: id ?? '' };
}

const SPIFFE =
  /^spiffe:\/\/([a-z0-9._-]{1,255})\/(?:controller|(router|identity)\/([A-Za-z0-9._-]{1,64}))$/;
