import { decodeRecordHeader, RecordType, type RecordHeader } from './record.ts';
import type { TrafficKey } from './traffic-key.ts';

/** Open operations that may be under way at once. */
const MAX_IN_FLIGHT = 16;

export interface RecordReceiverOptions {
  readonly key: TrafficKey;
  /** Takes each authenticated record in order. What it throws counts as an error of the record. */
  readonly deliver: (header: RecordHeader, plaintext: Uint8Array) => void;
  /** Called once; nothing is delivered afterwards. */
  readonly onError: (cause: unknown) => void;
}

interface Slot {
  readonly header: RecordHeader;
  readonly record: Uint8Array;
  plaintext: Uint8Array | undefined;
  /** Tells the circuit that the message was consumed. */
  done: () => void;
}

/**
 * Opens records, several at once if the cipher is asynchronous, and delivers them in order. What waits
 * here holds circuit credit, so the circuit's window bounds it.
 */
export class RecordReceiver {
  readonly #options: RecordReceiverOptions;
  readonly #slots: Slot[] = [];
  /** How many slots, from the first, are being opened or wait for one before them. */
  #started = 0;
  /** A REKEY is ahead: later records need the key it brings. */
  #barrier = false;
  #stopped = false;
  #onDrained: (() => void) | undefined;

  constructor(options: RecordReceiverOptions) {
    this.#options = options;
  }

  /** Takes one message of the circuit; settles when it was delivered or dropped. Never rejects. */
  receive(record: Uint8Array): void | Promise<void> {
    if (this.#stopped) return;
    try {
      const header = decodeRecordHeader(record);
      if (this.#slots.length > 0 || this.#barrier) return this.#enqueue(header, record, undefined);
      if (header.type === RecordType.rekey) this.#barrier = true;
      const opened = this.#options.key.open(record);
      if (opened instanceof Promise) return this.#enqueue(header, record, opened);
      this.#deliver(header, opened);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Calls back once everything received so far was delivered; at once if it was. */
  whenDrained(callback: () => void): void {
    if (this.#slots.length === 0) callback();
    else this.#onDrained = callback;
  }

  /** Drops what is waiting and ignores what comes. */
  stop(): void {
    this.#stopped = true;
    for (const slot of this.#slots.splice(0)) slot.done();
  }

  #enqueue(
    header: RecordHeader,
    record: Uint8Array,
    opening: Promise<Uint8Array> | undefined,
  ): Promise<void> {
    const slot: Slot = { header, record, plaintext: undefined, done: () => undefined };
    const consumed = new Promise<void>((resolve) => (slot.done = resolve));
    this.#slots.push(slot);
    if (opening) this.#await(slot, opening);
    else this.#startMore();
    return consumed;
  }

  /** Starts waiting records in order, as far as the limits allow. */
  #startMore(): void {
    while (!this.#barrier && this.#started < MAX_IN_FLIGHT) {
      const slot = this.#slots[this.#started];
      if (!slot) return;
      if (slot.header.type === RecordType.rekey) this.#barrier = true;
      const opened = this.#options.key.open(slot.record);
      this.#await(slot, Promise.resolve(opened));
    }
  }

  #await(slot: Slot, opening: Promise<Uint8Array>): void {
    this.#started += 1;
    opening
      .then((plaintext) => {
        slot.plaintext = plaintext;
        this.#drain();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #drain(): void {
    for (let slot = this.#slots[0]; slot?.plaintext; slot = this.#slots[0]) {
      if (this.#stopped) return;
      this.#slots.shift();
      this.#started -= 1;
      this.#deliver(slot.header, slot.plaintext);
      slot.done();
    }
    if (this.#stopped) return;
    this.#startMore();
    if (this.#slots.length === 0) this.#onDrained?.();
  }

  #deliver(header: RecordHeader, plaintext: Uint8Array): void {
    if (header.type === RecordType.rekey) this.#rekey();
    else this.#options.deliver(header, plaintext);
  }

  #rekey(): void {
    this.#options.key
      .rekey()
      .then(() => {
        this.#barrier = false;
        if (!this.#stopped) this.#startMore();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(cause: unknown): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onError(cause);
  }
}
