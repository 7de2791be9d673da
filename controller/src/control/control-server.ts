/**
 * The control listener: mutual TLS, ALPN `postern-control`, one channel for each router and
 * connector. Everyone is told of a committed change in the same tick as it was committed.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { createSocketPipe, runChannel } from '@postern/node/channel';
import { isAppError } from '@postern/shared/errors';
import {
  CONNECTOR_SENDS,
  ControlChannel,
  ROUTER_SENDS,
  type ControlBody,
  type ControlMessage,
  type ControlType,
} from '@postern/shared/protocol/control';
import type { CloseReason } from '@postern/shared/protocol/edge';
import { CONTROL_ALPN, type CertificateRequest, type Delta } from '@postern/shared/schemas';
import { peerCertificateOf, type PeerCertificate } from '../auth/client-certificate.ts';
import { createRouterPresence } from '../cluster/router-presence.ts';
import type { ControllerContext, ControlServer } from '../context.ts';
import type { TokenServices } from '../grants/token-services.ts';
import { repositories } from '../store/repositories.ts';
import { createCertificateRenewals, type CertificateRenewals } from './certificate-renewal.ts';
import { followAuthenticators } from './follow-authenticators.ts';
import { createHostSession } from './host-session.ts';
import { identifyPeer, type Peer } from './peer.ts';
import { startRouterGrace } from './router-grace.ts';
import { createRouterReports } from './router-reports.ts';
import { createRouterSession } from './router-session.ts';

const HANDSHAKE_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 10_000;
/** What connectors are told of and routers are not, hence in no delta. */
const HOST_PLURALS: ReadonlySet<string> = new Set([
  'applications',
  'configs',
  'service-configs',
  'services',
]);

/** What a connection of either role does with the channel. */
export interface Session {
  receive(message: ControlMessage): void;
  push(delta: Delta): void;
  /** Sends its whole state: on connect, and when something outside the change feed altered it. */
  refresh(): void;
  close(): void;
}

interface Connection {
  readonly peer: Peer;
  readonly certificate: PeerCertificate;
  readonly channel: ControlChannel;
  readonly session: Session;
  readonly renewals: CertificateRenewals;
}

