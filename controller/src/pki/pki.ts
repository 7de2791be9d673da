/** The controller's certificate authority and its own server certificate. */
import type { EventEmitter } from 'node:events';
import type { Replacement } from './authorities.ts';

export interface Pki {
  readonly trustDomain: string;
  /**
   * What peers trust, PEM: the root, the issuing CA, and those before it that still count. A leaf has to
   * be issued by one of them, or by a newer one that the root signed.
   */
  readonly trustBundlePem: string;
  /** The issuing CA alone, PEM. */
  readonly issuingPem: string;
  /** Base64 certs-only PKCS#7 of the trust bundle (RFC 7030 §4.1.3), 64-character lines. */
  readonly cacertsPkcs7: string;
  /** Current TLS server credential of all listeners with our own PKI. */
  server(): ServerCredential;
  /** `renewed` after the server leaf or the issuing CA was replaced: listeners call `setSecureContext`. */
  readonly events: EventEmitter<{ renewed: [] }>;
  /** Issues a client certificate for an identity (1 year). @throws AppError ERR_PKI_CSR_INVALID */
  issueIdentity(csrPem: string, identityId: string): Promise<IssuedCertificate>;
  /** The same for a connector, which renews it by itself (30 days). @throws AppError ERR_PKI_CSR_INVALID */
  issueConnector(csrPem: string, identityId: string): Promise<IssuedCertificate>;
  /** Issues a client certificate that stands for an API session (12 hours). @throws AppError ERR_PKI_CSR_INVALID */
  issueSession(
    csrPem: string,
    names: { certificateId: string; identityId: string; apiSessionId: string },
  ): Promise<IssuedCertificate>;
  /** Issues a router's client and server certificates (30 days); the CSRs' CN must be the router id. */
  issueRouter(
    csrPem: string,
    serverCsrPem: string,
    routerId: string,
  ): Promise<{ client: IssuedCertificate; server: IssuedCertificate }>;
  /**
   * Replaces the issuing CA now and makes a server leaf of the new one.
   * @throws AppError ERR_PKI_ROOT_KEY_MISSING
   */
  replaceIssuing(replacement: Replacement): Promise<void>;
  /** Signs a JWT with the TLS server key, as enrollment tokens require. */
  signWithServerKey(payload: Record<string, unknown>): Promise<string>;
  close(): void;
}

export interface ServerCredential {
  /** Leaf first. */
  readonly certChainPem: string;
  readonly keyPem: string;
}

export interface IssuedCertificate {
  /** Leaf first, then the issuing CA. */
  readonly chainPem: string;
  readonly leafPem: string;
  /** SHA-1 of the leaf's DER, lower-case hex: OpenZiti's fingerprint. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}
