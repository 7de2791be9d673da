import { AppError } from '../../errors/index.ts';
import {
  ContentType,
  DATA_PREFIX_BYTES,
  dataBody,
  decodeCredit,
  encodeCredit,
  encodeData,
  HeaderKey,
  MAX_DATA_BODY_BYTES,
  MessageHeaders,
  peekDataFlags,
  peekDataSequence,
  writeDataPrefix,
} from '../channel/index.ts';
import type { Clock } from '../channel/index.ts';
import { CLOSED_OK, refusal, toCloseReason } from './close-reason.ts';
import { CreditWaiters } from './credit-waiters.ts';
import { CreditWindow, SEND_SLACK_BYTES, SEND_SLACK_MESSAGES } from './credit.ts';
import type { FrameSender } from './frame-sender.ts';
import { ReceiveCredit } from './receive-credit.ts';
import type { Circuit, CloseReason } from './types.ts';

/** Consumed bytes below a quarter of the window are credited after this long without a larger credit. */
export const CREDIT_IDLE_MS = 200;

/** How soon a congested pipe is looked at again: browsers don't say when a WebSocket has drained. */
export const CONGESTION_RECHECK_MS = 5;

interface EdgeCircuitOptions {
  readonly circuitId: string;
  readonly connectionId: number;
  readonly sender: FrameSender;
  readonly clock: Clock;
  /** Called once, when the circuit ends: its connection forgets it. */
  readonly onEnd: () => void;
  /**
   * The other end is an SDK of OpenZiti: its messages come in shapes and sizes of their own, flags mean
   * something, and its router holds it back only after it sent too much.
   */
  readonly isForeign?: boolean;
}

/** How far an SDK may exceed the window: one message at its largest, and what its router had read. */
const FOREIGN_SLACK_BYTES = 6 * 1024 * 1024;

/** The messages held until the consumer sets its handler. */
interface HeldMessage {
  readonly sequence: number;
  readonly message: Uint8Array;
  readonly flags: number;
}

/** A circuit on one {@link EdgeConnection}, which feeds it by the `receive…` methods. */
export class EdgeCircuit implements Circuit {
  readonly circuitId: string;
  readonly maxMessageBytes = MAX_DATA_BODY_BYTES;
  readonly headroomBytes = DATA_PREFIX_BYTES;
  onConsumed: Circuit['onConsumed'];
  readonly #options: EdgeCircuitOptions;
  readonly #send = new CreditWindow();
  readonly #receive: ReceiveCredit;
  readonly #waiters = new CreditWaiters();
  #onMessage: Circuit['onMessage'];
  #onClose: Circuit['onClose'];
  #held: HeldMessage[] = [];
  #cancelIdleCredit: (() => void) | undefined;
  #cancelRecheck: (() => void) | undefined;
  #ended: CloseReason | undefined;
  #endNotified = false;

  constructor(options: EdgeCircuitOptions) {
    this.circuitId = options.circuitId;
    this.#options = options;
    this.#receive = options.isForeign
      ? new ReceiveCredit(undefined, undefined, FOREIGN_SLACK_BYTES)
      : new ReceiveCredit();
  }

  get onMessage(): Circuit['onMessage'] {
    return this.#onMessage;
  }

