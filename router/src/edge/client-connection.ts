/** One browser connection: Challenge, Hello, then circuits, token renewal and the end. */
import { randomBytes } from 'node:crypto';
import { decodeUtf8 } from '@postern/shared/bytes';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import {
  ContentType,
  EDGE_LIMITS,
  HELLO_LIMITS,
  HeaderKey,
  MessageHeaders,
  decodeMessage,
  encodeMessage,
  peekContentType,
  type Message,
} from '@postern/shared/protocol/channel';
import { refusal, type CloseReason } from '@postern/shared/protocol/edge';
import { reason, reasonOf } from '../circuits/reason.ts';
import type { WsFrameSocket } from '../net/ws-frame-socket.ts';
import { Peer } from '../net/peer.ts';
import { handleCommon, type PeerContext } from '../net/peer-context.ts';
import { TokenBucket } from '../net/token-bucket.ts';
import { isExpired } from '../state/token-time.ts';
import { verifyHello, verifySessionToken, type ClientSession } from './hello.ts';

/** WebSocket close codes (docs/protocol.md, "Connecting"): refused, and ended by us later. */
const CLOSE_UNAUTHORIZED = 4401;
const NONCE_BYTES = 32;
/** Traceroute requests of one client; a look at a path of three routers is four. */
const TRACES_PER_SECOND = 20;

export class ClientConnection {
  /** Who it is, once proved. */
  session: ClientSession | undefined;
  readonly #context: PeerContext;
  readonly #socket: WsFrameSocket;
  readonly #logger: Logger;
  readonly #nonce = randomBytes(NONCE_BYTES);
  readonly #bucket: TokenBucket;
  readonly #traces: TokenBucket;
  readonly #authenticated: () => void;
  #peer: Peer | undefined;
  #helloSeen = false;

