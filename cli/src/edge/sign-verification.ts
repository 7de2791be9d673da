import { createPublicKey, webcrypto, type KeyObject } from 'node:crypto';
import { generateCertificateKeys } from '@postern/node/enroll';
import { X509Certificate, X509CertificateGenerator, cryptoProvider } from '@postern/node/x509';
import { AppError } from '@postern/shared/errors';

const LIFETIME_MS = 3_600_000;

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
