/**
 * The client's side of a connection to a router (docs/protocol.md, "Connecting" and "Circuits"):
 * browsers over WebSocket, connectors over mutual TLS. No I/O: frames leave by an injected pipe and
 * come in by {@link EdgeConnection.receive}.
 *
 *     browser  ← Challenge   → Hello (token, proof)   ← Result
 *     host                   → Hello                  ← Result
 *     dial     → Connect     ← StateConnected | StateClosed
 *     bind     → Bind        ← StateConnected | StateClosed   ← Dial … → DialSuccess | DialFailed
 */
import { encodeUtf8 } from '../../bytes/index.ts';
import { AppError } from '../../errors/index.ts';
import { silentLogger } from '../../log/index.ts';
import type { Logger } from '../../log/index.ts';
import {
  checkFrame,
  ContentType,
  decodeMessage,
  EDGE_LIMITS,
  HeaderKey,
  HELLO_LIMITS,
  Liveness,
  MessageHeaders,
  peekConnectionId,
  peekContentType,
  SDK_LIMITS,
  systemClock,
} from '../channel/index.ts';
import type { Clock, Message } from '../channel/index.ts';
import { abortable, throwIfAborted } from './abort.ts';
import { Bindings, FIRST_ROUTER_CONNECTION_ID } from './bindings.ts';
import { CLOSED_OK, readCloseReason, refusal, toCloseReason, toError } from './close-reason.ts';
import type {
  Binding,
  BindOptions,
  DialOptions,
  EdgeConnectionOptions,
  OnDial,
} from './connection-types.ts';
import { EdgeCircuit } from './edge-circuit.ts';
import { browserHello, checkRouterId, hostHello, readHelloResult } from './edge-opening.ts';
import type { HelloContent } from './edge-opening.ts';
import { FrameSender } from './frame-sender.ts';
import { answerLatency, readLatencyMs, sendLatency } from './latency.ts';
import { PendingReplies } from './pending-replies.ts';
import {
  answerTraceRoute,
  MAX_TRACE_HOPS,
  readTraceHop,
  sendTraceRoute,
  type TraceHop,
} from './trace-route.ts';
import type { Circuit, CloseReason } from './types.ts';

/** The router must have accepted the Hello by then. */
export const OPEN_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_CIRCUITS = 4096;

type State = 'awaiting-challenge' | 'awaiting-result' | 'open' | 'closed';

/** One connection to a router. Everything it opened ends with it. */
export class EdgeConnection {
  /** Resolves when the router accepted us; rejects with its refusal or what went wrong. */
  readonly opened: Promise<void>;
  /** Resolves when the connection ended, whoever ended it. Never rejects. */
  readonly closed: Promise<CloseReason>;

  readonly #options: EdgeConnectionOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sender: FrameSender;
  readonly #liveness: Liveness;
  readonly #replies = new PendingReplies();
  readonly #circuits = new Map<number, EdgeCircuit>();
  readonly #bindings: Bindings;
  readonly #cancelOpenTimeout: () => void;
  #resolveClosed: (reason: CloseReason) => void = () => undefined;
  #resolveOpened: () => void = () => undefined;
  #rejectOpened: (error: AppError) => void = () => undefined;
  #state: State;
  #routerId: string | undefined;
  #roundTripMs: number | undefined;
  #nextConnectionId = 1;

