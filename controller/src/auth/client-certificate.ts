/**
 * Client certificates, judged by ourselves instead of by the TLS library: which authorities count
 * changes at run time, and an auth policy may accept an expired certificate.
 */
import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import * as x509 from '@postern/node/x509';

/** Certificates between leaf and anchor; longer paths are refused. */
const MAX_INTERMEDIATES = 4;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';
/** Critical extensions we understand: others must be refused (RFC 5280 §4.2), name constraints among them. */
const UNDERSTOOD = new Set(['2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.37']);

/** What a TLS handshake proved: the leaf's key. The rest of the chain is only claimed. */
export interface PeerCertificate {
  readonly leaf: X509Certificate;
  readonly intermediates: readonly X509Certificate[];
}

/** The client certificate of a connection, or `undefined`. */
export function peerCertificateOf(socket: unknown): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  // Not `getPeerX509Certificate`: Node 20 forgets the rest of the chain once that was called.
  let next = socket.getPeerCertificate(true);
  if (!('raw' in next)) return undefined;
  const leaf = new X509Certificate(next.raw);
  const intermediates: X509Certificate[] = [];
  while (intermediates.length < MAX_INTERMEDIATES) {
    const issuer = next.issuerCertificate as typeof next | undefined;
    if (!issuer || issuer === next || issuer.fingerprint256 === next.fingerprint256) break;
    intermediates.push(new X509Certificate(issuer.raw));
    next = issuer;
  }
  return { leaf, intermediates };
}

export interface VerifiedPath {
  /** The trusted authority the path ends at. */
  readonly anchor: X509Certificate;
  /** The leaf is past its end; everything else is in order. */
  readonly isExpired: boolean;
}

/**
 * A path of valid signatures from the leaf to one of `anchors` (RFC 5280 §6): every issuer is an
 * authority and in its time, the leaf is for client authentication and no authority itself.
 */
export function verifyClientCertificate(
  { leaf, intermediates }: PeerCertificate,
  anchors: readonly X509Certificate[],
  nowMs: number,
): VerifiedPath | undefined {
  if (!isClientLeaf(leaf) || Date.parse(leaf.validFrom) > nowMs) return undefined;
  const isExpired = Date.parse(leaf.validTo) < nowMs;
  let subject = leaf;
  for (let depth = 0; depth <= MAX_INTERMEDIATES; depth++) {
    const anchor = anchors.find((candidate) => issued(candidate, subject, depth, nowMs));
    if (anchor) return { anchor, isExpired };
    const next = intermediates.find((candidate) => issued(candidate, subject, depth, nowMs));
    if (!next) return undefined;
    subject = next;
  }
  return undefined;
}

function issued(
  issuer: X509Certificate,
  subject: X509Certificate,
  /** Authorities below `issuer` on the path. */
  depth: number,
  nowMs: number,
): boolean {
  if (!issuer.ca || Date.parse(issuer.validFrom) > nowMs || Date.parse(issuer.validTo) < nowMs)
    return false;
  if (!subject.checkIssued(issuer) || !subject.verify(issuer.publicKey)) return false;
  const parsed = new x509.X509Certificate(issuer.raw);
  if (!isUnderstood(parsed)) return false;
  const usage = parsed.getExtension(x509.KeyUsagesExtension);
  if (usage && !(usage.usages & x509.KeyUsageFlags.keyCertSign)) return false;
  const limit = parsed.getExtension(x509.BasicConstraintsExtension)?.pathLength;
  return limit === undefined || depth <= limit;
}

function isClientLeaf(leaf: X509Certificate): boolean {
  if (leaf.ca) return false;
  const parsed = new x509.X509Certificate(leaf.raw);
  const usages = parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
  return (
    isUnderstood(parsed) &&
    (usages === undefined || usages.includes(CLIENT_AUTH) || usages.includes(ANY_USAGE))
  );
}

function isUnderstood(certificate: x509.X509Certificate): boolean {
  return certificate.extensions.every(({ critical, type }) => !critical || UNDERSTOOD.has(type));
}
