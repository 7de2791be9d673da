/**
 * What ACME keeps on disk, all with mode 0600: `account-key.pem`, and `certificate.pem`, which holds the key and
 * the chain in one file, so that they are replaced together. Both lie in a folder named for the ACME server:
 * neither a certificate for tests nor an account goes over to another.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '@postern/shared/errors';
import type { AcmeConfig } from '@postern/shared/schemas';
import { generateCertificateKeys, privateKeyPem } from '../enroll/index.ts';
import { readIfPresent, writeDurably } from '../files/index.ts';
import { parseIssued, type IssuedCertificate } from './issued-certificate.ts';

const KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/;

/** File of the key and certificate that are in use. */
export function acmeCertificateFile({
  stateDir,
  directoryUrl,
}: Pick<AcmeConfig, 'stateDir' | 'directoryUrl'>): string {
  const digest = createHash('sha256').update(directoryUrl).digest('hex').slice(0, 8);
  return join(stateDir, `${new URL(directoryUrl).hostname}-${digest}`, 'certificate.pem');
}

export class AcmeStore {
  readonly #certificateFile: string;
  readonly #accountFile: string;

  constructor(config: AcmeConfig) {
    this.#certificateFile = acmeCertificateFile(config);
    this.#accountFile = join(this.#certificateFile, '..', 'account-key.pem');
  }

  /**
   * The account's key, made when there is none; P-256.
   *
   * @throws AppError `ERR_ACME_STORE` when it cannot be read or written
   */
  async accountKey(): Promise<string> {
    return this.#orFail(this.#accountFile, async () => {
      const kept = await readIfPresent(this.#accountFile);
      if (kept !== undefined) return kept;
      const key = privateKeyPem(await generateCertificateKeys());
      await writeDurably(this.#accountFile, key);
      return key;
    });
  }

  /**
   * The certificate kept, or why there is none to use (`ERR_ACME_CERTIFICATE`): it ended, or is for other names.
   *
   * @throws AppError `ERR_ACME_STORE` when the file cannot be read
   */
  async certificate(
    names: readonly string[],
    nowMs: number,
  ): Promise<IssuedCertificate | AppError | undefined> {
    const text = await this.#orFail(this.#certificateFile, () =>
      readIfPresent(this.#certificateFile),
    );
    if (text === undefined) return undefined;
    try {
      return parseIssued({ key: KEY.exec(text)?.[0] ?? '', cert: text }, names, nowMs);
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  /** @throws AppError `ERR_ACME_STORE` */
  async keep({ key, cert }: IssuedCertificate): Promise<void> {
    await this.#orFail(this.#certificateFile, () =>
      writeDurably(this.#certificateFile, `${key.trimEnd()}\n${cert}`),
    );
  }

  async #orFail<T>(file: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : 'unknown';
      throw new AppError('ERR_ACME_STORE', `${file} cannot be read or written: ${why}`, { cause });
    }
  }
}
