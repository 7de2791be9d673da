import type { OutgoingRecord } from './record.ts';
import type { Stream } from './stream.ts';

/** Control records that may wait for circuit credit. */
export const MAX_CONTROL_RECORDS = 1024;

/**
 * What goes out next: control records in order, then one record of each stream in turn, so that a bulk
 * stream never starves a small one.
 */
export class SendQueue {
  readonly #control: OutgoingRecord[] = [];
  readonly #ring = new Set<Stream>();

  get controlLength(): number {
    return this.#control.length;
  }

  /** False if the queue is full. */
  pushControl(record: OutgoingRecord): boolean {
    if (this.#control.length >= MAX_CONTROL_RECORDS) return false;
    this.#control.push(record);
    return true;
  }

  addStream(stream: Stream): void {
    this.#ring.add(stream);
  }

  removeStream(stream: Stream): void {
    this.#ring.delete(stream);
  }

  clear(): void {
    this.#control.length = 0;
    this.#ring.clear();
  }

  /** Payload length of what {@link SendQueue.take} would give; `undefined` if there is nothing. */
  peekBytes(): number | undefined {
    return this.#control[0]?.payload.length ?? this.#firstStream()?.nextRecordBytes;
  }

  take(): OutgoingRecord | undefined {
    const control = this.#control.shift();
    if (control) return control;
    const stream = this.#firstStream();
    if (!stream) return undefined;
    // To the back of the ring, if it has more.
    this.#ring.delete(stream);
    const record = stream.takeRecord();
    if (stream.isSendable) this.#ring.add(stream);
    return record;
  }

  #firstStream(): Stream | undefined {
    for (const stream of this.#ring) {
      if (stream.isSendable) return stream;
      this.#ring.delete(stream);
    }
    return undefined;
  }
}