export async function createControlServer(
  ctx: ControllerContext,
  tokens: TokenServices,
): Promise<ControlServer> {
  const presence = createRouterPresence(ctx.store);
  const reports = createRouterReports(ctx, presence);
  /** By role and id: a peer has one connection, its newest. */
  const connections = new Map<string, Connection>();
  const logger = ctx.logger.child({ listener: 'control' });

  const reportRenewal = (error: unknown): void => {
    logger.error('control.renewalCheckFailed', { error });
  };

  const end = (key: string, code: `ERR_${string}`): void => {
    connections.get(key)?.channel.close(endedByUs(code));
  };

  const grace = startRouterGrace({
    presence,
    reports,
    isConnected: (routerId) => connections.has(`router ${routerId}`),
    forget: (routerId) => ctx.live.network.forget(routerId),
    logger,
  });

  const serve = async (socket: TLSSocket): Promise<void> => {
    const certificate = peerCertificateOf(socket);
    if (!socket.authorized || socket.alpnProtocol !== CONTROL_ALPN || !certificate) {
      socket.destroy();
      return;
    }
    const peer = await identifyPeer(ctx, certificate);
    if (peer.role === 'router') await presence.arrived(peer.id);
    const key = `${peer.role} ${peer.id}`;
    const peerLogger = logger.child({ [`${peer.role}Id`]: peer.id });
    const channel = new ControlChannel({
      pipe: createSocketPipe(socket),
      role: 'server',
      ownId: ctx.pki.trustDomain,
      accepts: peer.role === 'router' ? ROUTER_SENDS : CONNECTOR_SENDS,
      onMessage: (message) => {
        if (message.type === 'certificateRequest') issue(message.value);
        else session.receive(message);
      },
      logger: peerLogger,
    });
    const session: Session =
      peer.role === 'router'
        ? createRouterSession({
            ctx,
            reports,
            channel,
            routerId: peer.id,
            logger: peerLogger,
          })
        : createHostSession(
            ctx,
            tokens,
            { send: (type, body) => sendIfOpen(channel, type, body) },
            peer,
          );
    const renewals = createCertificateRenewals({
      ctx,
      peer,
      leaf: certificate.leaf,
      ask: () => sendIfOpen(channel, 'renewCertificate', {}),
      send: (issued) => sendIfOpen(channel, 'certificateIssued', issued),
      onError: reportRenewal,
    });
    const issue = (request: CertificateRequest): void => {
      renewals.issue(request).then(
        () => peerLogger.info('control.certificateIssued'),
        (error: unknown) => {
          peerLogger.warn('control.certificateRefused', { error });
          channel.close({
            code: 'ERR_CONTROL_PEER_REFUSED',
            message: 'no certificate was issued',
            retryable: true,
          });
        },
      );
    };
    const connection: Connection = { peer, certificate, channel, session, renewals };
    runChannel(socket, channel, () => channel.limits);
    try {
      await channel.opened;
    } catch {
      session.close();
      if (peer.role === 'router') grace.begin(peer.id);
      return;
    }
    // Ends an older connection of this peer, here or at another controller.
    ctx.events.emit('peerConnected', { role: peer.role, id: peer.id });
    connections.set(key, connection);
    peerLogger.info('control.connected');
    session.refresh();
    renewals.start();
    const reason = await channel.closed;
    session.close();
    renewals.close();
    peerLogger.info('control.disconnected', { code: reason.code, reason: reason.message });
    if (connections.get(key) !== connection) return;
    connections.delete(key);
    if (peer.role === 'router') grace.begin(peer.id);
  };

  const unsubscribe = ctx.store.changes.subscribe((delta) => {
    for (const connection of connections.values()) {
      try {
        connection.session.push(delta);
      } catch (error) {
        // The channel has closed itself (slow peer); the peer resynchronises when it comes back.
        logger.warn('control.pushFailed', { code: isAppError(error) ? error.code : undefined });
      }
    }
    for (const change of delta.changes) {
      if (change.kind !== 'router' && change.kind !== 'identity') continue;
      if (change.op === 'put' && !change.value.disabled) continue;
      const id = change.op === 'delete' ? change.key : change.value.id;
      end(`${change.kind} ${id}`, 'ERR_IDENTITY_DISABLED');
    }
  });
  const resetRouter = ({ routerId }: { routerId: string }): void => {
    end(`router ${routerId}`, 'ERR_CONTROL_PEER_REFUSED');
  };
  const refreshHosts = ({ plural }: { plural: string }): void => {
    if (!HOST_PLURALS.has(plural)) return;
    for (const { peer, session } of connections.values()) {
      if (peer.role === 'identity') session.refresh();
    }
  };
  const endOlder = ({ role, id }: { role: Peer['role']; id: string }): void => {
    end(`${role} ${id}`, 'ERR_CONTROL_REPLACED');
  };
  /** Ends this connection, not a successor that may have come while the store was asked. */
  const check = ({ certificate, channel, session, renewals }: Connection): void => {
    identifyPeer(ctx, certificate)
      .then(() => {
        session.refresh();
        return renewals.check();
      })
      .catch(() => channel.close(endedByUs('ERR_CONTROL_PEER_REFUSED')));
  };
  /** What the missed events would have said is looked up. */
  const checkAll = (): void => {
    for (const connection of connections.values()) check(connection);
  };
  const stopFollowing = followAuthenticators(ctx, (id) => {
    for (const connection of connections.values()) {
      const { peer } = connection;
      if (peer.role === 'identity' && (id === undefined || peer.authenticatorId === id))
        check(connection);
    }
  });
  const stopResync = ctx.store.changes.onReset(() => {
    for (const key of connections.keys()) end(key, 'ERR_CONTROL_RESYNC');
  });
  ctx.events.on('routerReset', resetRouter);
  ctx.events.on('entityWritten', refreshHosts);
  ctx.events.on('peerConnected', endOlder);
  ctx.events.on('eventsMissed', checkAll);

  const server = createServer(
    {
      ...tlsMaterial(ctx),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [CONTROL_ALPN],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    (socket) => {
      socket.setNoDelay(true);
      // Until the channel listens: an early error must not end the process.
      socket.on('error', () => undefined);
      serve(socket).catch((error: unknown) => {
        logger.warn('control.refused', {
          code: isAppError(error) ? error.code : 'ERR_INTERNAL',
          reason: error instanceof Error ? error.message : undefined,
        });
        socket.destroy();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('tlsClientError', (error) => {
    logger.info('control.handshakeFailed', { reason: error.message });
  });
  const renew = (): void => {
    server.setSecureContext(tlsMaterial(ctx));
    // A new issuing authority: everybody gets a certificate of it.
    for (const { renewals } of connections.values()) renewals.check().catch(reportRenewal);
  };
  ctx.pki.events.on('renewed', renew);
  server.listen(ctx.config.control.port, ctx.config.control.host);
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;

  // Routers that don't come back after this process's start.
  for (const { id } of await repositories.edgeRouters.find(ctx.store.db)) grace.begin(id);

  return {
    address: { host: address, port },
    connections: () => {
      const counts = { router: 0, identity: 0 };
      for (const { peer } of connections.values()) counts[peer.role] += 1;
      return counts;
    },
    close: async () => {
      unsubscribe();
      stopResync();
      stopFollowing();
      ctx.events.off('routerReset', resetRouter);
      ctx.events.off('entityWritten', refreshHosts);
      ctx.events.off('peerConnected', endOlder);
      ctx.events.off('eventsMissed', checkAll);
      grace.close();
      ctx.pki.events.off('renewed', renew);
      const closed = once(server, 'close');
      server.close();
      for (const { channel, session } of connections.values()) {
        session.close();
        channel.close({ code: 'OK', message: 'the controller stops', retryable: true });
      }
      connections.clear();
      await closed;
    },
  };
}

const endedByUs = (code: `ERR_${string}`): CloseReason => ({
  code,
  message: 'ended by the controller',
  retryable: false,
});

function sendIfOpen<K extends ControlType>(
  channel: ControlChannel,
  type: K,
  body: ControlBody<K>,
): void {
  if (channel.isOpen) channel.send(type, body);
}

function tlsMaterial({ pki }: ControllerContext) {
  const { certChainPem, keyPem } = pki.server();
  // All of it each time: what a new context leaves out goes back to Node's defaults.
  return {
    cert: certChainPem,
    key: keyPem,
    ca: pki.trustBundlePem,
    minVersion: 'TLSv1.3' as const,
  };
}
