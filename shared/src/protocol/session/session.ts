/**
 * The multiplexer of a secure session (docs/protocol.md, "Records"). Bytes come and go as messages of
 * a circuit; keys come from the handshake. Any error of a record ends the session: every open
 * stream fails with `ERR_RECORD_INVALID`, and nothing after it is delivered.
 */
import { AppError, isAppError } from '../../errors/index.ts';
import { systemClock, type Clock } from '../channel/clock.ts';
import type { Circuit, CloseReason } from '../edge/types.ts';
import { AuthRenewal } from './auth-renewal.ts';
import { closeReasonFromText, closeReasonToText } from './close-text.ts';
import { Pings, PING_BYTES } from './pings.ts';
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
import { RecordPump } from './record-pump.ts';
import { RecordReceiver } from './record-receiver.ts';
import { RecordSender } from './record-sender.ts';
import { ResetBudget } from './reset-budget.ts';
import { MAX_CONTROL_RECORDS, SendQueue } from './send-queue.ts';
import { closeReasonOf, sessionError } from './session-error.ts';
import type { SessionOptions } from './session-options.ts';
import type { Stream, StreamHost } from './stream.ts';
import { StreamTable } from './stream-table.ts';
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
  readonly #clock: Clock;
  readonly #sender: RecordSender;
  readonly #receiver: RecordReceiver;
  readonly #queue = new SendQueue();
  readonly #pump: RecordPump;
  readonly #streams: StreamTable;
  readonly #pings: Pings;
  readonly #auth: AuthRenewal | undefined;
  readonly #resets: ResetBudget;
  #peer: Record<string, unknown>;
  #assertion: string | undefined;
  #receivedBytes = 0;
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
    this.#streams = new StreamTable(
      this,
      {
        streamWindowBytes: limits.streamWindowBytes ?? DEFAULT_STREAM_WINDOW_BYTES,
        sessionWindowBytes: limits.sessionWindowBytes ?? DEFAULT_SESSION_WINDOW_BYTES,
        maxStreams: Math.min(limits.maxStreams ?? MAX_STREAMS, MAX_STREAMS),
      },
      options.role === 'opener' ? 1 : 2,
    );
    this.#pings = new Pings(clock, (payload) =>
      this.sendControl(outgoing(RecordType.ping, 0, payload)),
    );
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#sender = new RecordSender({
      circuit,
      clock,
      key: options.sendKey,
      rekeyRecords: limits.rekeyRecords ?? Number.POSITIVE_INFINITY,
      rekeyMs: limits.rekeyMs ?? DEFAULT_REKEY_MS,
      onRoom: () => this.#pump.run(),
      onError: (cause) => this.#onSendError(cause),
    });
    this.#pump = new RecordPump({
      circuit,
      sender: this.#sender,
      queue: this.#queue,
      isOpen: () => this.#circuitOpen,
      onError: (cause) => this.#onSendError(cause),
      onPumped: () => this.#closeAfterGoaway(),
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
    if (this.#queue.controlLength > MAX_CONTROL_RECORDS / 2) {
      throw new AppError('ERR_SESSION_STREAM_LIMIT', 'too many open streams', { retryable: true });
    }
    const stream = this.#streams.open(type, head);
    this.sendControl(outgoing(RecordType.open, stream.id, encodeOpen(type, head)));
    return stream;
  }

  renew(dialGrant: string, assertion: string): void {
    if (this.#endReason) throw sessionError(this.#endReason);
    this.sendControl(outgoing(RecordType.auth, 0, encodeAuth(dialGrant, assertion)));
  }

  async ping(signal?: AbortSignal): Promise<number> {
    if (this.#endReason) throw sessionError(this.#endReason);
    return this.#pings.ping(signal);
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
    this.#pump.run();
  }

  onSendable(stream: Stream): void {
    if (this.#endReason) return;
    this.#queue.addStream(stream);
    this.#pump.run();
  }

  onFinished(stream: Stream): void {
    this.#streams.remove(stream);
    this.#queue.removeStream(stream);
  }

  raiseWindow(stream: Stream): number {
    return this.#streams.raiseWindow(stream);
  }

  #deliver(header: RecordHeader, payload: Uint8Array): void {
    switch (header.type) {
      case RecordType.open:
        this.#onOpen(header.streamId, payload);
        return;
      case RecordType.head:
        this.#streams.find(header.streamId)?.onHead(payload);
        return;
      case RecordType.data:
        this.#streams.find(header.streamId)?.onData(payload, header.fin);
        return;
      case RecordType.window:
        this.#streams.find(header.streamId)?.onWindow(decodeWindow(payload));
        return;
      case RecordType.reset:
        this.#onReset(header.streamId, payload);
        return;
      case RecordType.trailers:
        this.#streams.find(header.streamId)?.onTrailers(payload);
        return;
      case RecordType.ping:
        if (payload.length !== PING_BYTES) throw invalidRecord('ping of wrong length');
        this.sendControl(outgoing(RecordType.pong, 0, payload));
        return;
      case RecordType.pong:
        this.#pings.onPong(payload);
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
    this.#streams.claim(id);
    const { type, head } = decodeOpen(payload);
    if (!this.onStream || this.#streams.isFull) {
      const refusal = encodeReason(ResetCode.refused, '');
      this.sendControl(outgoing(RecordType.reset, id, refusal));
      return;
    }
    const stream = this.#streams.accept(id, type, head);
    try {
      this.onStream(stream);
    } catch {
      stream.reset(ResetCode.internal);
    }
  }

  #onReset(id: number, payload: Uint8Array): void {
    const { code, reason } = decodeReason(payload);
    const stream = this.#streams.find(id);
    stream?.onReset(code, reason);
    if (stream && this.#streams.isPeers(id) && !this.#resets.spend()) {
      this.#endWith(
        new AppError('ERR_SESSION_OVERLOADED', 'streams opened and reset too often', {
          retryable: true,
        }),
      );
    }
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
    this.#streams.fail(error);
    this.#pings.fail(error);
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
    this.#pump.run();
  }

  #closeAfterGoaway(): void {
    if (!this.#farewell || this.#queue.controlLength > 0 || !this.#sender.idle) return;
    this.#closeCircuit(this.#farewell.reason);
  }

  #closeCircuit(reason: CloseReason): void {
    this.#farewell?.cancelTimer();
    this.#pump.stop();
    if (!this.#circuitOpen) return;
    this.#circuitOpen = false;
    this.#circuit.close(reason);
  }
}
