import {
  beginEnrollment,
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from '@postern/node/enroll';
import { AppError } from '@postern/shared/errors';
import type { RouterIdentity } from './identity-store.ts';

/**
 * Spends a router's enrollment token. `serverNames`: host names and addresses the server certificate
 * is for.
 *
 * @throws AppError `ERR_ENROLL_TOKEN` (not acceptable), `ERR_ENROLL_REFUSED` (the controller says no)
 * or `ERR_CONTROLLER_UNREACHABLE`.
 */
export async function enroll(
  token: string,
  serverNames: readonly string[],
): Promise<RouterIdentity> {
  const enrollment = await beginEnrollment(token, 'erott');
  const keys = await generateCertificateKeys();
  const { cert, serverCert } = await enrollment.redeem(
    'application/json',
    JSON.stringify({
      certCsr: await createCertificateRequest(keys, enrollment.id),
      serverCertCsr: await createCertificateRequest(keys, enrollment.id, serverNames),
    }),
  );
  if (serverCert === undefined) {
    throw new AppError('ERR_ENROLL_REFUSED', 'the controller issued no server certificate');
  }
  return {
    key: privateKeyPem(keys),
    clientCert: cert,
    serverCert,
    ca: enrollment.ca,
    controllers: [...enrollment.controlAddresses],
  };
}
