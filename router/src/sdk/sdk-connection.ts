/**
 * One connection of an unmodified OpenZiti SDK (specs/edge-protocol.md §2–§5): mutual TLS has said which
 * identity it is, the Hello says in which API session. It dials, hosts, or both.
 */
import { randomUUID } from 'node:crypto';
import { decodeUtf8, encodeUtf8 } from '@postern/shared/bytes';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import {
  ContentType,
  encodeMessage,
  HeaderKey,
  MessageHeaders,
  peekContentType,
  SDK_LIMITS,
  type Message,
} from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { ProgramIdentity } from '@postern/node/tls';
import { reason, reasonOf } from '../circuits/reason.ts';
import { handleCommon, type PeerContext } from '../net/peer-context.ts';
import type { TlsFrameSocket } from '../net/tls-frame-socket.ts';
import { TokenBucket } from '../net/token-bucket.ts';
import { isExpired } from '../state/token-time.ts';
import { dialForSdk } from './sdk-dial.ts';
import { SdkPeer, type SdkSession } from './sdk-peer.ts';
import { sdkRefusal } from './sdk-refusal.ts';
import { verifySdkSession } from './sdk-tokens.ts';

/** Bindings asked for or changed, token renewals and traceroutes in a second, once the first burst is spent. */
const REQUESTS_PER_SECOND = 200;
/** A circuit whose other end reads nothing for so long is closed, before it costs all others their connection. */
const STUCK_MS = 8_000;
/** What the router says it is (header 4): SDKs only log it. */
const VERSION = { Version: 'v1.0.0', Revision: '', BuildDate: '', OS: 'node', Arch: '' };

export class SdkConnection {
  readonly #context: PeerContext;
  readonly #socket: TlsFrameSocket;
  readonly #certificate: Omit<ProgramIdentity, 'trustDomain'>;
  readonly #logger: Logger;
  readonly #settled: () => void;
  readonly #dials: TokenBucket;
  readonly #requests: TokenBucket;
  #peer: SdkPeer | undefined;

  /** Takes over a connection whose first frame, `hello`, carries a token. `settled` ends its time limit. */
  constructor(
    context: PeerContext,
    socket: TlsFrameSocket,
    certificate: Omit<ProgramIdentity, 'trustDomain'>,
    hello: Message,
    settled: () => void,
  ) {
    this.#context = context;
    this.#socket = socket;
    this.#certificate = certificate;
    this.#settled = settled;
    const { identityId } = certificate;
    this.#logger = context.logger.child({ identityId, remote: socket.remoteAddress });
    const nowMs = context.nowMs();
    this.#dials = new TokenBucket(context.limits.dialsPerSecondPerClient, nowMs);
    this.#requests = new TokenBucket(REQUESTS_PER_SECOND, nowMs);
    context.clients.add(this);
    socket.onFrame = () =>
      socket.destroy(new AppError('ERR_CHANNEL_HEADER', 'a message before the Hello was answered'));
    socket.onClose = (cause) => this.#onClose(cause);
    this.#guard(this.#authenticate(hello));
  }

  /** Who it is, once proved. */
  get session(): SdkSession | undefined {
    return this.#peer?.session;
  }

  /** Closes when the session may not go on, and what holds the others up. */
  recheck(): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    const { session } = peer;
    const denied = isExpired(session.claims, this.#context.state.tokenTime)
      ? reason('ERR_TOKEN_INVALID', 'the session token expired')
      : this.#context.access.connectionDenied(session);
    if (denied !== undefined) this.#close(peer, denied);
    for (const { circuit } of peer.stuck(this.#context.nowMs(), STUCK_MS))
      this.#context.table.close(
        circuit,
        reason('ERR_CIRCUIT_FLOW_CONTROL', 'the other end does not read'),
      );
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #authenticate(hello: Message): Promise<void> {
    const { state, access } = this.#context;
    try {
      const token = hello.headers.string(HeaderKey.sessionToken) ?? '';
      const session = await verifySdkSession(token, this.#certificate, state);
      const denied = access.connectionDenied(session);
      if (denied !== undefined) this.#refuse(hello, denied);
      else this.#accept(hello, session);
    } catch (error) {
      this.#refuse(hello, reasonOf(error, 'ERR_TOKEN_INVALID'));
    }
  }

  #accept(hello: Message, session: SdkSession): void {
    const context = this.#context;
    const socket = this.#socket;
    if (socket.isClosed) return;
    this.#settled();
    socket.limits = SDK_LIMITS;
    const maxQueuedBytes = 2 * context.limits.bufferedBytesPerPeer;
    const peer = new SdkPeer(session, socket, { nowMs: context.nowMs(), maxQueuedBytes });
    this.#peer = peer;
    context.peers.add(peer);
    context.metrics.helloResult('ok');
    // Header 9 is left out: a program that asked for several connections then makes do with one.
    const headers = new MessageHeaders()
      .setBool(HeaderKey.success, true)
      .setString(HeaderKey.connectionId, randomUUID())
      .setString(HeaderKey.id, context.routerId)
      .setBytes(HeaderKey.version, encodeUtf8(JSON.stringify(VERSION)));
    peer.reply(hello, ContentType.result, headers);
    socket.onFrame = (frame) => this.#onFrame(peer, frame);
    this.#logger.info('sdk.connected', { sessionId: session.sessionId });
  }

  #refuse(hello: Message, why: CloseReason): void {
    this.#context.metrics.helloResult(why.code);
    this.#logger.info('sdk.hello-refused', { code: why.code, detail: why.message });
    const headers = new MessageHeaders()
      .setI32(HeaderKey.replyFor, hello.sequence)
      .setBool(HeaderKey.success, false)
      .setString(HeaderKey.id, this.#context.routerId);
    const message = { contentType: ContentType.result, sequence: 1, ...sdkRefusal(why, headers) };
    this.#socket.send(encodeMessage(message));
    this.#socket.end();
  }

  #onFrame(peer: SdkPeer, frame: Uint8Array): void {
    peer.lastReceivedMs = this.#context.nowMs();
    if (peekContentType(frame) === ContentType.data) this.#context.forwarder.data(peer, frame);
    else this.#onMessage(peer, peer.decode(frame));
  }

