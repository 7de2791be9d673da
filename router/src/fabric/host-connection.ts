/** One connector's connection: mutual TLS has said who it is; it binds services and answers dials. */
import { AppError } from '@postern/shared/errors';
import {
  ContentType,
  EDGE_LIMITS,
  HeaderKey,
  MessageHeaders,
  peekContentType,
  type Message,
} from '@postern/shared/protocol/channel';
import { Peer } from '../net/peer.ts';
import { handleCommon, type PeerContext } from '../net/peer-context.ts';
import type { LimitedFrameSocket } from '../net/frame-socket.ts';
import { TokenBucket } from '../net/token-bucket.ts';

/** Bindings a host may ask for or change in a second, once its first burst is spent. */
const BINDS_PER_SECOND = 200;

/** Takes a host over that said Hello. `settled` ends the time limit. */
export function acceptHost(
  context: PeerContext,
  socket: LimitedFrameSocket,
  identityId: string,
  hello: Message,
  settled: () => void,
): void {
  const { limits, access, routerId, nowMs } = context;
  const maxQueuedBytes = 2 * limits.bufferedBytes;
  const peer = new Peer('host', identityId, socket, {
    accepting: true,
    nowMs: nowMs(),
    maxQueuedBytes,
  });
  settled();
  socket.limits = EDGE_LIMITS;
  const denied = access.connectionDenied({ identityId });
  const headers = new MessageHeaders()
    .setBool(HeaderKey.success, denied === undefined)
    .setString(HeaderKey.id, routerId);
  if (denied !== undefined) {
    peer.replyRefusal(hello, ContentType.result, headers, denied);
    socket.end();
    return;
  }
  peer.reply(hello, ContentType.result, headers);
  run(context, peer, socket);
}

function run(context: PeerContext, peer: Peer, socket: LimitedFrameSocket): void {
  const { binds, forwarder, nowMs } = context;
  const logger = context.logger.child({ identityId: peer.id, remote: socket.remoteAddress });
  const bucket = new TokenBucket(BINDS_PER_SECOND, nowMs());
  context.peers.add(peer);
  logger.info('host.connected');
  const guard = (work: Promise<void>): void => {
    work.catch((error: unknown) => {
      logger.warn('host.connection-failed', { error });
      socket.destroy();
    });
  };
  const onMessage = (message: Message): void => {
    switch (message.contentType) {
      case ContentType.bind:
      case ContentType.updateBind:
        if (!bucket.take(nowMs())) throw new AppError('ERR_ROUTER_OVERLOADED', 'too many binds');
        guard(
          message.contentType === ContentType.bind
            ? binds.bind(peer, message)
            : binds.update(peer, message),
        );
        return;
      case ContentType.unbind:
        unbind(message);
        return;
      case ContentType.healthEvent:
        if (!bucket.take(nowMs())) throw new AppError('ERR_ROUTER_OVERLOADED', 'too many events');
        health(message);
        return;
      default:
        // StateClosed whose id is no circuit's ends a binding.
        if (!handleCommon(context, peer, message)) binds.unbind(peer, labelOf(message));
    }
  };
  const health = (message: Message): void => {
    const bind = binds.reported(peer, labelOf(message));
    if (bind === undefined) return;
    const isHealthy = message.headers.bool(HeaderKey.healthStatus) === true;
    logger.info('terminator.health', {
      terminatorId: bind.id,
      serviceId: bind.serviceId,
      isHealthy,
    });
  };
  /** Some SDKs wait for an answer to Unbind, others ignore it: answered always. */
  const unbind = (message: Message): void => {
    const label = labelOf(message);
    binds.unbind(peer, label);
    peer.reply(
      message,
      ContentType.stateClosed,
      new MessageHeaders().setU32(HeaderKey.connId, label),
      UNBOUND,
    );
  };
  socket.onFrame = (frame) => {
    peer.lastReceivedMs = nowMs();
    const contentType = peekContentType(frame);
    if (contentType === ContentType.data) forwarder.data(peer, frame);
    else if (contentType === ContentType.circuitCredit) forwarder.credit(peer, frame);
    else onMessage(peer.decode(frame));
  };
  socket.onClose = (cause) => {
    logger.info('host.disconnected', { ...(cause && { error: cause }) });
    context.peers.delete(peer);
    binds.dropPeer(peer);
    context.table.dropPeer(peer);
  };
}

const UNBOUND = new TextEncoder().encode('unbound');

function labelOf(message: Message): number {
  const label = message.headers.u32(HeaderKey.connId);
  if (label === undefined) throw new AppError('ERR_CHANNEL_HEADER', 'connection id is missing');
  return label;
}
