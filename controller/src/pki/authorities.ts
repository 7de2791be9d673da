import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import * as x509 from '@postern/node/x509';
import {
  certificateFromPem,
  certificateToPem,
  generateKeyPair,
  privateKeyFromPem,
  privateKeyToPem,
  signCertificate,
  type Authority,
} from './certificates.ts';

const DAY_MS = 86_400_000;
const ROOT_LIFETIME_MS = 3650 * DAY_MS;
const ISSUING_LIFETIME_MS = 365 * DAY_MS;
/** The issuing CA is replaced when less than this is left; needs the root key in place. */
const ISSUING_RENEWAL_MS = 60 * DAY_MS;

export interface Authorities {
  readonly root: x509.X509Certificate;
  readonly issuing: Authority;
}

/**
 * Loads root and issuing CA from `dir`, making what is missing. The root key `root.key` is needed
 * only to make or renew the issuing CA: an operator may keep it elsewhere in between.
 */
export async function loadAuthorities(
  dir: string,
  trustDomain: string,
  nowMs: number,
): Promise<Authorities> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const file = (name: string) => join(dir, name);
  const rootPem = await readIfPresent(file('root.crt'));
  const root =
    rootPem === undefined ? await makeRoot(file, trustDomain, nowMs) : certificateFromPem(rootPem);

  const issuingPem = await readIfPresent(file('issuing.crt'));
  const issuing = issuingPem === undefined ? undefined : certificateFromPem(issuingPem);
  const rootKeyPem = await readIfPresent(file('root.key'));
  const due = issuing === undefined || issuing.notAfter.getTime() - nowMs < ISSUING_RENEWAL_MS;
  if (issuing !== undefined && (!due || rootKeyPem === undefined)) {
    return {
      root,
      issuing: {
        certificate: issuing,
        privateKey: await privateKeyFromPem(await readFile(file('issuing.key'), 'utf8')),
      },
    };
  }
  if (rootKeyPem === undefined)
    throw new Error(`root.key must be in ${dir} to make the issuing CA`);
  const rootAuthority = { certificate: root, privateKey: await privateKeyFromPem(rootKeyPem) };
  return { root, issuing: await makeIssuing(file, rootAuthority, trustDomain, nowMs) };
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