  #onMessage(peer: SdkPeer, message: Message): void {
    const context = this.#context;
    switch (message.contentType) {
      case ContentType.connect:
        this.#guard(dialForSdk(context, peer, message, this.#dials.take(context.nowMs())));
        return;
      case ContentType.bind:
        this.#take();
        this.#guard(context.binds.bind(peer, message));
        return;
      case ContentType.updateBind:
        this.#take();
        this.#guard(context.binds.update(peer, message));
        return;
      case ContentType.healthEvent:
        this.#take();
        context.binds.health(peer, message);
        return;
      case ContentType.unbind:
        this.#unbind(peer, message);
        return;
      case ContentType.updateToken:
        this.#take();
        this.#guard(this.#updateToken(peer, message));
        return;
      case ContentType.traceRoute:
        if (this.#requests.take(context.nowMs())) handleCommon(context, peer, message);
        return;
      case ContentType.circuitCredit:
        throw new AppError('ERR_CHANNEL_HEADER', 'an SDK that gives credits');
      default:
        // StateClosed whose id is no circuit's ends a binding; unknown types are ignored.
        if (!handleCommon(context, peer, message)) context.binds.unbind(peer, labelOf(message));
    }
  }

  /** C waits for an answer, Go for none: answered always. */
  #unbind(peer: SdkPeer, message: Message): void {
    const label = labelOf(message);
    this.#context.binds.unbind(peer, label);
    const headers = new MessageHeaders().setU32(HeaderKey.connId, label);
    peer.reply(message, ContentType.stateClosed, headers, encodeUtf8('unbound'));
  }

  /** A renewed token of the same session extends the connection; after a bad one it ends. */
  async #updateToken(peer: SdkPeer, request: Message): Promise<void> {
    try {
      const token = decodeUtf8(request.body);
      const session = await verifySdkSession(token, this.#certificate, this.#context.state);
      if (session.sessionId !== peer.session.sessionId)
        throw new AppError('ERR_TOKEN_INVALID', 'token of another session');
      peer.session = session;
      peer.reply(request, ContentType.updateTokenSuccess);
      this.recheck();
    } catch (error) {
      const why = reasonOf(error, 'ERR_TOKEN_INVALID');
      peer.replyRefusal(request, ContentType.updateTokenFailure, new MessageHeaders(), why);
      this.#close(peer, why);
    }
  }

  #close(peer: SdkPeer, why: CloseReason): void {
    for (const { circuit } of [...peer.legs.values()]) this.#context.table.close(circuit, why);
    this.#socket.end();
  }

  #take(): void {
    if (!this.#requests.take(this.#context.nowMs()))
      throw new AppError('ERR_ROUTER_OVERLOADED', 'too many requests');
  }

  /** A handler that fails unexpectedly ends its connection, never the process. */
  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#logger.warn('sdk.connection-failed', { error });
      this.#socket.destroy();
    });
  }

  #onClose(cause?: Error): void {
    this.#settled();
    const peer = this.#peer;
    const context = this.#context;
    context.clients.delete(this);
    if (peer === undefined) return;
    this.#logger.info('sdk.disconnected', { ...(cause && { error: cause }) });
    context.peers.delete(peer);
    context.binds.dropPeer(peer);
    context.table.dropPeer(peer);
  }
}

function labelOf(message: Message): number {
  const label = message.headers.u32(HeaderKey.connId);
  if (label === undefined) throw new AppError('ERR_CHANNEL_HEADER', 'connection id is missing');
  return label;
}
