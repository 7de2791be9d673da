import { createPrivateKey, createPublicKey, webcrypto, type KeyObject } from 'node:crypto';
import { generateCertificateKeys } from '@postern/node/enroll';
import { X509Certificate, X509CertificateGenerator, cryptoProvider } from '@postern/node/x509';
import { AppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import { resolveId } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { kindAt } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import { readFileBounded, readSecret } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

const LIFETIME_MS = 3_600_000;

interface VerifyFlags extends SessionFlags {
  cert?: string;
  cacert?: string;
  cakey?: string;
  passphraseFile?: string;
}

/** `postern edge verify ca`: proves to the controller that one holds the key of an authority. */
export function addVerifyCommand(edge: Command, terminal: Terminal): void {
  const verify = edge.command('verify').description('Prove something to the controller');
  withSession(
    verify
      .command('ca')
      .description(
        'prove that you hold the key of a certificate authority, before its certificates count',
      )
      .argument('<ca>', 'id or name')
      .option(
        '-c, --cert <file>',
        'a certificate of it whose common name is the verification token',
      )
      .option('-a, --cacert <file>', 'or make that here: its certificate')
      .option('-k, --cakey <file>', 'and its key, which stays here')
      .option(
        '--passphrase-file <file>',
        'of an encrypted key; -: standard input (default: asked for)',
      ),
  )
    .addHelpText(
      'after',
      examples('postern edge verify ca partner --cacert partner.crt --cakey partner.key'),
    )
    .action(async (wanted: string, flags: VerifyFlags) => {
      const { cert, cacert, cakey } = flags;
      if (cert === undefined && (cacert === undefined || cakey === undefined)) {
        throw new AppError(
          'ERR_CLI_USAGE',
          'Give --cert <file>, or --cacert <file> and --cakey <file>',
        );
      }
      await withClient(terminal, flags, async (client) => {
        const id = await resolveId(client, kindAt('cas'), wanted);
        let proof: string;
        if (cert !== undefined) proof = await readFileBounded(cert);
        else {
          const { verificationToken } = await client.detail(`cas/${id}`);
          if (typeof verificationToken !== 'string' || verificationToken === '') {
            throw new AppError('ERR_CLI_API', `The authority ${wanted} is verified already`);
          }
          const key = await readKey(terminal, cakey ?? '', flags.passphraseFile);
          proof = await signVerification(
            await readFileBounded(cacert ?? ''),
            key,
            verificationToken,
          );
        }
        await client.call('POST', `cas/${id}/verify`, { body: proof, contentType: 'text/plain' });
        terminal.out(printable(`Verified ca ${wanted}\n`));
      });
    });
}

async function readKey(
  terminal: Terminal,
  path: string,
  passphraseFile: string | undefined,
): Promise<KeyObject> {
  const key = await readFileBounded(path);
  const isEncrypted = key.includes('ENCRYPTED');
  try {
    return createPrivateKey(
      isEncrypted
        ? { key, passphrase: await readSecret(terminal, `Passphrase of ${path}`, passphraseFile) }
        : key,
    );
  } catch (cause) {
    throw new AppError('ERR_CLI_INPUT', `Cannot read the private key in ${path}`, { cause });
  }
}

/** A certificate for the token's name, of a key that is thrown away. PEM. @throws AppError `ERR_CLI_INPUT` */
export async function signVerification(
  caPem: string,
  caKey: KeyObject,
  token: string,
): Promise<string> {
  cryptoProvider.set(webcrypto as never);
  const algorithm = signingAlgorithm(caKey);
  try {
    const ca = new X509Certificate(caPem);
    const signingKey = await webcrypto.subtle.importKey(
      'pkcs8',
      caKey.export({ type: 'pkcs8', format: 'der' }),
      algorithm,
      false,
      ['sign'],
    );
    const { publicKey } = await generateCertificateKeys();
    const now = Date.now();
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [token] }],
      issuer: ca.subjectName.toJSON(),
      publicKey: publicKey as never,
      signingKey: signingKey as never,
      signingAlgorithm: algorithm as never,
      notBefore: new Date(now - 60_000),
      notAfter: new Date(now + LIFETIME_MS),
    });
    return certificate.toString('pem');
  } catch (cause) {
    throw new AppError(
      'ERR_CLI_INPUT',
      'Cannot sign with this certificate and key: do they belong together?',
      { cause },
    );
  }
}

const curves: Record<string, string> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function signingAlgorithm(key: KeyObject) {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(key);
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const namedCurve = curves[asymmetricKeyDetails?.namedCurve ?? ''];
  if (asymmetricKeyType === 'ec' && namedCurve !== undefined) {
    return { name: 'ECDSA', namedCurve, hash: namedCurve === 'P-384' ? 'SHA-384' : 'SHA-256' };
  }
  throw new AppError(
    'ERR_CLI_INPUT',
    `Keys of type ${asymmetricKeyType ?? 'unknown'} cannot be used here: RSA or NIST curves can`,
  );
}
