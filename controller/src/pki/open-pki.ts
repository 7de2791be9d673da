import { EventEmitter } from 'node:events';
import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import * as x509 from '@postern/node/x509';
import { AppError } from '@postern/shared/errors';
import { SignJWT } from 'jose';
import { LONGEST_LEAF_MS, loadAuthorities, type Replacement } from './authorities.ts';
import {
  certificateFromPem,
  certificateToPem,
  certsOnlyPkcs7,
  fingerprintOf,
  generateKeyPair,
  privateKeyToPem,
  signCertificate,
} from './certificates.ts';
import type { IssuedCertificate, Pki, ServerCredential } from './pki.ts';
import { parseSigningRequest, type SigningRequest } from './signing-request.ts';

const DAY_MS = 86_400_000;
const SESSION_LIFETIME_MS = DAY_MS / 2;
/** Certificates of routers, and of connectors once renewed. */
const DEFAULT_PART_LIFETIME_MS = 30 * DAY_MS;
const SERVER_LIFETIME_MS = 90 * DAY_MS;
/** The server leaf is replaced when less than this is left. */
const SERVER_RENEWAL_MS = 30 * DAY_MS;
const RENEWAL_CHECK_MS = 3_600_000;

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export interface PkiOptions {
  /** Folder of keys and certificates. */
  dir: string;
  trustDomain: string;
  /** Host names and addresses of the server certificate. */
  serverNames: readonly string[];
  /** Told of a renewal that failed; it is tried again within the hour. */
  onError?: (error: unknown) => void;
  /** Term of certificates of routers, and of connectors once renewed. Default 30 days. */
  partLifetimeMs?: number;
  clock: () => number;
}