  constructor(options: EdgeConnectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#sender = new FrameSender(options.pipe);
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    this.opened.catch(() => undefined);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#bindings = new Bindings({
      sender: this.#sender,
      replies: this.#replies,
      openCircuit: (connectionId, circuitId, isForeign) =>
        this.#circuits.has(connectionId) || this.#isFull()
          ? undefined
          : this.#addCircuit(connectionId, circuitId, isForeign),
    });
    this.#liveness = new Liveness({
      clock: this.#clock,
      probe: () => sendLatency(this.#sender, this.#clock),
      dead: () =>
        this.close({ code: 'ERR_EDGE_SILENT', message: 'the router went silent', retryable: true }),
    });
    this.#cancelOpenTimeout = this.#clock.schedule(OPEN_TIMEOUT_MS, () =>
      this.close({
        code: 'ERR_EDGE_OPEN_TIMEOUT',
        message: 'the router did not answer in time',
        retryable: true,
      }),
    );
    this.#state = options.credentials.mode === 'browser' ? 'awaiting-challenge' : 'awaiting-result';
    if (options.credentials.mode === 'host') this.#awaitHelloResult(hostHello());
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Id the router gave; a browser may rely on it only as far as on the network. */
  get routerId(): string | undefined {
    return this.#routerId;
  }

  /** Last measured round trip to the router, if any. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get openCircuits(): number {
    return this.#circuits.size;
  }

  /** Takes one whole frame. Never throws: a frame that breaks the protocol closes the connection. */
  receive(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#liveness.heard();
    try {
      if (this.#state === 'open') this.#receiveOpen(frame);
      else this.#receiveOpening(frame);
    } catch (error) {
      this.#logger.warn('edge.protocol-error', { error });
      this.close(toCloseReason(error, 'ERR_EDGE_PROTOCOL'));
    }
  }

  /** The pipe ended by itself. Idempotent. */
  pipeClosed(reason: CloseReason): void {
    this.#end(reason);
  }

  /** Ends the connection and everything on it. Idempotent. */
  close(reason: CloseReason = CLOSED_OK): void {
    if (this.#state === 'closed') return;
    this.#end(reason);
    this.#options.pipe.close();
  }

  /**
   * Asks for a circuit by a dial grant, once the connection is open. Rejects with the router's reason
   * (see `errors/reasons.ts`), `ERR_EDGE_TOO_MANY_CIRCUITS` or `ERR_ABORTED`. There is no time limit
   * but the signal's.
   */
  async dial(grant: string, options: DialOptions = {}): Promise<Circuit> {
    const { hostId, instanceId, movable, traceparent, signal } = options;
    await this.#whenOpen(signal);
    if (this.#isFull()) {
      throw new AppError('ERR_EDGE_TOO_MANY_CIRCUITS', 'too many circuits on this connection', {
        retryable: true,
      });
    }
    const connectionId = this.#takeConnectionId();
    const headers = new MessageHeaders().setU32(HeaderKey.connId, connectionId);
    if (hostId !== undefined) headers.setString(HeaderKey.hostId, hostId);
    if (instanceId !== undefined) headers.setString(HeaderKey.terminatorIdentity, instanceId);
    if (movable === true) headers.setBool(HeaderKey.movable, true);
    if (traceparent !== undefined) headers.setString(HeaderKey.traceParent, traceparent);
    const sequence = this.#sender.sendMessage(ContentType.connect, {
      headers,
      body: encodeUtf8(grant),
    });
    return this.#replies.wait(
      sequence,
      (reply) => {
        if (reply.contentType !== ContentType.stateConnected)
          throw toError(readCloseReason(reply, 'ERR_NO_PATH'));
        const circuitId = reply.headers.string(HeaderKey.circuitId);
        if (circuitId === undefined)
          throw new AppError('ERR_EDGE_PROTOCOL', 'the circuit has no id');
        return this.#addCircuit(connectionId, circuitId);
      },
      signal,
      () => this.#sendStateClosed(connectionId),
    );
  }

  /**
   * The routers that a circuit goes through and its host, with the round trip to each, nearest first. Ends
   * early where nobody answers until `signal` aborts. Rejects with `ERR_CIRCUIT_CLOSED`.
   */
  async traceRoute(circuitId: string, signal: AbortSignal): Promise<TraceHop[]> {
    const found = [...this.#circuits].find(([, circuit]) => circuit.circuitId === circuitId);
    if (found === undefined) throw new AppError('ERR_CIRCUIT_CLOSED', 'no such circuit is open');
    const hops: TraceHop[] = [];
    while (hops.length < MAX_TRACE_HOPS) {
      const sentMs = this.#clock.nowMs();
      const sequence = sendTraceRoute(this.#sender, found[0], hops.length + 1);
      const hop = await this.#replies
        .wait(sequence, (reply) => readTraceHop(reply, this.#clock.nowMs() - sentMs), signal)
        .catch(() => undefined);
      if (hop === undefined) break;
      hops.push(hop);
      if (hop.kind === 'host') break;
    }
    return hops;
  }

  /** Offers to host a service by a bind grant. Rejects with the router's reason or `ERR_ABORTED`. */
  async bind(options: BindOptions, onDial: OnDial): Promise<Binding> {
    await this.#whenOpen(options.signal);
    return this.#bindings.bind(this.#takeConnectionId(), options, onDial);
  }

  /** Extends the connection by a newer token of the same session and key. Rejects with the router's reason. */
  async updateToken(token: string, signal?: AbortSignal): Promise<void> {
    await this.#whenOpen(signal);
    const sequence = this.#sender.sendMessage(ContentType.updateToken, { body: encodeUtf8(token) });
    await this.#replies.wait(
      sequence,
      (reply) => {
        if (reply.contentType === ContentType.updateTokenSuccess) return;
        throw toError(readCloseReason(reply, 'ERR_TOKEN_INVALID'));
      },
      signal,
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #whenOpen(signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    if (this.#state !== 'open') await abortable(this.opened, signal);
    if (!this.isOpen) throw toError(await this.closed);
  }

  #receiveOpening(frame: Uint8Array): void {
    const message = decodeMessage(frame, HELLO_LIMITS);
    if (this.#state === 'awaiting-challenge' && message.contentType === ContentType.challenge) {
      this.#answerChallenge(message);
      return;
    }
    const replyFor = message.headers.i32(HeaderKey.replyFor);
    if (replyFor !== undefined && this.#replies.settle(replyFor, message)) return;
    throw new AppError(
      'ERR_EDGE_PROTOCOL',
      `content type ${message.contentType} before the Hello was answered`,
    );
  }

  #answerChallenge(challenge: Message): void {
    const { credentials, expectedRouterId } = this.#options;
    if (credentials.mode !== 'browser') return;
    checkRouterId(challenge.headers.string(HeaderKey.id), expectedRouterId);
    this.#state = 'awaiting-result';
    browserHello(challenge, credentials, this.#clock).then(
      (hello) => {
        if (this.#state === 'awaiting-result') this.#awaitHelloResult(hello);
      },
      (error: unknown) => this.close(toCloseReason(error, 'ERR_EDGE_PROOF')),
    );
  }

  #awaitHelloResult(hello: HelloContent): void {
    const sequence = this.#sender.sendMessage(ContentType.hello, hello);
    const accepted = this.#replies.wait(sequence, (result) => {
      try {
        this.#accepted(result);
      } catch (error) {
        // At once: the router closes the pipe right after a refusal, and the refusal is the reason.
        this.close(toCloseReason(error, 'ERR_EDGE_PROTOCOL'));
      }
    });
    accepted.catch(() => undefined);
  }

  #accepted(result: Message): void {
    const routerId = readHelloResult(result);
    checkRouterId(routerId, this.#options.expectedRouterId);
    this.#routerId = routerId;
    this.#state = 'open';
    this.#cancelOpenTimeout();
    this.#resolveOpened();
  }

  #receiveOpen(frame: Uint8Array): void {
    // Hosts may be sent what SDKs write at once.
    const isHost = this.#options.credentials.mode === 'host';
    checkFrame(frame, isHost ? SDK_LIMITS : EDGE_LIMITS);
    const contentType = peekContentType(frame);
    if (contentType === ContentType.data || contentType === ContentType.circuitCredit) {
      const circuit = this.#circuits.get(peekConnectionId(frame) ?? 0);
      // Unknown ids are those of circuits we closed while the frame was on its way.
      if (contentType === ContentType.data) circuit?.receiveData(frame);
      else circuit?.receiveCredit(frame);
      return;
    }
    this.#sender.assertPeerReads();
    const message = decodeMessage(frame, EDGE_LIMITS);
    const replyFor = message.headers.i32(HeaderKey.replyFor);
    if (replyFor !== undefined && this.#replies.settle(replyFor, message)) return;
    switch (contentType) {
      case ContentType.latency:
        answerLatency(this.#sender, message);
        return;
      case ContentType.result:
        this.#roundTripMs = readLatencyMs(message, this.#clock) ?? this.#roundTripMs;
        return;
      case ContentType.stateClosed:
        this.#receiveStateClosed(message);
        return;
      case ContentType.traceRoute:
        if (this.#circuits.has(message.headers.u32(HeaderKey.connId) ?? 0))
          answerTraceRoute(this.#sender, message);
        return;
      case ContentType.dial:
        this.#bindings.receiveDial(message);
        return;
      default:
        this.#logger.debug('edge.unknown-message', { contentType });
    }
  }

  #receiveStateClosed(message: Message): void {
    const id = message.headers.u32(HeaderKey.connId);
    if (id === undefined) return;
    const reason = readCloseReason(message);
    const circuit = this.#circuits.get(id);
    if (circuit === undefined) this.#bindings.end(id, reason);
    else circuit.end(reason);
  }

  #addCircuit(connectionId: number, circuitId: string, isForeign = false): EdgeCircuit {
    const circuit = new EdgeCircuit({
      circuitId,
      connectionId,
      sender: this.#sender,
      clock: this.#clock,
      isForeign,
      onEnd: () => this.#circuits.delete(connectionId),
    });
    this.#circuits.set(connectionId, circuit);
    return circuit;
  }

  #sendStateClosed(connectionId: number): void {
    const headers = new MessageHeaders().setU32(HeaderKey.connId, connectionId);
    this.#sender.sendMessage(ContentType.stateClosed, refusal(CLOSED_OK, headers));
  }

  #takeConnectionId(): number {
    const id = this.#nextConnectionId;
    if (id >= FIRST_ROUTER_CONNECTION_ID)
      throw new AppError('ERR_EDGE_EXHAUSTED', 'all connection ids were used');
    this.#nextConnectionId += 1;
    return id;
  }

  #isFull(): boolean {
    return (
      this.#circuits.size + this.#replies.size >=
      (this.#options.maxCircuits ?? DEFAULT_MAX_CIRCUITS)
    );
  }

  #end(reason: CloseReason): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#liveness.stop();
    this.#cancelOpenTimeout();
    const error = toError(reason);
    this.#rejectOpened(error);
    this.#replies.failAll(error);
    this.#bindings.endAll(reason);
    for (const circuit of this.#circuits.values()) circuit.end(reason);
    this.#resolveClosed(reason);
  }
}
