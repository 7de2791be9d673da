import {
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from '@postern/node/enroll';

/** A P-256 key and a PEM certificate request for it, as an enrolling client makes them. */
export async function makeCsr(commonName: string): Promise<{ csr: string; keyPem: string }> {
  const keys = await generateCertificateKeys();
  return { csr: await createCertificateRequest(keys, commonName), keyPem: privateKeyPem(keys) };
}
