/** Moves what waits in the send queue to the circuit, as far as sealing, circuit credit and key allow. */
import type { Circuit } from '../edge/types.ts';
import type { RecordSender } from './record-sender.ts';
import type { SendQueue } from './send-queue.ts';

interface RecordPumpOptions {
  readonly circuit: Circuit;
  readonly sender: RecordSender;
  readonly queue: SendQueue;
  /** False once the circuit has ended. */
  readonly isOpen: () => boolean;
  readonly onError: (cause: unknown) => void;
  /** All that could be sent has been. */
  readonly onPumped: () => void;
}

export class RecordPump {
  readonly #options: RecordPumpOptions;
  readonly #stop = new AbortController();
  #pumping = false;
  #awaitingCredit = false;

  constructor(options: RecordPumpOptions) {
    this.#options = options;
  }

  run(): void {
    if (this.#pumping) return;
    const { onError, onPumped } = this.#options;
    this.#pumping = true;
    try {
      this.#sendWhatFits();
    } catch (error) {
      onError(error);
    } finally {
      this.#pumping = false;
    }
    onPumped();
  }

  /** Waits for credit no longer. */
  stop(): void {
    this.#stop.abort();
  }

  #sendWhatFits(): void {
    const { circuit, sender, queue, isOpen } = this.#options;
    while (isOpen() && sender.hasRoom) {
      const payloadBytes = queue.peekBytes();
      if (payloadBytes === undefined) return;
      const rekey = sender.rekeyDue();
      const credit = sender.creditNeeded(rekey ? 0 : payloadBytes);
      if (circuit.creditBytes < credit) {
        // What is being sealed will call again when it leaves; waiting for its credit too could
        // ask for more than the whole window.
        if (sender.idle) this.#awaitCredit(credit);
        return;
      }
      const record = rekey ?? queue.take();
      if (record) sender.send(record);
    }
  }

  #awaitCredit(bytes: number): void {
    if (this.#awaitingCredit) return;
    this.#awaitingCredit = true;
    this.#options.circuit
      .ready(bytes, this.#stop.signal)
      .then(() => {
        this.#awaitingCredit = false;
        this.run();
      })
      // The circuit closed (its onClose tells why) or the session is over.
      .catch(() => undefined);
  }
}
