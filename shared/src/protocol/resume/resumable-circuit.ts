import { AppError, isAppError } from '../../errors/index.ts';
import { abortable } from '../edge/abort.ts';
import { CLOSED_OK } from '../edge/close-reason.ts';
import type { Circuit, CloseReason } from '../edge/types.ts';
import { RetainedMessages, RetentionBudget } from './retained-messages.ts';

/** Reasons that say the way was lost, not the right to it: another circuit may do. */
const LOSSES: ReadonlySet<string> = new Set([
  'ERR_CHANNEL_CLOSED',
  'ERR_CIRCUIT_LOST',
  'ERR_CIRCUIT_MOVED',
  'ERR_EDGE_SILENT',
]);

export interface ResumableCircuitOptions {
  /** Bounds what is kept for sending again; default: a budget of its own. */
  readonly budget?: RetentionBudget;
  /** Told of each loss. {@link ResumableCircuit.attach} or {@link ResumableCircuit.end} follow. */
  readonly onSuspended: (reason: CloseReason) => void;
}

/** The circuit in use. */
interface Attachment {
  readonly circuit: Circuit;
  /** Adds up with the circuit's own count of messages to the number of a message. */
  readonly offset: number;
  /** False while messages of an earlier circuit are sent again, in front of new ones. */
  caughtUp: boolean;
}

/**
 * A circuit that outlives the circuits it runs over. What was sent and not acknowledged is kept and
 * sent again on the next one from where the peer says it stands, so that the reader above gets each
 * message once and in order. Both numbers must come from a peer that proved itself: see
 * {@link ResumptionKeys}.
 */
export class ResumableCircuit implements Circuit {
  readonly circuitId: string;
  readonly maxMessageBytes: number;
  readonly headroomBytes: number;
  onMessage: Circuit['onMessage'];

  readonly #onSuspended: (reason: CloseReason) => void;
  readonly #retained: RetainedMessages;
  readonly #ending = new AbortController();
  #onClose: Circuit['onClose'];
  #attachment: Attachment | undefined;
  #received = 0;
  #unconsumed = 0;
  #onConsumed: (() => void) | undefined;
  #ended: CloseReason | undefined;
  /** Settles when the attachment changes, or has caught up, or this ends. */
  #changed!: Promise<void>;
  #change!: () => void;

  constructor(circuit: Circuit, options: ResumableCircuitOptions) {
    this.circuitId = circuit.circuitId;
    this.maxMessageBytes = circuit.maxMessageBytes;
    this.headroomBytes = circuit.headroomBytes ?? 0;
    this.#onSuspended = options.onSuspended;
    this.#retained = new RetainedMessages(options.budget ?? new RetentionBudget(Infinity));
    this.#renewChange();
    this.#attachment = { circuit, offset: -(circuit.sentMessages ?? 0), caughtUp: true };
    this.#listen(this.#attachment);
  }

  get onClose(): Circuit['onClose'] {
    return this.#onClose;
  }