/** Opens the certificate authority in `dir`, making root, issuing CA and server leaf at first start. */
export async function openPki(options: PkiOptions): Promise<Pki> {
  const { dir, trustDomain, serverNames, clock } = options;
  const { partLifetimeMs = DEFAULT_PART_LIFETIME_MS, onError = () => undefined } = options;
  let { root, issuing, retired } = await loadAuthorities(dir, trustDomain, clock());
  const issuingPem = (): string => certificateToPem(issuing.certificate);
  const bundle = (): string =>
    [root, issuing.certificate, ...retired].map(certificateToPem).join('');
  const names = [...new Set(serverNames)].sort();
  let server = await loadServer();
  const events = new EventEmitter<{ renewed: [] }>();

  /** Takes what is in the folder by now, and replaces what is due there. */
  const renew = async (replacement?: Replacement): Promise<void> => {
    const before = bundle();
    ({ root, issuing, retired } = await loadAuthorities(dir, trustDomain, clock(), replacement));
    if (bundle() === before && server.notAfterMs - clock() > SERVER_RENEWAL_MS) return;
    server = await makeServer();
    events.emit('renewed');
  };
  const timer = setInterval(() => {
    // Tried again at the next check, with weeks of validity left.
    renew().catch((error: unknown) => onError(error));
  }, RENEWAL_CHECK_MS);
  timer.unref();

  async function issue(
    request: Pick<SigningRequest, 'subject' | 'publicKey'>,
    lifetimeMs: number,
    usage: string[],
    alternativeNames: x509.JsonGeneralNames,
  ): Promise<IssuedCertificate> {
    const certificate = await signCertificate(
      {
        subject: request.subject,
        publicKey: request.publicKey,
        notBeforeMs: clock(),
        // Past the end of its issuer a certificate is worth nothing: it says so itself.
        lifetimeMs: Math.min(lifetimeMs, issuing.certificate.notAfter.getTime() - clock()),
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension(usage),
          new x509.SubjectAlternativeNameExtension(alternativeNames),
        ],
      },
      issuing,
    );
    const leafPem = certificateToPem(certificate);
    return {
      leafPem,
      chainPem: leafPem + issuingPem(),
      fingerprint: fingerprintOf(certificate),
      subject: certificate.subject,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
    };
  }

  async function issueIdentity(csrPem: string, identityId: string, lifetimeMs: number) {
    return issue(
      await parseSigningRequest(csrPem),
      lifetimeMs,
      [CLIENT_AUTH],
      [{ type: 'url', value: `spiffe://${trustDomain}/identity/${identityId}` }],
    );
  }

  async function makeServer() {
    const { publicKey, privateKey } = await generateKeyPair();
    const { chainPem } = await issue(
      { subject: 'CN=Postern controller', publicKey },
      SERVER_LIFETIME_MS,
      [SERVER_AUTH],
      [
        ...names.map((value) => ({
          type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
          value,
        })),
        { type: 'url' as const, value: `spiffe://${trustDomain}/controller` },
      ],
    );
    // One file, so that key and certificate are always of one pair.
    await writeDurably(join(dir, 'server.pem'), (await privateKeyToPem(privateKey)) + chainPem);
    return describeServer((await privateKeyToPem(privateKey)) + chainPem);
  }

  async function loadServer() {
    const pem = await readIfPresent(join(dir, 'server.pem'));
    if (pem === undefined) return makeServer();
    const described = describeServer(pem);
    const usable =
      described.notAfterMs - clock() > SERVER_RENEWAL_MS &&
      names.every((name) => described.names.has(name));
    return usable && pem.includes(issuingPem()) ? described : makeServer();
  }

  return {
    trustDomain,
    get trustBundlePem() {
      return bundle();
    },
    get issuingPem() {
      return issuingPem();
    },
    get cacertsPkcs7() {
      return certsOnlyPkcs7([root, issuing.certificate, ...retired]);
    },
    server: () => server.credential,
    events,
    issueIdentity: (csrPem, identityId) => issueIdentity(csrPem, identityId, LONGEST_LEAF_MS),
    issueConnector: (csrPem, identityId) => issueIdentity(csrPem, identityId, partLifetimeMs),
    replaceIssuing: (replacement) => renew(replacement),
    async issueSession(csrPem, { certificateId, identityId, apiSessionId }) {
      const { publicKey } = await parseSigningRequest(csrPem);
      return issue(
        // Whatever the request calls itself, the certificate names the session alone.
        { subject: `CN=${apiSessionId}`, publicKey },
        SESSION_LIFETIME_MS,
        [CLIENT_AUTH],
        [
          {
            type: 'url',
            value: `spiffe://${trustDomain}/identity/${identityId}/apiSession/${apiSessionId}/apiSessionCertificate/${certificateId}`,
          },
        ],
      );
    },
    async issueRouter(csrPem, serverCsrPem, routerId) {
      const spiffe = { type: 'url' as const, value: `spiffe://${trustDomain}/router/${routerId}` };
      const requests = [
        await parseSigningRequest(csrPem),
        await parseSigningRequest(serverCsrPem),
      ] as const;
      for (const { commonName } of requests) {
        if (commonName !== routerId) {
          throw new AppError(
            'ERR_PKI_COMMON_NAME',
            'the common name of a router request must be the router id',
          );
        }
      }
      // One leaf is both a link's client and its server, so each carries both usages.
      const usage = [CLIENT_AUTH, SERVER_AUTH];
      return {
        client: await issue(requests[0], partLifetimeMs, usage, [spiffe]),
        server: await issue(requests[1], partLifetimeMs, usage, [
          spiffe,
          ...requests[1].serverNames,
        ]),
      };
    },
    signWithServerKey: (payload) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', kid: server.fingerprint, typ: 'JWT' })
        .sign(createPrivateKey(server.credential.keyPem)),
    close: () => clearInterval(timer),
  };
}

function describeServer(pem: string) {
  const [keyPem = '', ...certificates] = pem.split(/(?=-----BEGIN )/);
  const leaf = certificateFromPem(certificates[0] ?? '');
  const names = leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const credential: ServerCredential = { keyPem, certChainPem: certificates.join('') };
  return {
    credential,
    fingerprint: fingerprintOf(leaf),
    notAfterMs: leaf.notAfter.getTime(),
    names: new Set(names.map(({ value }) => value)),
  };
}
