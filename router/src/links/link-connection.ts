/**
 * One link. The dialing router says Hello with header 0 = link id (random) and 8 = its router id; the
 * other answers Result with 8 = its own (docs/protocol.md, "Connecting"). Then both route circuits.
 */
import { AppError } from '@postern/shared/errors';
import {
  ContentType,
  SDK_LIMITS,
  HeaderKey,
  MessageHeaders,
  peekContentType,
  type Message,
} from '@postern/shared/protocol/channel';
import { handleRoute, type RouteHandlerDeps } from '../circuits/route-handler.ts';
import { reason } from '../circuits/reason.ts';
import { Peer } from '../net/peer.ts';
import { handleCommon, type PeerContext } from '../net/peer-context.ts';
import { roundTripMs, sendLatency } from '../net/peer-registry.ts';
import type { LimitedFrameSocket } from '../net/frame-socket.ts';
import { agreedLinkCost, setLinkCost } from './link-cost.ts';
import { haveCommonGroup, setGroups } from './link-groups.ts';
import type { Link, LinkRegistry } from './link-registry.ts';

export interface LinkDeps {
  readonly context: PeerContext;
  readonly routeHandler: RouteHandlerDeps;
  readonly registry: LinkRegistry;
  /** Groups of links that this router is in. */
  readonly groups: readonly string[];
  /** What links of this router cost beside their latency, at least 1. */
  readonly cost: number;
  /** A link ended, or lost against another. */
  readonly onLost: (routerId: string) => void;
}

const MAX_LINK_ID_CHARACTERS = 64;

/** Takes a link over once the dialing router's Hello is due. `settled` ends the time limit. */
export function acceptLink(
  deps: LinkDeps,
  socket: LimitedFrameSocket,
  routerId: string,
  settled: () => void,
): void {
  const peer = newPeer(deps.context, socket, routerId, true);
  socket.onClose = settled;
  socket.onFrame = (frame) => {
    const hello = peer.decode(frame);
    const linkId = hello.headers.string(HeaderKey.connectionId);
    const isHello =
      hello.contentType === ContentType.hello && linkId !== undefined && linkId.length > 0;
    if (
      !isHello ||
      linkId.length > MAX_LINK_ID_CHARACTERS ||
      hello.headers.string(HeaderKey.id) !== routerId
    ) {
      throw new AppError('ERR_LINK_HELLO', 'not the Hello of a link');
    }
    settled();
    socket.limits = SDK_LIMITS;
    const staticCost = agreedLinkCost(deps.cost, hello);
    const link: Link = { routerId, linkId, dialed: false, peer, staticCost, latencyMs: 0 };
    const answer = new MessageHeaders().setString(HeaderKey.id, deps.context.routerId);
    setLinkCost(setGroups(answer, deps.groups), deps.cost);
    const isWanted = isKnown(deps.context, routerId) && haveCommonGroup(deps.groups, hello);
    if (!isWanted || !deps.registry.admit(link)) {
      const why = reason('ERR_NO_PATH', 'link is not wanted');
      peer.replyRefusal(hello, ContentType.result, answer.setBool(HeaderKey.success, false), why);
      socket.end();
      return;
    }
    peer.reply(hello, ContentType.result, answer.setBool(HeaderKey.success, true));
    run(deps, link, socket);
  };
}

/**
 * Opens a link on a connection to `routerId`. @throws AppError `ERR_LINK_HELLO` when it is refused,
 * `ERR_LINK_GROUPS` when the two have no group in common.
 */
export async function openLink(
  deps: LinkDeps,
  socket: LimitedFrameSocket,
  routerId: string,
  linkId: string,
): Promise<void> {
  const { context, registry } = deps;
  const peer = newPeer(context, socket, routerId, false);
  const { clock } = context;
  const startMs = clock.monotonicMs();
  const hello = new MessageHeaders()
    .setString(HeaderKey.connectionId, linkId)
    .setString(HeaderKey.id, context.routerId);
  setLinkCost(setGroups(hello, deps.groups), deps.cost);
  await new Promise<void>((resolve, reject) => {
    const refuse = (): void =>
      reject(new AppError('ERR_LINK_HELLO', 'the link was refused', { retryable: true }));
    const cancel = clock.schedule(context.limits.helloTimeoutMs, () => socket.destroy());
    socket.onClose = () => {
      cancel();
      refuse();
    };
    socket.onFrame = (frame) => {
      cancel();
      const result = peer.decode(frame);
      socket.limits = SDK_LIMITS;
      const link: Link = {
        routerId,
        linkId,
        dialed: true,
        peer,
        staticCost: agreedLinkCost(deps.cost, result),
        latencyMs: clock.monotonicMs() - startMs,
      };
      if (!haveCommonGroup(deps.groups, result)) {
        reject(new AppError('ERR_LINK_GROUPS', 'no group of links in common'));
        socket.end();
        return;
      }
      const accepted =
        result.contentType === ContentType.result &&
        result.headers.bool(HeaderKey.success) === true;
      if (!accepted || !registry.admit(link)) {
        refuse();
        socket.end();
        return;
      }
      run(deps, link, socket);
      resolve();
    };
    peer.sendMessage(ContentType.hello, hello);
  });
}

function run(deps: LinkDeps, link: Link, socket: LimitedFrameSocket): void {
  const { context, registry, routeHandler } = deps;
  const { peer, routerId } = link;
  const logger = context.logger.child({ linkId: link.linkId, peerId: routerId });
  context.peers.add(peer);
  logger.info('link.up', { dialed: link.dialed });
  socket.onFrame = (frame) => {
    peer.lastReceivedMs = context.nowMs();
    const contentType = peekContentType(frame);
    if (contentType === ContentType.data) context.forwarder.data(peer, frame);
    else if (contentType === ContentType.circuitCredit) context.forwarder.credit(peer, frame);
    else onMessage(peer.decode(frame));
  };
  const onMessage = (message: Message): void => {
    if (message.contentType === ContentType.routeCircuit) handleRoute(routeHandler, peer, message);
    else if (message.contentType === ContentType.result) measure(message);
    else handleCommon(context, peer, message);
  };
  const measure = (result: Message): void => {
    if (result.headers.bytes(HeaderKey.uuid)?.length !== 8) return;
    const latencyMs = roundTripMs(result.headers.u64(HeaderKey.uuid), context.clock);
    if (latencyMs !== undefined) registry.measured(link, latencyMs);
  };
  socket.onClose = (cause) => {
    context.peers.delete(peer);
    registry.remove(link);
    context.table.dropPeer(peer);
    logger.warn('link.down', { ...(cause && { error: cause }) });
    deps.onLost(routerId);
  };
  sendLatency(peer, context.clock);
}

function newPeer(
  context: PeerContext,
  socket: LimitedFrameSocket,
  routerId: string,
  accepting: boolean,
): Peer {
  const { limits, nowMs } = context;
  return new Peer('link', routerId, socket, {
    accepting,
    nowMs: nowMs(),
    maxQueuedBytes: 2 * limits.bufferedBytes,
  });
}

function isKnown(context: PeerContext, routerId: string): boolean {
  const router = context.state.get('router', routerId);
  return router?.disabled === false;
}