  set onClose(handler: Circuit['onClose']) {
    this.#onClose = handler;
    const reason = this.#ended;
    if (reason) queueMicrotask(() => this.#onClose?.(reason));
  }

  /** Messages received so far, on all circuits together. */
  get received(): number {
    return this.#received;
  }

  get isSuspended(): boolean {
    return this.#attachment === undefined && this.#ended === undefined;
  }

  /** Aborts when this ends. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  get creditBytes(): number {
    return this.#attachment?.caughtUp ? this.#attachment.circuit.creditBytes : 0;
  }

  send(message: Uint8Array): void {
    const buffer = new Uint8Array(this.headroomBytes + message.length);
    buffer.set(message, this.headroomBytes);
    this.sendInPlace(buffer);
  }

  sendInPlace(buffer: Uint8Array): void {
    if (this.#ended) throw closedError(this.#ended);
    const message = buffer.subarray(this.headroomBytes);
    this.#retained.add(message);
    if (!this.#attachment?.caughtUp) return;
    const { circuit } = this.#attachment;
    try {
      if (circuit.sendInPlace) circuit.sendInPlace(buffer);
      else circuit.send(message);
    } catch (error) {
      // Its onClose is on its way, and the message kept.
      if (!isAppError(error, 'ERR_CIRCUIT_CLOSED')) throw error;
    }
  }

  async ready(bytes: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#ended) throw closedError(this.#ended);
      const attachment = this.#attachment;
      const changed = this.#changed;
      if (attachment?.caughtUp) {
        try {
          await attachment.circuit.ready(bytes, signal);
          if (attachment === this.#attachment) return;
          continue;
        } catch (error) {
          if (!isAppError(error, 'ERR_CIRCUIT_CLOSED')) throw error;
        }
      }
      await abortable(changed, signal);
    }
  }

  /** For good, on purpose: nothing resumes it. */
  close(reason: CloseReason = CLOSED_OK): void {
    const circuit = this.#attachment?.circuit;
    this.#finish(reason);
    circuit?.close(reason);
  }

  /** Takes one message of the circuit in use; the circuit's handler, and for messages that came early. */
  receive(message: Uint8Array): void | Promise<void> {
    this.#received += 1;
    const consumed = this.onMessage?.(message);
    if (consumed === undefined) return;
    this.#unconsumed += 1;
    return consumed.finally(() => {
      this.#unconsumed -= 1;
      if (this.#unconsumed === 0) this.#onConsumed?.();
    });
  }

  /**
   * Leaves the circuit in use, if any, for another one. Resolves with the number of messages received
   * once all were consumed, so that what is in memory never exceeds one window.
   */
  async leave(): Promise<number> {
    const circuit = this.#detach();
    circuit?.close({ code: 'ERR_CIRCUIT_MOVED', message: 'resumed elsewhere', retryable: true });
    if (this.#unconsumed > 0) {
      await new Promise<void>((resolve) => (this.#onConsumed = resolve));
      this.#onConsumed = undefined;
    }
    return this.#received;
  }

  /**
   * Goes on over `circuit`, whose other end has received `peerReceived` messages. Throws
   * `ERR_CIRCUIT_LOST`, and ends, when that can't be continued from here.
   */
  attach(circuit: Circuit, peerReceived: number): void {
    if (this.#ended) throw closedError(this.#ended);
    if (!this.#retained.covers(peerReceived)) {
      const reason = lost('the peer needs what is not kept any more');
      this.end(reason);
      throw new AppError('ERR_CIRCUIT_LOST', reason.message, { retryable: true });
    }
    this.#detach();
    this.#retained.acknowledge(peerReceived);
    const offset = peerReceived - (circuit.sentMessages ?? 0);
    const attachment = { circuit, offset, caughtUp: false };
    this.#attachment = attachment;
    this.#listen(attachment);
    void this.#sendAgain(attachment, peerReceived + 1);
  }

  /** Gives up: tells the consumer. Idempotent. */
  end(reason: CloseReason): void {
    if (this.#ended) return;
    this.#finish(reason);
    queueMicrotask(() => this.#onClose?.(reason));
  }

  #listen(attachment: Attachment): void {
    const { circuit, offset } = attachment;
    circuit.onMessage = (message) => this.receive(message);
    circuit.onConsumed = (messages) => this.#retained.acknowledge(offset + messages);
    circuit.onClose = (reason) => {
      if (attachment !== this.#attachment) return;
      this.#detach();
      if (LOSSES.has(reason.code)) this.#onSuspended(reason);
      else this.end(reason);
    };
  }

  /** Sends what the peer lacks, as credit allows, until nothing is left; new messages join the end. */
  async #sendAgain(attachment: Attachment, from: number): Promise<void> {
    const { circuit } = attachment;
    try {
      for (let number = from; number <= this.#retained.last; number += 1) {
        const message = this.#retained.get(number);
        if (message === undefined) {
          this.end(lost('too much waits to be sent again'));
          circuit.close();
          return;
        }
        if (circuit.creditBytes < message.length) await circuit.ready(message.length);
        if (attachment !== this.#attachment) return;
        // A copy: an earlier circuit may still have the buffer in a queue.
        circuit.send(message);
      }
      attachment.caughtUp = true;
      this.#renewChange();
    } catch (error) {
      if (isAppError(error, 'ERR_CIRCUIT_CLOSED')) return;
      this.end(lost('what is missing could not be sent again'));
      circuit.close();
    }
  }

  #detach(): Circuit | undefined {
    const circuit = this.#attachment?.circuit;
    this.#attachment = undefined;
    this.#renewChange();
    if (circuit === undefined) return undefined;
    circuit.onMessage = () => undefined;
    circuit.onClose = () => undefined;
    circuit.onConsumed = undefined;
    return circuit;
  }

  #finish(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#detach();
    this.#retained.clear();
    this.#ending.abort();
  }

  #renewChange(): void {
    (this.#change as (() => void) | undefined)?.();
    this.#changed = new Promise((resolve) => (this.#change = resolve));
  }
}

function lost(message: string): CloseReason {
  return { code: 'ERR_CIRCUIT_LOST', message, retryable: true };
}

function closedError(reason: CloseReason): AppError {
  return new AppError('ERR_CIRCUIT_CLOSED', `the circuit closed: ${reason.code}`, {
    retryable: reason.retryable,
  });
}
