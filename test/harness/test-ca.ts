/** A certificate authority of somebody else, as an operator would bring it. */
import * as x509 from '../../node/src/x509/index.ts';
import {
  certificateToPem,
  generateKeyPair,
  privateKeyToPem,
  signCertificate,
  type Authority,
} from '../../controller/src/pki/certificates.ts';

const DAY_MS = 86_400_000;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export interface LeafOptions {
  notBeforeMs?: number;
  lifetimeMs?: number;
  /** Extended key usages; default: client authentication. */
  usages?: string[];
  names?: x509.JsonGeneralNames;
  isCa?: boolean;
}

export class TestCa {
  readonly pem: string;
  readonly #authority: Authority;

  private constructor(authority: Authority) {
    this.#authority = authority;
    this.pem = certificateToPem(authority.certificate);
  }

  static async create(name: string, { pathLength }: { pathLength?: number } = {}): Promise<TestCa> {
    const { publicKey, privateKey } = await generateKeyPair();
    const certificate = await signCertificate(
      {
        subject: `CN=${name}`,
        publicKey,
        notBeforeMs: Date.now() - DAY_MS,
        lifetimeMs: 365 * DAY_MS,
        extensions: authorityExtensions(pathLength),
      },
      { selfKey: privateKey },
    );
    return new TestCa({ certificate, privateKey });
  }

  /** An authority below this one. */
  async intermediate(name: string): Promise<TestCa> {
    const { publicKey, privateKey } = await generateKeyPair();
    const certificate = await signCertificate(
      {
        subject: `CN=${name}`,
        publicKey,
        notBeforeMs: Date.now() - DAY_MS,
        lifetimeMs: 30 * DAY_MS,
        extensions: authorityExtensions(),
      },
      this.#authority,
    );
    return new TestCa({ certificate, privateKey });
  }

  /** A client certificate with its key, PEM. */
  async leaf(
    commonName: string,
    {
      notBeforeMs = Date.now(),
      lifetimeMs = DAY_MS,
      usages = [CLIENT_AUTH],
      names,
      isCa,
    }: LeafOptions = {},
  ): Promise<{ cert: string; key: string }> {
    const { publicKey, privateKey } = await generateKeyPair();
    const certificate = await signCertificate(
      {
        subject: `CN=${commonName}`,
        publicKey,
        notBeforeMs,
        lifetimeMs,
        extensions: [
          new x509.BasicConstraintsExtension(isCa ?? false, undefined, true),
          ...(usages.length > 0 ? [new x509.ExtendedKeyUsageExtension(usages)] : []),
          ...(names ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        ],
      },
      this.#authority,
    );
    return { cert: certificateToPem(certificate), key: await privateKeyToPem(privateKey) };
  }
}

function authorityExtensions(pathLength?: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
  ];
}