  set onMessage(handler: Circuit['onMessage']) {
    this.#onMessage = handler;
    if (this.#held.length > 0) queueMicrotask(() => this.#deliverHeld());
  }

  get onClose(): Circuit['onClose'] {
    return this.#onClose;
  }

  set onClose(handler: Circuit['onClose']) {
    this.#onClose = handler;
    if (this.#ended !== undefined) queueMicrotask(() => this.#notifyEnd());
  }

  get sentMessages(): number {
    return this.#send.sentMessages;
  }

  /** Also 0 while the pipe below is congested. */
  get creditBytes(): number {
    if (this.#ended !== undefined || this.#options.sender.isCongested) return 0;
    return this.#send.availableBytes;
  }

  /**
   * Besides `ERR_CIRCUIT_CLOSED` throws `ERR_CIRCUIT_MESSAGE_TOO_LARGE`, and `ERR_CIRCUIT_FLOW_CONTROL`
   * for a message more than 64 KiB (or 1,024 messages) beyond the window; up to there small control
   * records may go without waiting.
   */
  send(message: Uint8Array): void {
    this.#countSent(message.length);
    const { connectionId, sender } = this.#options;
    const sequence = this.#send.sentMessages;
    sender.sendFrame(encodeData(connectionId, sequence, sender.nextSequence(), message));
  }

  /** As {@link EdgeCircuit.send}, with flags (header 1010); may be empty. Foreign circuits only. */
  sendFlagged(message: Uint8Array, flags: number): void {
    this.#countSent(message.length);
    const { connectionId, sender } = this.#options;
    const headers = new MessageHeaders()
      .setU32(HeaderKey.connId, connectionId)
      .setU32(HeaderKey.sequence, this.#send.sentMessages)
      .setU32(HeaderKey.flags, flags);
    sender.sendMessage(ContentType.data, { headers, body: message });
  }

  /** As {@link EdgeCircuit.send}; a buffer shorter than its headroom throws `ERR_BYTES_TRUNCATED`. */
  sendInPlace(buffer: Uint8Array): void {
    if (buffer.length < this.headroomBytes) {
      throw new AppError('ERR_BYTES_TRUNCATED', 'the buffer has no room for the header');
    }
    this.#countSent(buffer.length - this.headroomBytes);
    const { connectionId, sender } = this.#options;
    writeDataPrefix(buffer, connectionId, this.#send.sentMessages, sender.nextSequence());
    sender.sendFrame(buffer);
  }

  /** Rejects with `ERR_CIRCUIT_CLOSED` or `ERR_ABORTED`; several callers are served in order. */
  async ready(bytes: number, signal?: AbortSignal): Promise<void> {
    this.#assertOpen();
    if (bytes > this.#send.windowBytes) {
      throw new AppError(
        'ERR_CIRCUIT_MESSAGE_TOO_LARGE',
        `${bytes} bytes exceed the circuit's window`,
      );
    }
    const available = this.creditBytes;
    if (this.#waiters.size === 0 && available > 0 && available >= bytes) return;
    const turn = this.#waiters.wait(bytes, signal);
    this.#grant();
    await turn;
  }

  close(reason: CloseReason = CLOSED_OK): void {
    if (this.#ended !== undefined) return;
    const { connectionId, sender } = this.#options;
    const headers = new MessageHeaders().setU32(HeaderKey.connId, connectionId);
    sender.sendMessage(ContentType.stateClosed, refusal(reason, headers));
    this.#held = [];
    this.end(reason);
  }

  /** A Data frame arrived. Whatever is wrong with it ends this circuit only. */
  receiveData(frame: Uint8Array): void {
    if (this.#ended !== undefined) return;
    try {
      const { isForeign } = this.#options;
      const sequence = isForeign ? this.#receive.nextSequence : peekDataSequence(frame);
      const flags = isForeign ? peekDataFlags(frame) : 0;
      const message = dataBody(frame);
      this.#receive.received(sequence, message.length);
      if (sequence === undefined) return;
      if (this.#onMessage === undefined || this.#held.length > 0) {
        // A copy: the view may keep a much larger chunk alive.
        this.#held.push({ sequence, message: message.slice(), flags });
      } else {
        this.#deliver(sequence, message, flags);
      }
    } catch (error) {
      this.close(toCloseReason(error));
    }
  }

  /** A CircuitCredit frame arrived. */
  receiveCredit(frame: Uint8Array): void {
    if (this.#ended !== undefined) return;
    try {
      this.#send.credited(decodeCredit(frame));
      this.onConsumed?.(this.#send.creditedMessages);
      this.#grant();
    } catch (error) {
      this.close(toCloseReason(error));
    }
  }

  /** Ends the circuit without telling the peer: it said so itself, or the connection is gone. */
  end(reason: CloseReason): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#cancelIdleCredit?.();
    this.#cancelRecheck?.();
    this.#waiters.rejectAll(closedError(reason));
    this.#options.onEnd();
    queueMicrotask(() => this.#notifyEnd());
  }

  /** Lets waiting senders through, or looks again soon when only the pipe holds them back. */
  #grant(): void {
    this.#waiters.grant(this.creditBytes);
    if (this.#waiters.size === 0 || !this.#options.sender.isCongested) return;
    this.#cancelRecheck ??= this.#options.clock.schedule(CONGESTION_RECHECK_MS, () => {
      this.#cancelRecheck = undefined;
      this.#grant();
    });
  }

  /** Tells the consumer once, after every message that came before the end. */
  #notifyEnd(): void {
    if (this.#endNotified || this.#ended === undefined || this.#held.length > 0) return;
    if (this.#onClose === undefined) return;
    this.#endNotified = true;
    this.#onClose(this.#ended);
  }

  #deliverHeld(): void {
    const held = this.#held;
    for (const { sequence, message, flags } of held) {
      // A handler may close the circuit, which drops what is held, or take itself away.
      if (this.#held !== held || this.#onMessage === undefined) return;
      this.#deliver(sequence, message, flags);
    }
    this.#held = [];
    this.#notifyEnd();
  }

  #deliver(sequence: number, message: Uint8Array, flags: number): void {
    let result: void | Promise<void>;
    try {
      result = this.#onMessage?.(message, flags);
    } catch (error) {
      this.close(toCloseReason(error));
      return;
    }
    if (result === undefined) this.#consumed(sequence, message.length);
    else {
      result.then(
        () => this.#consumed(sequence, message.length),
        (error: unknown) => this.close(toCloseReason(error)),
      );
    }
  }

  #consumed(sequence: number, bytes: number): void {
    this.#receive.consumed(sequence, bytes);
    if (this.#ended !== undefined) return;
    if (this.#receive.isDue) this.#credit();
    else
      this.#cancelIdleCredit ??= this.#options.clock.schedule(CREDIT_IDLE_MS, () => this.#credit());
  }

  #credit(): void {
    this.#cancelIdleCredit?.();
    this.#cancelIdleCredit = undefined;
    const credit = this.#receive.take();
    if (credit === undefined || this.#ended !== undefined) return;
    const { connectionId, sender } = this.#options;
    sender.sendFrame(
      encodeCredit(connectionId, credit.totalBytes, credit.sequence, sender.nextSequence()),
    );
  }

  #countSent(bytes: number): void {
    this.#assertOpen();
    if (bytes > this.maxMessageBytes) {
      throw new AppError('ERR_CIRCUIT_MESSAGE_TOO_LARGE', `message of ${bytes} bytes`);
    }
    if (this.#send.wouldExceed(bytes, SEND_SLACK_BYTES, SEND_SLACK_MESSAGES)) {
      throw new AppError('ERR_CIRCUIT_FLOW_CONTROL', 'sent without waiting for credit');
    }
    this.#send.sent(bytes);
  }

  #assertOpen(): void {
    if (this.#ended !== undefined) throw closedError(this.#ended);
  }
}

function closedError(reason: CloseReason): AppError {
  return new AppError('ERR_CIRCUIT_CLOSED', `the circuit closed: ${reason.code}`, {
    retryable: reason.retryable,
  });
}
