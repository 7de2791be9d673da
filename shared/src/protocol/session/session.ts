/**
 * The multiplexer of a secure session (docs/protocol.md, "Records"). Bytes come and go as messages of
 * a circuit; keys come from the handshake. Any error of a record ends the session: every open
 * stream fails with `ERR_RECORD_INVALID`, and nothing after it is delivered.
 */
import { equalBytes } from '../../bytes/index.ts';
import { AppError, isAppError } from '../../errors/index.ts';
import { systemClock, type Clock } from '../channel/clock.ts';
import type { Circuit, CloseReason } from '../edge/types.ts';
import { AuthRenewal } from './auth-renewal.ts';
import { closeReasonFromText, closeReasonToText } from './close-text.ts';
import {
  MAX_HEAD_BYTES,
  RecordType,
  decodeAuth,
  decodeOpen,
  decodeReason,
  decodeWindow,
  encodeAuth,
  encodeOpen,
  encodeReason,
  invalidRecord,
  outgoing,
  type OutgoingRecord,
  type RecordHeader,
} from './record.ts';
import { RecordReceiver } from './record-receiver.ts';
import { RecordSender } from './record-sender.ts';
import { ResetBudget } from './reset-budget.ts';
import { MAX_CONTROL_RECORDS, SendQueue } from './send-queue.ts';
import { closeReasonOf, sessionError } from './session-error.ts';
import type { SessionLimits, SessionOptions } from './session-options.ts';
import { INITIAL_STREAM_WINDOW_BYTES, Stream, type StreamHost } from './stream.ts';
import {
  ResetCode,
  type SecureSession,
  type SessionStream,
  type SessionTraffic,
  type StreamType,
} from './types.ts';

export const MAX_STREAMS = 256;
const DEFAULT_STREAM_WINDOW_BYTES = 1_048_576;
const DEFAULT_SESSION_WINDOW_BYTES = 64 * 1_048_576;
const DEFAULT_REKEY_MS = 3_600_000;
/** Ends a circuit whose GOAWAY can't be sent for lack of credit. */
const GOAWAY_TIMEOUT_MS = 2_000;
const MAX_PENDING_PINGS = 16;
const PING_BYTES = 8;

/**
 * Takes over the circuit's handlers. Messages that came before must be given to
 * {@link Session.receive} first, in order.
 */
export class Session implements SecureSession, StreamHost {
  readonly circuitId: string;
  readonly suite: string;
  readonly fingerprint: string;
  readonly closed: Promise<CloseReason>;
  onStream: ((stream: SessionStream) => void) | undefined;

