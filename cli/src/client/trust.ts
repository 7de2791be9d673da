/**
 * Whom to trust at an address: the system's authorities, those in a file, or, the first time, those
 * the controller itself names, once a person (or `--fingerprint`) has confirmed their fingerprint.
 */
import { X509Certificate } from 'node:crypto';
import { AppError, isAppError } from '@postern/shared/errors';
import { Agent, request } from 'undici';
import { printable } from '../terminal/printable.ts';
import { readFileBounded } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { EdgeClient, isUntrusted } from './edge-client.ts';

const MAX_BUNDLE_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;

export interface TrustOptions {
  /** PEM file of authorities. */
  caFile?: string | undefined;
  /** SHA-256 of the root's certificate, hexadecimal, colons or not. */
  fingerprint?: string | undefined;
  /** PEM trusted before at this address. */
  known?: string | undefined;
}

/**
 * PEM of the authorities to trust at an address; `undefined`: the system's do.
 * @throws AppError `ERR_CLI_TRUST` (not confirmed, or another's), `ERR_CLI_UNREACHABLE`, `ERR_CLI_INPUT`
 */
export async function establishTrust(
  terminal: Terminal,
  origin: string,
  { caFile, fingerprint, known }: TrustOptions,
): Promise<string | undefined> {
  if (caFile !== undefined) return readFileBounded(caFile, MAX_BUNDLE_BYTES);
  for (const ca of known === undefined ? [undefined] : [known, undefined]) {
    if (fingerprint === undefined && (await isTrusted(origin, ca))) return ca;
  }
  const offered = await fetchAuthorities(origin);
  const roots = offered.filter(isRoot);
  const confirmed =
    fingerprint === undefined
      ? await confirm(terminal, origin, roots)
      : roots.filter((root) => normalise(root.fingerprint256) === normalise(fingerprint));
  if (confirmed.length === 0) {
    throw new AppError(
      'ERR_CLI_TRUST',
      fingerprint === undefined
        ? `${origin} is not trusted: nothing was sent to it`
        : `No root certificate of ${origin} has that fingerprint (it has ${describe(roots)}): is this the right controller?`,
    );
  }
  const ca = [...confirmed, ...offered.filter((one) => !isRoot(one))].map(String).join('');
  if (!(await isTrusted(origin, ca))) {
    throw new AppError(
      'ERR_CLI_TRUST',
      `The certificate of ${origin} is not issued by the authorities it names, or for another host`,
    );
  }
  return ca;
}

async function isTrusted(origin: string, ca: string | undefined): Promise<boolean> {
  const client = new EdgeClient({ origin, basePath: '', ca });
  try {
    await client.call('GET', 'version');
    return true;
  } catch (error) {
    if (isUntrusted(error)) return false;
    // It answered, if not with a version document: the connection was good.
    if (isAppError(error) && error.code !== 'ERR_CLI_UNREACHABLE') return true;
    throw error;
  } finally {
    await client.close();
  }
}

/** What the controller says its authorities are (RFC 7030 §4.1.3), from whoever answers. */
async function fetchAuthorities(origin: string): Promise<X509Certificate[]> {
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: false },
    maxResponseSize: MAX_BUNDLE_BYTES,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  try {
    // Loaded only at the first contact: it takes longer than most commands.
    const { X509Certificates } = await import('@postern/node/x509');
    const { body } = await request(`${origin}/.well-known/est/cacerts`, { dispatcher });
    const bundle = new X509Certificates(Buffer.from(await body.text(), 'base64'));
    return bundle.map((certificate) => new X509Certificate(Buffer.from(certificate.rawData)));
  } catch (cause) {
    throw new AppError(
      'ERR_CLI_TRUST',
      `${origin} does not say who certifies it: give its authorities with --ca <file>`,
      { cause },
    );
  } finally {
    await dispatcher.close();
  }
}

function isRoot(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

async function confirm(
  terminal: Terminal,
  origin: string,
  roots: X509Certificate[],
): Promise<X509Certificate[]> {
  terminal.err(
    printable(
      `${origin} is certified by an authority this machine does not know:\n\n  ${describe(roots)}\n\n` +
        'Compare it with what the controller’s operator sees:\n' +
        '  openssl x509 -in <dataDir>/pki/root.crt -noout -fingerprint -sha256\n',
    ),
  );
  if (!terminal.interactive) {
    throw new AppError(
      'ERR_CLI_TRUST',
      `${origin} is not trusted yet: give --ca <file> or --fingerprint <sha256>`,
    );
  }
  const answer = await terminal.ask('Is this the right fingerprint? (yes/no) ');
  return answer.trim().toLowerCase() === 'yes' ? roots : [];
}

function describe(roots: readonly X509Certificate[]): string {
  return (
    roots
      .map(
        ({ subject, fingerprint256 }) =>
          `${subject.replaceAll('\n', ', ')}, SHA-256 ${fingerprint256}`,
      )
      .join('\n  ') || 'none'
  );
}

function normalise(fingerprint: string): string {
  return fingerprint
    .replace(/^sha-?256[:=]/i, '')
    .replace(/[^0-9a-f]/gi, '')
    .toLowerCase();
}
