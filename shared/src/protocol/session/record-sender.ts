import type { Clock } from '../channel/clock.ts';
import type { Circuit } from '../edge/types.ts';
import { RECORD_OVERHEAD_BYTES, RecordType, outgoing, type OutgoingRecord } from './record.ts';
import { MAX_RECORDS_PER_KEY, type TrafficKey } from './traffic-key.ts';

/** Seal operations that may be under way at once. */
const MAX_IN_FLIGHT = 16;

export interface RecordSenderOptions {
  readonly circuit: Circuit;
  readonly key: TrafficKey;
  readonly clock: Clock;
  /** The key is replaced after that many records; at most 2²⁴ − 1. */
  readonly rekeyRecords: number;
  /** The key is replaced when it is that old. */
  readonly rekeyMs: number;
  /** There is room again. */
  readonly onRoom: () => void;
  readonly onError: (cause: unknown) => void;
}

interface Slot {
  readonly bytes: number;
  sealed: Uint8Array | undefined;
}

/**
 * Seals records, several at once if the cipher is asynchronous, and gives them to the circuit in
 * order. Without waiting if the cipher is synchronous and nothing is ahead.
 */
export class RecordSender {
  readonly #options: RecordSenderOptions;
  readonly #headroom: number;
  readonly #slots: Slot[] = [];
  #sealingBytes = 0;
  #rekeying = false;
  #keySinceMs: number;
  #sentBytes = 0;

  constructor(options: RecordSenderOptions) {
    this.#options = options;
    this.#headroom = options.circuit.sendInPlace ? (options.circuit.headroomBytes ?? 0) : 0;
    this.#keySinceMs = options.clock.nowMs();
  }

  /** Whether {@link RecordSender.send} may be called now. */
  get hasRoom(): boolean {
    return !this.#rekeying && this.#slots.length < MAX_IN_FLIGHT;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get keyAgeMs(): number {
    return this.#options.clock.nowMs() - this.#keySinceMs;
  }

  get idle(): boolean {
    return this.#slots.length === 0;
  }

  /** Bytes of circuit credit that a payload needs now, counting what is being sealed. */
  creditNeeded(payloadBytes: number): number {
    return this.#sealingBytes + payloadBytes + RECORD_OVERHEAD_BYTES;
  }

  /** The record that must go first, if the key is used up. */
  rekeyDue(): OutgoingRecord | undefined {
    const { key, clock, rekeyMs } = this.#options;
    const limit = Math.min(this.#options.rekeyRecords, MAX_RECORDS_PER_KEY - 1);
    const due = key.records >= limit || clock.nowMs() - this.#keySinceMs >= rekeyMs;
    return due ? outgoing(RecordType.rekey, 0) : undefined;
  }

  /** Seals and sends; the payload is free for reuse when it returns. */
  send(record: OutgoingRecord): void {
    const sealed = this.#options.key.seal(record, this.#headroom);
    if (record.type === RecordType.rekey) this.#rekey();
    if (!(sealed instanceof Promise) && this.#slots.length === 0) {
      this.#transmit(sealed);
      return;
    }
    const bytes = record.payload.length + RECORD_OVERHEAD_BYTES;
    const slot: Slot = { bytes, sealed: undefined };
    this.#slots.push(slot);
    this.#sealingBytes += bytes;
    Promise.resolve(sealed)
      .then((buffer) => {
        slot.sealed = buffer;
        this.#flush();
      })
      .catch(this.#options.onError);
  }

  #flush(): void {
    for (let slot = this.#slots[0]; slot?.sealed; slot = this.#slots[0]) {
      this.#slots.shift();
      this.#sealingBytes -= slot.bytes;
      this.#transmit(slot.sealed);
    }
    if (this.hasRoom) this.#options.onRoom();
  }

  #transmit(buffer: Uint8Array): void {
    const { circuit } = this.#options;
    this.#sentBytes += buffer.length - this.#headroom;
    if (circuit.sendInPlace) circuit.sendInPlace(buffer);
    else circuit.send(buffer);
  }

  #rekey(): void {
    this.#rekeying = true;
    this.#options.key
      .rekey()
      .then(() => {
        this.#rekeying = false;
        this.#keySinceMs = this.#options.clock.nowMs();
        this.#options.onRoom();
      })
      .catch(this.#options.onError);
  }
}