  readonly #circuit: Circuit;
  readonly #limits: Required<SessionLimits>;
  readonly #clock: Clock;
  readonly #sender: RecordSender;
  readonly #receiver: RecordReceiver;
  readonly #queue = new SendQueue();
  readonly #streams = new Map<number, Stream>();
  readonly #auth: AuthRenewal | undefined;
  readonly #resets: ResetBudget;
  readonly #pings: {
    payload: Uint8Array;
    sentMs: number;
    resolve: (ms: number) => void;
    reject: (error: unknown) => void;
  }[] = [];
  readonly #ending = new AbortController();
  #peer: Record<string, unknown>;
  #assertion: string | undefined;
  #nextId: number;
  #lastPeerId = 0;
  #windowBytes = 0;
  #receivedBytes = 0;
  #pumping = false;
  #awaitingCredit = false;
  #endReason: CloseReason | undefined;
  #circuitOpen = true;
  /** GOAWAY is on its way; the circuit is closed behind it. */
  #farewell: { readonly reason: CloseReason; readonly cancelTimer: () => void } | undefined;
  #resolveClosed!: (reason: CloseReason) => void;

  constructor(options: SessionOptions) {
    const { circuit, limits = {}, clock = systemClock } = options;
    this.circuitId = circuit.circuitId;
    this.suite = options.suite;
    this.fingerprint = options.fingerprint ?? '';
    this.#circuit = circuit;
    this.#clock = clock;
    this.#resets = new ResetBudget(clock);
    this.#peer = options.peer;
    this.#assertion = options.assertion;
    this.#nextId = options.role === 'opener' ? 1 : 2;
    this.#limits = {
      streamWindowBytes: limits.streamWindowBytes ?? DEFAULT_STREAM_WINDOW_BYTES,
      sessionWindowBytes: limits.sessionWindowBytes ?? DEFAULT_SESSION_WINDOW_BYTES,
      maxStreams: Math.min(limits.maxStreams ?? MAX_STREAMS, MAX_STREAMS),
      rekeyRecords: limits.rekeyRecords ?? Number.POSITIVE_INFINITY,
      rekeyMs: limits.rekeyMs ?? DEFAULT_REKEY_MS,
    };
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#sender = new RecordSender({
      circuit,
      clock,
      key: options.sendKey,
      rekeyRecords: this.#limits.rekeyRecords,
      rekeyMs: this.#limits.rekeyMs,
      onRoom: () => this.#pump(),
      onError: (cause) => this.#onSendError(cause),
    });
    this.#receiver = new RecordReceiver({
      key: options.receiveKey,
      deliver: (header, payload) => this.#deliver(header, payload),
      onError: (cause) => this.#failInvalid(cause),
    });
    this.#auth =
      options.auth &&
      new AuthRenewal(options.auth.options, options.auth.claims, clock, (error) =>
        this.#endWith(error),
      );
    circuit.onMessage = (message) => this.receive(message);
    circuit.onClose = (reason) => this.#onCircuitClose(reason);
  }

  get peer(): Record<string, unknown> {
    return this.#peer;
  }

  get assertion(): string | undefined {
    return this.#assertion;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  get traffic(): SessionTraffic {
    const { sentBytes, keyAgeMs } = this.#sender;
    return { sentBytes, receivedBytes: this.#receivedBytes, keyAgeMs };
  }

  /** Takes one message of the circuit; settles when it was consumed. */
  receive(message: Uint8Array): void | Promise<void> {
    this.#receivedBytes += message.length;
    return this.#receiver.receive(message);
  }

  openStream(type: StreamType, head: Uint8Array): SessionStream {
    if (this.#endReason) throw sessionError(this.#endReason);
    if (head.length > MAX_HEAD_BYTES) throw new AppError('ERR_STREAM_HEAD_SIZE', 'head too long');
    // Streams opened and reset while the circuit has no credit must not fill the control queue.
    const crowded = this.#queue.controlLength > MAX_CONTROL_RECORDS / 2;
    if (this.#streams.size >= this.#limits.maxStreams || crowded) {
      throw new AppError('ERR_SESSION_STREAM_LIMIT', 'too many open streams', { retryable: true });
    }
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = this.#addStream(id, type, head, true);
    this.sendControl(outgoing(RecordType.open, id, encodeOpen(type, head)));
    return stream;
  }

  renew(dialGrant: string, assertion: string): void {
    if (this.#endReason) throw sessionError(this.#endReason);
    this.sendControl(outgoing(RecordType.auth, 0, encodeAuth(dialGrant, assertion)));
  }

  async ping(signal?: AbortSignal): Promise<number> {
    if (this.#endReason) throw sessionError(this.#endReason);
    signal?.throwIfAborted();
    if (this.#pings.length >= MAX_PENDING_PINGS) {
      throw new AppError('ERR_SESSION_PING_LIMIT', 'too many pings without an answer', {
        retryable: true,
      });
    }
    const payload = crypto.getRandomValues(new Uint8Array(PING_BYTES));
    return new Promise((resolve, reject) => {
      // An aborted ping keeps its place: its answer still comes.
      signal?.addEventListener('abort', () => reject(asError(signal.reason)), { once: true });
      this.#pings.push({ payload, sentMs: this.#clock.nowMs(), resolve, reject });
      this.sendControl(outgoing(RecordType.ping, 0, payload));
    });
  }

  close(reason: CloseReason = { code: 'OK', message: '', retryable: true }): void {
    if (this.#endReason) return;
    this.#end(reason);
    this.#sayGoaway(reason);
  }

  // StreamHost

  sendControl(record: OutgoingRecord): void {
    if (this.#endReason) return;
    if (!this.#queue.pushControl(record)) {
      this.#fail(new AppError('ERR_SESSION_OVERLOADED', 'too many control records wait'));
      return;
    }
    this.#pump();
  }

  onSendable(stream: Stream): void {
    if (this.#endReason) return;
    this.#queue.addStream(stream);
    this.#pump();
  }

  onFinished(stream: Stream): void {
    this.#streams.delete(stream.id);
    this.#queue.removeStream(stream);
    this.#windowBytes -= stream.windowBytes;
  }

  raiseWindow(stream: Stream): number {
    const { streamWindowBytes, sessionWindowBytes } = this.#limits;
    const wanted = streamWindowBytes - stream.windowBytes;
    if (wanted <= 0 || this.#windowBytes + wanted > sessionWindowBytes) return 0;
    this.#windowBytes += wanted;
    return wanted;
  }

  #addStream(id: number, type: StreamType, openHead: Uint8Array, isOpener: boolean): Stream {
    const stream = new Stream(this, { id, type, openHead, isOpener });
    this.#streams.set(id, stream);
    this.#windowBytes += INITIAL_STREAM_WINDOW_BYTES;
    return stream;
  }

  /** Sends what room, circuit credit and stream credit allow. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#circuitOpen && this.#sender.hasRoom) {
        const payloadBytes = this.#queue.peekBytes();
        if (payloadBytes === undefined) break;
        const rekey = this.#sender.rekeyDue();
        const credit = this.#sender.creditNeeded(rekey ? 0 : payloadBytes);
        if (this.#circuit.creditBytes < credit) {
          // What is being sealed will call again when it leaves; waiting for its credit too could
          // ask for more than the whole window.
          if (this.#sender.idle) this.#awaitCredit(credit);
          break;
        }
        const record = rekey ?? this.#queue.take();
        if (record) this.#sender.send(record);
      }
    } catch (error) {
      this.#onSendError(error);
    } finally {
      this.#pumping = false;
    }
    this.#closeAfterGoaway();
  }

  #awaitCredit(bytes: number): void {
    if (this.#awaitingCredit) return;
    this.#awaitingCredit = true;
    this.#circuit
      .ready(bytes, this.#ending.signal)
      .then(() => {
        this.#awaitingCredit = false;
        this.#pump();
      })
      // The circuit closed (its onClose tells why) or the session is over.
      .catch(() => undefined);
  }

  #deliver(header: RecordHeader, payload: Uint8Array): void {
    switch (header.type) {
      case RecordType.open:
        this.#onOpen(header.streamId, payload);
        return;
      case RecordType.head:
        this.#findStream(header.streamId)?.onHead(payload);
        return;
      case RecordType.data:
        this.#findStream(header.streamId)?.onData(payload, header.fin);
        return;
      case RecordType.window:
        this.#findStream(header.streamId)?.onWindow(decodeWindow(payload));
        return;
      case RecordType.reset:
        this.#onReset(header.streamId, payload);
        return;
      case RecordType.trailers:
        this.#findStream(header.streamId)?.onTrailers(payload);
        return;
      case RecordType.ping:
        if (payload.length !== PING_BYTES) throw invalidRecord('ping of wrong length');
        this.sendControl(outgoing(RecordType.pong, 0, payload));
        return;
      case RecordType.pong:
        this.#onPong(payload);
        return;
      case RecordType.goaway:
        this.#onGoaway(decodeReason(payload).reason);
        return;
      case RecordType.auth:
        this.#onAuth(payload);
        return;
      case RecordType.rekey:
        // Handled by the receiver, which owns the key.
        return;
    }
  }

  #onOpen(id: number, payload: Uint8Array): void {
    if (!this.#isPeers(id) || id <= this.#lastPeerId) throw invalidRecord('stream id out of order');
    this.#lastPeerId = id;
    const { type, head } = decodeOpen(payload);
    if (!this.onStream || this.#streams.size >= this.#limits.maxStreams) {
      const refusal = encodeReason(ResetCode.refused, '');
      this.sendControl(outgoing(RecordType.reset, id, refusal));
      return;
    }
    const stream = this.#addStream(id, type, head, false);
    try {
      this.onStream(stream);
    } catch {
      stream.reset(ResetCode.internal);
    }
  }

  #onReset(id: number, payload: Uint8Array): void {
    const { code, reason } = decodeReason(payload);
    const stream = this.#findStream(id);
    stream?.onReset(code, reason);
    if (stream && this.#isPeers(id) && !this.#resets.spend()) {
      this.#endWith(
        new AppError('ERR_SESSION_OVERLOADED', 'streams opened and reset too often', {
          retryable: true,
        }),
      );
    }
  }

  #isPeers(id: number): boolean {
    return id % 2 !== this.#nextId % 2;
  }

  /** `undefined` for a stream that has ended: what was under way for it is dropped. */
  #findStream(id: number): Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream) return stream;
    const wasOpened = this.#isPeers(id) ? id <= this.#lastPeerId : id < this.#nextId;
    if (!wasOpened) throw invalidRecord('record of a stream that was never opened');
    return undefined;
  }

  #onPong(payload: Uint8Array): void {
    const ping = this.#pings.shift();
    if (!ping || !equalBytes(ping.payload, payload)) throw invalidRecord('pong without its ping');
    ping.resolve(this.#clock.nowMs() - ping.sentMs);
  }

  #onAuth(payload: Uint8Array): void {
    if (!this.#auth) throw invalidRecord('this side takes no AUTH');
    const auth = decodeAuth(payload);
    this.#auth.accept(auth, (claims) => {
      this.#peer = claims;
      this.#assertion = auth.assertion === '' ? undefined : auth.assertion;
    });
  }

  #onGoaway(text: string): void {
    const reason = closeReasonFromText(text);
    this.#end(reason);
    this.#sayGoaway({ code: 'OK', message: '', retryable: true });
  }

  #onCircuitClose(reason: CloseReason): void {
    this.#circuitOpen = false;
    const message = 'the circuit ended without an end of the session';
    const lost: CloseReason =
      reason.code === 'OK' ? { code: 'ERR_CIRCUIT_LOST', message, retryable: true } : reason;
    // Records that came before, perhaps a GOAWAY among them, still count.
    this.#receiver.whenDrained(() => {
      this.#end(lost);
      this.#farewell?.cancelTimer();
    });
  }

  #failInvalid(cause: unknown): void {
    this.#fail(
      isAppError(cause, 'ERR_RECORD_INVALID') ? cause : invalidRecord('record refused', cause),
    );
  }

  #onSendError(cause: unknown): void {
    // Why a circuit closed is told by its onClose, after a GOAWAY that may still be being opened.
    if (isAppError(cause, 'ERR_CIRCUIT_CLOSED')) this.#circuitOpen = false;
    else this.#fail(cause);
  }

  /** Ends at once, without GOAWAY: the circuit can't be trusted or doesn't work. */
  #fail(cause: unknown): void {
    const reason = closeReasonOf(cause);
    this.#end(reason, cause);
    this.#closeCircuit(reason);
  }

  /** Ends in order, telling the peer why. */
  #endWith(error: AppError): void {
    this.close(closeReasonOf(error));
  }

  #end(reason: CloseReason, cause?: unknown): void {
    if (this.#endReason) return;
    this.#endReason = reason;
    this.#auth?.stop();
    this.#receiver.stop();
    this.#queue.clear();
    const error = sessionError(reason, cause);
    for (const stream of [...this.#streams.values()]) stream.fail(error);
    for (const ping of this.#pings.splice(0)) ping.reject(error);
    this.#resolveClosed(reason);
  }

  /** Sends GOAWAY as the last record, then closes the circuit. */
  #sayGoaway(reason: CloseReason): void {
    if (!this.#circuitOpen) return;
    const code = reason.code === 'OK' ? 0 : ResetCode.internal;
    this.#queue.pushControl(
      outgoing(RecordType.goaway, 0, encodeReason(code, closeReasonToText(reason))),
    );
    const cancelTimer = this.#clock.schedule(GOAWAY_TIMEOUT_MS, () => this.#closeCircuit(reason));
    this.#farewell = { reason, cancelTimer };
    this.#pump();
  }

  #closeAfterGoaway(): void {
    if (!this.#farewell || this.#queue.controlLength > 0 || !this.#sender.idle) return;
    this.#closeCircuit(this.#farewell.reason);
  }

  #closeCircuit(reason: CloseReason): void {
    this.#farewell?.cancelTimer();
    this.#ending.abort();
    if (!this.#circuitOpen) return;
    this.#circuitOpen = false;
    this.#circuit.close(reason);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}
