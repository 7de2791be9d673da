/** Dialing another part of the network over mutual TLS and proving who answered. */
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { AppError } from '@postern/shared/errors';
import { parseTlsAddress } from './address.ts';
import { peerIdentity, type PeerIdentity } from './peer-identity.ts';

const DEFAULT_TIMEOUT_MS = 5_000;

export interface DialTlsOptions {
  /** `tls:host:port`; IPv6 in brackets. */
  address: string;
  alpn: string;
  /** PEM. */
  key: string;
  cert: string;
  ca: string;
  /** Until the handshake is done. Default 5 s. */
  timeoutMs?: number;
  /** Exactly who must answer. */
  expected: PeerIdentity;
  signal: AbortSignal;
}

/**
 * A mutual-TLS 1.3 connection to exactly the expected part. The SPIFFE id of the leaf whose key the
 * handshake proved decides, not a host name: names in addresses come from those who advertise them.
 *
 * @throws AppError `ERR_PEER_IDENTITY`, `ERR_DIAL_FAILED` or `ERR_DIAL_ADDRESS`
 */
export function dialTls(options: DialTlsOptions): Promise<TLSSocket> {
  const { host, port } = parseTlsAddress(options.address);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      key: options.key,
      cert: options.cert,
      ca: options.ca,
      ALPNProtocols: [options.alpn],
      minVersion: 'TLSv1.3',
      checkServerIdentity: () => undefined,
      ...(isIP(host) === 0 && { servername: host }),
    });
    const deadline = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = AbortSignal.any([options.signal, deadline]);
    const fail = (cause?: unknown): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      const retryable = true;
      reject(
        cause instanceof AppError
          ? cause
          : new AppError('ERR_DIAL_FAILED', `no connection to ${options.address}`, {
              cause,
              retryable,
            }),
      );
    };
    const onAbort = (): void => fail(signal.reason);
    if (signal.aborted) {
      fail(signal.reason);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', fail);
    socket.once('secureConnect', () => {
      try {
        checkPeer(socket, options);
      } catch (error) {
        fail(error);
        return;
      }
      signal.removeEventListener('abort', onAbort);
      socket.off('error', fail);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function checkPeer(socket: TLSSocket, { expected, alpn, ca }: DialTlsOptions): void {
  const found = peerIdentity(socket, ca);
  const matches =
    found.role === expected.role &&
    found.id === expected.id &&
    found.trustDomain === expected.trustDomain;
  if (!matches) throw new AppError('ERR_PEER_IDENTITY', 'another part answered than was dialed');
  if (socket.alpnProtocol !== alpn)
    throw new AppError('ERR_PEER_IDENTITY', 'peer does not speak our protocol');
}