  /** `authenticated` is called when the connection stops counting as unauthenticated. */
  constructor(context: PeerContext, socket: WsFrameSocket, authenticated: () => void) {
    this.#context = context;
    this.#socket = socket;
    this.#authenticated = authenticated;
    this.#logger = context.logger.child({ remote: socket.remoteAddress });
    this.#bucket = new TokenBucket(context.limits.dialsPerSecondPerClient, context.nowMs());
    this.#traces = new TokenBucket(TRACES_PER_SECOND, context.nowMs());
    socket.onFrame = (frame) => this.#onFrame(frame);
    socket.onClose = (cause) => this.#onClose(cause);
    const headers = new MessageHeaders().setString(HeaderKey.id, context.routerId);
    const contentType = ContentType.challenge;
    socket.send(encodeMessage({ contentType, sequence: 1, headers, body: this.#nonce }));
  }

  /** Closes when the session may not go on: token expired, session revoked, identity disabled. */
  recheck(): void {
    if (this.session === undefined) return;
    const { session } = this;
    const { tokenTime } = this.#context.state;
    const expired = tokenTime.connected
      ? reason('ERR_TOKEN_INVALID', 'the app token expired')
      : reason(
          'ERR_CONTROLLER_UNREACHABLE',
          'the app token expired, and no controller can be reached',
        );
    const denied = isExpired(session.claims, tokenTime)
      ? expired
      : this.#context.access.connectionDenied(session);
    if (denied !== undefined) this.close(denied);
  }

  /** Ends the connection; its circuits are told why before. */
  close(why: CloseReason): void {
    const peer = this.#peer;
    if (peer !== undefined) {
      for (const leg of [...peer.legs.values()]) this.#context.table.close(leg.circuit, why);
    }
    this.#socket.end(CLOSE_UNAUTHORIZED, why.code);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onFrame(frame: Uint8Array): void {
    const peer = this.#peer;
    if (peer === undefined) {
      this.#onHello(decodeMessage(frame, HELLO_LIMITS));
      return;
    }
    peer.lastReceivedMs = this.#context.nowMs();
    const contentType = peekContentType(frame);
    if (contentType === ContentType.data) this.#context.forwarder.data(peer, frame);
    else if (contentType === ContentType.circuitCredit) this.#context.forwarder.credit(peer, frame);
    else this.#onMessage(peer, peer.decode(frame));
  }

  #onMessage(peer: Peer, message: Message): void {
    const session = this.session;
    if (session === undefined) return;
    if (message.contentType === ContentType.connect) {
      const admitted = this.#bucket.take(this.#context.nowMs());
      this.#guard(this.#context.dialer.connect(peer, session, message, admitted));
    } else if (message.contentType === ContentType.updateToken) {
      this.#guard(this.#updateToken(peer, session, message));
    } else if (message.contentType === ContentType.traceRoute) {
      // Each one costs work on all routers of a path.
      if (this.#traces.take(this.#context.nowMs())) handleCommon(this.#context, peer, message);
    } else {
      handleCommon(this.#context, peer, message);
    }
  }

  #onHello(message: Message): void {
    if (message.contentType !== ContentType.hello || this.#helloSeen) {
      throw new AppError('ERR_CHANNEL_HEADER', 'expected exactly one Hello first');
    }
    this.#helloSeen = true;
    this.#guard(this.#authenticate(message));
  }

  async #authenticate(hello: Message): Promise<void> {
    const { state, access, routerId } = this.#context;
    try {
      if (state.position.timeline === '')
        throw new AppError('ERR_CONTROLLER_UNREACHABLE', 'no policy yet');
      const session = await verifyHello(hello, this.#nonce, routerId, state);
      const denied = access.connectionDenied(session);
      if (denied !== undefined) {
        this.#refuse(hello, denied);
        return;
      }
      this.#accept(hello, session);
    } catch (error) {
      this.#refuse(hello, reasonOf(error, 'ERR_TOKEN_INVALID'));
    }
  }

  #accept(hello: Message, session: ClientSession): void {
    const context = this.#context;
    const socket = this.#socket;
    if (socket.isClosed) return;
    this.session = session;
    this.#authenticated();
    socket.limits = EDGE_LIMITS;
    const peer = new Peer('client', session.identityId, socket, {
      accepting: true,
      nowMs: context.nowMs(),
      maxQueuedBytes: 2 * context.limits.bufferedBytesPerPeer,
    });
    peer.nextSequence(); // the Challenge was 1
    this.#peer = peer;
    context.peers.add(peer);
    context.metrics.helloResult('ok');
    const headers = new MessageHeaders().setBool(HeaderKey.success, true);
    peer.reply(hello, ContentType.result, headers.setString(HeaderKey.id, context.routerId));
  }

  #refuse(hello: Message, why: CloseReason): void {
    this.#context.metrics.helloResult(why.code);
    this.#logger.info('edge.hello-refused', { code: why.code, detail: why.message });
    const headers = new MessageHeaders()
      .setI32(HeaderKey.replyFor, hello.sequence)
      .setBool(HeaderKey.success, false)
      .setString(HeaderKey.id, this.#context.routerId);
    const message = { contentType: ContentType.result, sequence: 2, ...refusal(why, headers) };
    this.#socket.send(encodeMessage(message));
    this.#socket.end(CLOSE_UNAUTHORIZED, why.code);
  }

  /** A renewed token of the same session, key and service extends the connection. */
  async #updateToken(peer: Peer, before: ClientSession, request: Message): Promise<void> {
    try {
      if (!this.#bucket.take(this.#context.nowMs()))
        throw new AppError('ERR_ROUTER_OVERLOADED', 'too often');
      const token = decodeUtf8(request.body);
      const session = await verifySessionToken(token, before.thumbprint, this.#context.state);
      const isSame =
        session.identityId === before.identityId &&
        session.sessionId === before.sessionId &&
        session.serviceId === before.serviceId;
      if (!isSame) throw new AppError('ERR_TOKEN_INVALID', 'token of another session');
      this.session = session;
      peer.reply(request, ContentType.updateTokenSuccess);
      this.recheck();
    } catch (error) {
      const why = reasonOf(error, 'ERR_TOKEN_INVALID');
      peer.replyRefusal(request, ContentType.updateTokenFailure, new MessageHeaders(), why);
    }
  }

  /** A handler that fails unexpectedly ends its connection, never the process. */
  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#logger.warn('edge.connection-failed', { error });
      this.#socket.destroy();
    });
  }

  #onClose(cause?: Error): void {
    this.#authenticated();
    if (cause !== undefined) this.#logger.debug('edge.connection-lost', { error: cause });
    const peer = this.#peer;
    this.#context.clients.delete(this);
    if (peer === undefined) return;
    this.#context.peers.delete(peer);
    this.#context.table.dropPeer(peer);
  }
}
