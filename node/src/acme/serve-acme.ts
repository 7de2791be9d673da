/** ACME for one HTTPS server. */
import type { Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { AcmeCertificates } from './acme-certificates.ts';

const MIN_VERSION = 'TLSv1.3' as const;

/** Options of the server at its start; without a certificate it refuses every handshake. */
export function acmeTlsOptions({ current }: AcmeCertificates): {
  key?: string;
  cert?: string;
  minVersion: typeof MIN_VERSION;
} {
  return { ...(current && { key: current.key, cert: current.cert }), minVersion: MIN_VERSION };
}

/**
 * From now on each new certificate serves new connections; those that are open stay.
 *
 * @param server one for HTTPS
 */
export function keepInCertificates(server: Server, certificates: AcmeCertificates): void {
  if (!(server instanceof TlsServer)) throw new TypeError('ACME is for TLS servers');
  certificates.start(({ key, cert }) =>
    server.setSecureContext({ key, cert, minVersion: MIN_VERSION }),
  );
}
