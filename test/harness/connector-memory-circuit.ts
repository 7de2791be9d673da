import { AppError } from '@postern/shared/errors';
import type { Circuit, CloseReason } from '@postern/shared/protocol/edge';

const WINDOW_BYTES = 4 * 1024 * 1024;

/** One end of a circuit that never leaves memory; credits and order as on the real one. */
class MemoryCircuit implements Circuit {
  readonly maxMessageBytes = 65_536 + 24;
  onMessage: Circuit['onMessage'];
  onClose: Circuit['onClose'];
  peer!: MemoryCircuit;
  creditBytes = WINDOW_BYTES;
  /** Most bytes that were sent and not yet consumed by the other end. */
  peakBytes = 0;
  #closed = false;
  /** The other end closed; what it sent before is still delivered. */
  #ending: CloseReason | undefined;
  readonly #inbox: Uint8Array[] = [];
  #delivering = false;
  readonly #waiters: { bytes: number; resolve: () => void; reject: (error: Error) => void }[] = [];

  readonly circuitId: string;

  constructor(circuitId: string) {
    this.circuitId = circuitId;
  }

  send(message: Uint8Array): void {
    if (this.#closed) throw new AppError('ERR_CIRCUIT_CLOSED', 'closed');
    this.creditBytes -= message.length;
    this.peakBytes = Math.max(this.peakBytes, WINDOW_BYTES - this.creditBytes);
    this.peer.#inbox.push(message.slice());
    setImmediate(() => void this.peer.#deliver());
  }

  ready(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.creditBytes >= bytes) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ bytes, resolve, reject });
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  }

  close(reason: CloseReason = { code: 'OK', message: '', retryable: true }): void {
    if (this.#closed) return;
    this.#closed = true;
    this.peer.#ending = reason;
    setImmediate(() => void this.peer.#deliver());
  }

  #end(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject } of this.#waiters.splice(0)) reject(new Error('closed'));
    this.onClose?.(reason);
  }

  async #deliver(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    for (let message = this.#inbox.shift(); message; message = this.#inbox.shift()) {
      await this.onMessage?.(message);
      this.peer.#credit(message.length);
    }
    this.#delivering = false;
    if (this.#ending) this.#end(this.#ending);
  }

  #credit(bytes: number): void {
    this.creditBytes += bytes;
    for (const waiter of this.#waiters.splice(0)) {
      if (this.creditBytes >= waiter.bytes) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}

export function memoryCircuits(circuitId: string): [MemoryCircuit, MemoryCircuit] {
  const ends: [MemoryCircuit, MemoryCircuit] = [
    new MemoryCircuit(circuitId),
    new MemoryCircuit(circuitId),
  ];
  [ends[0].peer, ends[1].peer] = [ends[1], ends[0]];
  return ends;
}
