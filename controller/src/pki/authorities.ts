import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import * as x509 from '@postern/node/x509';
import { AppError } from '@postern/shared/errors';
import {
  certificateFromPem,
  certificatesFromPem,
  certificateToPem,
  generateKeyPair,
  privateKeyFromPem,
  privateKeyToPem,
  signCertificate,
  type Authority,
} from './certificates.ts';

const DAY_MS = 86_400_000;
const ROOT_LIFETIME_MS = 3650 * DAY_MS;
/** Longest term of anything the issuing CA signs: client certificates of identities. */
export const LONGEST_LEAF_MS = 365 * DAY_MS;
/** An issuing CA signs this long; the rest of its term is for what it signed last. */
const ISSUING_SIGNS_MS = 365 * DAY_MS;
/** The issuing CA is replaced when less than this is left; needs the root key in place. */
const ISSUING_RENEWAL_MS = LONGEST_LEAF_MS + 30 * DAY_MS;
const ISSUING_LIFETIME_MS = ISSUING_SIGNS_MS + ISSUING_RENEWAL_MS;

/** Issuing CAs that no longer sign, PEM; what they signed counts while they are in the bundle. */
const RETIRED_FILE = 'retired.crt';
/** Years of replacements by age; whoever replaces more often gives up the oldest. */
const MAX_RETIRED = 8;

export interface Authorities {
  readonly root: x509.X509Certificate;
  readonly issuing: Authority;
  /** Issuing CAs before it that are still in their time, newest first. */
  readonly retired: readonly x509.X509Certificate[];
}

/**
 * Why the issuing CA is replaced now, whatever its age: `renewed`, what it signed stays good until it
 * ends; `compromised`, what it and those before it signed is worth nothing from now on.
 */
export type Replacement = 'renewed' | 'compromised';

/**
 * Loads root and issuing CA from `dir`, making what is missing or due. The root key `root.key` is needed
 * only to make or renew the issuing CA: an operator may keep it elsewhere in between.
 *
 * @throws AppError ERR_PKI_ROOT_KEY_MISSING when one has to be made
 */
export async function loadAuthorities(
  dir: string,
  trustDomain: string,
  nowMs: number,
  replacement?: Replacement,
): Promise<Authorities> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const file = (name: string) => join(dir, name);
  const rootPem = await readIfPresent(file('root.crt'));
  const root =
    rootPem === undefined ? await makeRoot(file, trustDomain, nowMs) : certificateFromPem(rootPem);

  const issuing = await readIssuing(file);
  const retired = certificatesFromPem((await readIfPresent(file(RETIRED_FILE))) ?? '').filter(
    ({ notAfter }) => notAfter.getTime() > nowMs,
  );
  const rootKeyPem = await readIfPresent(file('root.key'));
  const isDue =
    issuing === undefined || issuing.certificate.notAfter.getTime() - nowMs < ISSUING_RENEWAL_MS;
  const isKept = replacement === undefined && (!isDue || rootKeyPem === undefined);
  if (issuing !== undefined && isKept) return { root, issuing, retired };
  if (rootKeyPem === undefined)
    throw new AppError(
      'ERR_PKI_ROOT_KEY_MISSING',
      `root.key must be in ${dir} to make an issuing CA`,
    );
  const kept =
    replacement === 'compromised' || issuing === undefined
      ? []
      : [issuing.certificate, ...retired].slice(0, MAX_RETIRED);
  await writeDurably(file(RETIRED_FILE), kept.map(certificateToPem).join(''), 0o644);
  const rootAuthority = { certificate: root, privateKey: await privateKeyFromPem(rootKeyPem) };
  return {
    root,
    issuing: await makeIssuing(file, rootAuthority, trustDomain, nowMs),
    retired: kept,
  };
}

/** `undefined` when there is none, or when a crash left key and certificate of two of them. */
async function readIssuing(file: (name: string) => string): Promise<Authority | undefined> {
  const pem = await readIfPresent(file('issuing.crt'));
  if (pem === undefined) return undefined;
  const keyPem = await readFile(file('issuing.key'), 'utf8');
  if (!new X509Certificate(pem).checkPrivateKey(createPrivateKey(keyPem))) return undefined;
  return { certificate: certificateFromPem(pem), privateKey: await privateKeyFromPem(keyPem) };
}

const authorityUsage = (pathLength?: number): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
];

async function makeRoot(file: (name: string) => string, trustDomain: string, nowMs: number) {
  const { publicKey, privateKey } = await generateKeyPair();
  const certificate = await signCertificate(
    {
      subject: `CN=${trustDomain} root CA`,
      publicKey,
      notBeforeMs: nowMs,
      lifetimeMs: ROOT_LIFETIME_MS,
      extensions: authorityUsage(),
    },
    { selfKey: privateKey },
  );
  await writeDurably(file('root.key'), await privateKeyToPem(privateKey));
  await writeDurably(file('root.crt'), certificateToPem(certificate), 0o644);
  return certificate;
}

async function makeIssuing(
  file: (name: string) => string,
  root: Authority,
  trustDomain: string,
  nowMs: number,
): Promise<Authority> {
  const { publicKey, privateKey } = await generateKeyPair();
  const certificate = await signCertificate(
    {
      subject: `CN=${trustDomain} issuing CA`,
      publicKey,
      notBeforeMs: nowMs,
      lifetimeMs: ISSUING_LIFETIME_MS,
      extensions: [
        ...authorityUsage(0),
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: `spiffe://${trustDomain}` },
        ]),
      ],
    },
    root,
  );
  await writeDurably(file('issuing.key'), await privateKeyToPem(privateKey));
  await writeDurably(file('issuing.crt'), certificateToPem(certificate), 0o644);
  return { certificate, privateKey };
}
