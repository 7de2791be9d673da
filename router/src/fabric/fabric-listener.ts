/**
 * The mutual-TLS listener: links by ALPN `postern-link`, connectors and SDKs of OpenZiti by `ziti-edge` or
 * none. Only the leaf
 * the handshake proved counts, in exactly the role the protocol asks for.
 */
import { createServer, type TLSSocket } from 'node:tls';
import { listen, type Listener } from '@postern/node/listen';
import { peerIdentity, programIdentity } from '@postern/node/tls';
import { AppError } from '@postern/shared/errors';
import { HELLO_LIMITS } from '@postern/shared/protocol/channel';
import { EDGE_ALPN, LINK_ALPN } from '@postern/shared/schemas';
import type { OwnIdentity } from '../enroll/identity-store.ts';
import { acceptLink, type LinkDeps } from '../links/link-connection.ts';
import type { AddressLimiter } from '../net/address-limiter.ts';
import type { PeerContext } from '../net/peer-context.ts';
import { TlsFrameSocket } from '../net/tls-frame-socket.ts';
import { gateUnauthenticated, type Settle } from '../net/unauthenticated-gate.ts';
import { acceptProgram } from './accept-program.ts';

interface FabricListenerOptions {
  host: string;
  port: number;
  identity: OwnIdentity;
  trustDomain: string;
  context: PeerContext;
  links: LinkDeps;
  limiter: AddressLimiter;
}

export async function startFabricListener(options: FabricListenerOptions): Promise<Listener> {
  const { identity, context, limiter } = options;
  const { helloTimeoutMs } = context.limits;
  const secureContext = () => {
    const { key, serverCert: cert, ca } = identity.current;
    // 1.2 is for SDKs of OpenZiti built on mbedTLS; whoever is ours is held to 1.3 below.
    return { key, cert, ca, minVersion: 'TLSv1.2' as const };
  };
  const server = createServer({
    ...secureContext(),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: [LINK_ALPN, EDGE_ALPN],
    handshakeTimeout: helloTimeoutMs,
  });
  identity.onReplaced(() => server.setSecureContext(secureContext()));
  const settleOf = gateUnauthenticated(server, limiter, helloTimeoutMs);
  server.on('tlsClientError', (error) =>
    context.logger.debug('fabric.handshake-failed', { error }),
  );
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    try {
      accept(options, socket, settleOf(socket));
    } catch (error) {
      context.logger.warn('fabric.peer-refused', { remote: socket.remoteAddress, error });
      socket.destroy();
    }
  });
  return listen(server, options.host, options.port);
}

function accept(options: FabricListenerOptions, socket: TLSSocket, settle: Settle): void {
  const { context, links, trustDomain, identity } = options;
  const { ca } = identity.current;
  const frames = (): TlsFrameSocket => new TlsFrameSocket(socket, HELLO_LIMITS, context.budget);
  const isModern = socket.getProtocol() === 'TLSv1.3';
  if (socket.alpnProtocol === LINK_ALPN) {
    if (!isModern) throw notOurs('a router');
    const peer = peerIdentity(socket, ca);
    if (peer.role !== 'router' || peer.trustDomain !== trustDomain) throw notOurs('a router');
    acceptLink(links, frames(), peer.id, settle);
  } else {
    const { trustDomain: domain, ...program } = programIdentity(socket, ca);
    if (domain !== trustDomain) throw notOurs('an identity');
    acceptProgram(context, frames(), { ...program, isModern }, settle);
  }
}

function notOurs(role: string): AppError {
  return new AppError('ERR_PEER_IDENTITY', `certificate is not that of ${role} of this network`);
}
