import { AppError } from '../../shared/src/errors/index.ts';
import type { Circuit, CloseReason } from '../../shared/src/protocol/edge/types.ts';

/** What an attacker between two circuit ends does with a message: what comes out on the other side. */
export type Tamper = (message: Uint8Array, index: number) => Uint8Array[] | Promise<Uint8Array[]>;

export interface MemoryCircuitOptions {
  circuitId?: string;
  otherCircuitId?: string;
  windowBytes?: number;
  toB?: Tamper;
  toA?: Tamper;
}

/** One end of an in-memory circuit with byte credits; delivers asynchronously and in order. */
export class MemoryCircuit implements Circuit {
  readonly circuitId: string;
  readonly maxMessageBytes = 65_560;
  onMessage: Circuit['onMessage'];
  onClose: Circuit['onClose'];
  onConsumed: Circuit['onConsumed'];
  /** Everything this end sent, before any tampering. */
  readonly sent: Uint8Array[] = [];
  readonly tamper: Tamper;
  peer!: MemoryCircuit;
  closedWith: CloseReason | undefined;
  /** The least credit there ever was. */
  lowestCreditBytes: number;
  #credit: number;
  #delivery: Promise<void> = Promise.resolve();
  #waiters: { bytes: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  readonly #consumed = new Set<number>();
  #consumedInOrder = 0;

  constructor(circuitId: string, windowBytes: number, tamper: Tamper) {
    this.circuitId = circuitId;
    this.#credit = windowBytes;
    this.lowestCreditBytes = windowBytes;
    this.tamper = tamper;
  }

  get creditBytes(): number {
    return this.closedWith ? 0 : this.#credit;
  }

  get sentMessages(): number {
    return this.sent.length;
  }

  send(message: Uint8Array): void {
    if (this.closedWith) throw closedError();
    const copy = message.slice();
    const index = this.sent.push(copy) - 1;
    this.#credit -= copy.length;
    this.lowestCreditBytes = Math.min(this.lowestCreditBytes, this.#credit);
    this.#delivery = this.#delivery.then(async () => {
      const out = await this.tamper(copy.slice(), index);
      const consumed = Promise.all(out.map((piece) => this.peer.deliver(piece)));
      void consumed.then(() => {
        if (this.closedWith) return;
        this.#noteConsumed(index + 1);
        this.addCredit(copy.length);
      });
    });
  }

  #noteConsumed(number: number): void {
    this.#consumed.add(number);
    while (this.#consumed.delete(this.#consumedInOrder + 1)) this.#consumedInOrder += 1;
    this.onConsumed?.(this.#consumedInOrder);
  }

  /** Both ends lose the circuit; what is under way is gone. */
  cut(): void {
    const reason: CloseReason = { code: 'ERR_CIRCUIT_LOST', message: 'cut', retryable: true };
    this.peerClosed(reason);
    this.peer.peerClosed(reason);
  }

  async deliver(message: Uint8Array): Promise<void> {
    if (!this.closedWith) await this.onMessage?.(message);
  }

  addCredit(bytes: number): void {
    this.#credit += bytes;
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.bytes > this.#credit) return true;
      waiter.resolve();
      return false;
    });
  }

  ready(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.closedWith) return Promise.reject(closedError());
    if (this.#credit >= bytes) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(new Error('aborted'));
      const granted = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiters.push({ bytes, resolve: granted, reject });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  close(reason: CloseReason = { code: 'OK', message: '', retryable: true }): void {
    if (this.closedWith) return;
    this.closedWith = reason;
    this.#delivery = this.#delivery.then(() => this.peer.peerClosed(reason));
  }

  peerClosed(reason: CloseReason): void {
    if (this.closedWith) return;
    this.closedWith = reason;
    for (const { reject } of this.#waiters.splice(0)) reject(closedError());
    this.onClose?.(reason);
  }
}

const closedError = (): AppError => new AppError('ERR_CIRCUIT_CLOSED', 'the circuit closed');

/** Two joined ends. */
export function memoryCircuitPair(
  options: MemoryCircuitOptions = {},
): [MemoryCircuit, MemoryCircuit] {
  const { circuitId = 'circuit-1', windowBytes = 4_194_304 } = options;
  const pass: Tamper = (message) => [message];
  const a = new MemoryCircuit(circuitId, windowBytes, options.toB ?? pass);
  const b = new MemoryCircuit(
    options.otherCircuitId ?? circuitId,
    windowBytes,
    options.toA ?? pass,
  );
  a.peer = b;
  b.peer = a;
  return [a, b];
}
