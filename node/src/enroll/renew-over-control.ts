import type { Logger } from '@postern/shared/log';
import type { ControlConnection, ControlConnectionOptions } from '@postern/shared/protocol/control';
import type { CertificateRenewal, Credential } from './certificate-renewal.ts';

type Handlers = Required<
  Pick<ControlConnectionOptions, 'onRenewCertificate' | 'onCertificateIssued'>
>;

/**
 * A control connection's part in renewals: answers the controller's question with a request, and when
 * the certificate has come keeps it, then ends the connection. The next one shows that it has arrived.
 * Circuits and links know nothing of it. What fails is logged; the controller will ask again.
 */
export function renewOverControl(
  renewal: CertificateRenewal,
  keep: (successor: Credential) => Promise<void>,
  connection: () => Pick<ControlConnection, 'requestCertificate' | 'close'>,
  logger: Logger,
): Handlers {
  const report = (error: unknown): void => logger.error('certificate.not-renewed', { error });
  const answer = async (): Promise<void> => {
    connection().requestCertificate(await renewal.request());
  };
  return {
    onRenewCertificate: () => void answer().catch(report),
    onCertificateIssued: (issued) => {
      const take = async (): Promise<void> => {
        await keep(renewal.accept(issued));
        logger.info('certificate.renewed');
        connection().close({ code: 'OK', message: 'the certificate was renewed', retryable: true });
      };
      void take().catch(report);
    },
  };
}
