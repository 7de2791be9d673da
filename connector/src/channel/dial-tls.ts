import { type PeerCertificate, type TLSSocket, checkServerIdentity, connect } from 'node:tls';
import { AppError } from '@postern/shared/errors';
import type { Identity } from '../enroll/identity-file.ts';
import { ownSpiffeName, parseSpiffeName } from './peer-identity.ts';

export interface DialTlsOptions {
  /** `tls:host:port`. */
  address: string;
  alpn: string;
  identity: Identity;
  /** Router that must answer. Absent: a controller, checked by host name. */
  routerId?: string;
  /** Default 5 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Opens mutual TLS 1.3 to another part. Only our own authorities count, and of the chain only the
 * leaf whose key the handshake proved. Throws `ERR_CONNECTOR_PEER_UNREACHABLE`.
 */
export function dialTls(options: DialTlsOptions): Promise<TLSSocket> {
  const { host, port } = splitAddress(options.address);
  const { identity, routerId, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ALPNProtocols: [options.alpn],
      minVersion: 'TLSv1.3',
      key: identity.key,
      cert: identity.cert,
      ca: identity.ca,
      checkServerIdentity:
        routerId === undefined
          ? (name, leaf) => checkServerIdentity(name, leaf) ?? checkController(leaf, identity)
          : (_host, leaf) => checkRouter(leaf, ownSpiffeName(identity.cert).domain, routerId),
    });
    const fail = (cause: unknown) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(
        new AppError('ERR_CONNECTOR_PEER_UNREACHABLE', `no connection to ${options.address}`, {
          cause,
          retryable: true,
        }),
      );
    };
    const onAbort = () => fail(signal?.reason);
    const timer = setTimeout(() => fail(new Error('timed out')), options.timeoutMs ?? 5_000);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== options.alpn) {
        fail(new Error('peer speaks another protocol'));
        return;
      }
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', fail);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** A host name alone would let a router on the same machine pass for the controller. */
function checkController(leaf: PeerCertificate, identity: Identity): Error | undefined {
  const name = parseSpiffeName(leaf.subjectaltname);
  const isExpected =
    name?.domain === ownSpiffeName(identity.cert).domain && name.role === 'controller';
  return isExpected ? undefined : new Error('certificate is not a controller’s');
}

function checkRouter(leaf: PeerCertificate, domain: string, routerId: string): Error | undefined {
  const name = parseSpiffeName(leaf.subjectaltname);
  const isExpected = name?.domain === domain && name.role === 'router' && name.id === routerId;
  return isExpected ? undefined : new Error('certificate is not this router’s');
}

function splitAddress(address: string): { host: string; port: number } {
  const match = /^tls:(.+):(\d{1,5})$/.exec(address);
  const [, host, port] = match ?? [];
  if (host === undefined || port === undefined) {
    throw new AppError('ERR_CONNECTOR_PEER_UNREACHABLE', `${address} is not an address`);
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}
