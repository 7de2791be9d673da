/**
 * Certificates of routers and connectors, renewed over their control connection. The controller says
 * when; the predecessor counts until its holder connects with the successor (`peer.ts`).
 */
import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from '@postern/node/tls';
import type { CertificateIssued, CertificateRequest } from '@postern/shared/schemas';

import type { ControllerContext } from '../context.ts';
import { BACKDATE_MS } from '../pki/certificates.ts';
import { repositories } from '../store/repositories.ts';
import { refused, type Peer } from './peer.ts';

const DAY_MS = 86_400_000;
/** No certificate is used longer, whatever its term: those of connectors enrol for a year. */
const MAX_AGE_MS = 20 * DAY_MS;
/** Peers that do not answer are asked again. */
const RETRY_MS = 3_600_000;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** When a certificate should be replaced, ms since 1970: after two thirds of its term, or 20 days. */
export function renewalDueMs(leaf: Pick<X509Certificate, 'validFrom' | 'validTo'>): number {
  const issuedMs = Date.parse(leaf.validFrom) + BACKDATE_MS;
  return issuedMs + Math.min(MAX_AGE_MS, ((Date.parse(leaf.validTo) - issuedMs) * 2) / 3);
}

export interface RenewalOptions {
  readonly ctx: Pick<ControllerContext, 'store' | 'pki' | 'clock'>;
  readonly peer: Peer;
  readonly leaf: X509Certificate;
  /** Asks the peer for its requests. */
  readonly ask: () => void;
  readonly send: (issued: CertificateIssued) => void;
  /** A look at the store failed; the next change or connection looks again. */
  readonly onError: (error: unknown) => void;
}

/** The renewals of one connection; one request may follow each question. */
export interface CertificateRenewals {
  /** Asks when it is time, now or later. */
  start(): void;
  /** Asks at once if the certificate is due, if an administrator wants it renewed, or if its authority was replaced. */
  check(): Promise<void>;
  /** @throws AppError ERR_CONTROL_PEER_REFUSED when unasked, ERR_PKI_CSR_INVALID, ERR_PKI_COMMON_NAME */
  issue(request: CertificateRequest): Promise<void>;
  close(): void;
}

export function createCertificateRenewals(options: RenewalOptions): CertificateRenewals {
  const { ctx, peer, leaf, ask, send } = options;
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;
  let isClosed = false;

  const wait = (ms: number): void => {
    clearTimeout(timer);
    if (isClosed) return;
    timer = setTimeout(
      () => void check().catch(options.onError),
      Math.max(0, Math.min(ms, MAX_TIMER_MS)),
    );
    timer.unref();
  };
  const isWanted = async (): Promise<boolean> => {
    if (renewalDueMs(leaf) <= ctx.clock()) return true;
    if (isOfOlderAuthority(leaf, ctx.pki)) return true;
    if (peer.role === 'router') return false;
    const [authenticator] = await repositories.authenticators.find(ctx.store.db, {
      identityId: peer.id,
      method: 'cert',
      isExtendRequested: true,
    });
    return authenticator !== undefined;
  };
  const check = async (): Promise<void> => {
    if (isClosed || !(await isWanted())) {
      wait(renewalDueMs(leaf) - ctx.clock());
      return;
    }
    isAsked = true;
    ask();
    wait(RETRY_MS);
  };

  return {
    start: () => wait(0),
    check,
    issue: async (request) => {
      if (!isAsked) throw refused('a certificate was requested unasked');
      isAsked = false;
      send(await issueSuccessor(ctx, peer, request));
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

async function issueSuccessor(
  { store, pki }: RenewalOptions['ctx'],
  peer: Peer,
  { csr, serverCsr }: CertificateRequest,
): Promise<CertificateIssued> {
  const ca = pki.trustBundlePem;
  if (peer.role === 'router') {
    const { client, server } = await pki.issueRouter(csr, serverCsr ?? csr, peer.id);
    await store.write((tx) =>
      repositories.edgeRouters.update(tx, peer.id, {
        unverifiedCertPem: client.leafPem,
        unverifiedFingerprint: client.fingerprint,
      }),
    );
    return { cert: client.chainPem, serverCert: server.chainPem, ca };
  }
  const issued = await pki.issueConnector(csr, peer.id);
  await store.write((tx) =>
    repositories.authenticators.update(tx, peer.authenticatorId, {
      unverifiedCertPem: issued.leafPem,
      unverifiedFingerprint: issued.fingerprint,
    }),
  );
  return { cert: issued.chainPem, ca };
}

/** Issued before the present issuing authority was made: by one that no longer signs. */
function isOfOlderAuthority(
  leaf: X509Certificate,
  { issuingPem }: Pick<ControllerContext['pki'], 'issuingPem'>,
): boolean {
  const [issuing] = certificatesOf(issuingPem);
  if (issuing === undefined || leaf.verify(issuing.publicKey)) return false;
  return Date.parse(leaf.validFrom) < Date.parse(issuing.validFrom);
}
