import {
  beginEnrollment,
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from '@postern/node/enroll';
import type { Identity } from './identity-file.ts';

/**
 * Spends an enrollment token of an identity. Throws `ERR_ENROLL_TOKEN` (not acceptable),
 * `ERR_ENROLL_REFUSED` (the controller says no) or `ERR_CONTROLLER_UNREACHABLE`.
 */
export async function enroll(token: string): Promise<Identity> {
  const enrollment = await beginEnrollment(token, 'ott');
  const keys = await generateCertificateKeys();
  const request = await createCertificateRequest(keys, enrollment.id);
  const { cert } = await enrollment.redeem('application/x-pem-file', request);
  return {
    apiUrl: enrollment.apiUrl,
    key: privateKeyPem(keys),
    cert,
    ca: enrollment.ca,
    controlAddresses: enrollment.controlAddresses.slice(0, 16),
  };
}
