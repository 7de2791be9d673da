/** How a part renews the certificates it enrolled for (docs/protocol.md, "Certificates"). */
import { KeyObject, X509Certificate, type webcrypto } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import type { CertificateIssued, CertificateRequest } from '@postern/shared/schemas';
import { certificateIdentity, certificatesOf } from '../tls/index.ts';
import {
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from './certificate-request.ts';

/** Authorities between a leaf and the root. */
const MAX_DEPTH = 4;

/** PEM texts; chains, leaf first. */
export interface Credential {
  key: string;
  cert: string;
  serverCert?: string;
  ca: string;
}

export interface RenewalOptions {
  /** What counts now. */
  present: () => Credential;
  /** Host names and addresses of the server certificate; absent: none is wanted. */
  serverNames?: readonly string[];
  now?: () => number;
}

/**
 * One renewal after another: a new key each time, in memory until its certificate has come. Whoever
 * uses it keeps what {@link accept} returns on disk before connecting with it.
 */
export class CertificateRenewal {
  readonly #options: RenewalOptions;
  #keys: webcrypto.CryptoKeyPair | undefined;

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  async request(): Promise<CertificateRequest> {
    const { present, serverNames } = this.#options;
    const { id } = certificateIdentity(present().cert);
    const keys = await generateCertificateKeys();
    const request = {
      csr: await createCertificateRequest(keys, id),
      ...(serverNames && { serverCsr: await createCertificateRequest(keys, id, serverNames) }),
    };
    this.#keys = keys;
    return request;
  }

  /**
   * The successor, if it is one: for the key requested, the same name, in its time, and of the root
   * that is trusted already. A controller may bring new issuing authorities, never a new root.
   *
   * @throws AppError `ERR_RENEWAL_REFUSED`; what is present stays
   */
  accept(issued: CertificateIssued): Credential {
    const { present, serverNames, now = Date.now } = this.#options;
    const keys = this.#keys;
    if (keys === undefined) throw refused('nothing was requested');
    const old = present();
    const { cert, ca } = issued;
    const serverCert = serverNames && issued.serverCert;
    if (serverNames && serverCert === undefined) throw refused('the server certificate is missing');
    try {
      const roots = certificatesOf(old.ca).filter(isRoot);
      if (!certificatesOf(ca).filter(isRoot).every(isOneOf(roots)))
        throw refused('it brings another root');
      for (const chain of serverCert === undefined ? [cert] : [cert, serverCert])
        checkChain(chain, ca, { keys, roots, name: certificateIdentity(old.cert), nowMs: now() });
    } catch (cause) {
      throw cause instanceof AppError ? cause : refused('it is no certificate', cause);
    }
    this.#keys = undefined;
    return { key: privateKeyPem(keys), cert, ...(serverCert && { serverCert }), ca };
  }
}

interface Expected {
  keys: webcrypto.CryptoKeyPair;
  roots: readonly X509Certificate[];
  name: ReturnType<typeof certificateIdentity>;
  nowMs: number;
}

function checkChain(chain: string, ca: string, { keys, roots, name, nowMs }: Expected): void {
  const [leaf, ...others] = certificatesOf(chain);
  if (leaf === undefined) throw refused('it is empty');
  if (!leaf.checkPrivateKey(KeyObject.from(keys.privateKey))) throw refused('it is of another key');
  const { role, id, trustDomain } = certificateIdentity(leaf);
  if (role !== name.role || id !== name.id || trustDomain !== name.trustDomain)
    throw refused('it names another part');
  if (Date.parse(leaf.validFrom) > nowMs || Date.parse(leaf.validTo) <= nowMs)
    throw refused('it is not valid now: the clocks here and at the controller differ');
  let subject = leaf;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const issuer = [...roots, ...others, ...certificatesOf(ca)].find(issued(subject));
    if (issuer === undefined) break;
    if (isOneOf(roots)(issuer)) return;
    subject = issuer;
  }
  throw refused('it does not come from the root that is trusted here');
}

const issued = (subject: X509Certificate) => (issuer: X509Certificate) =>
  issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);

const isRoot = (certificate: X509Certificate): boolean => issued(certificate)(certificate);

const isOneOf = (known: readonly X509Certificate[]) => (one: X509Certificate) =>
  known.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256);

function refused(why: string, cause?: unknown): AppError {
  return new AppError('ERR_RENEWAL_REFUSED', `the renewed certificate is refused: ${why}`, {
    cause,
  });
}
