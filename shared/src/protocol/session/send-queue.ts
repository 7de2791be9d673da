import type { OutgoingRecord } from './record.ts';
import type { Stream } from './stream.ts';

/** Control records that may wait for circuit credit. */
export const MAX_CONTROL_RECORDS = 1024;

/**
 * What goes out next: control records in order, then one record of each stream in turn, those that had nothing
 * to send first: a small answer does not wait for a record of each download. Having had its record a stream
 * takes its place behind the others, so that none goes first again and again.
 */
export class SendQueue {
  readonly #control: OutgoingRecord[] = [];
  /** Had nothing to send before. */
  readonly #fresh = new Set<Stream>();
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
    if (!this.#ring.has(stream)) this.#fresh.add(stream);
  }

  removeStream(stream: Stream): void {
    this.#fresh.delete(stream);
    this.#ring.delete(stream);
  }

  clear(): void {
    this.#control.length = 0;
    this.#fresh.clear();
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
    const isFresh = this.#fresh.delete(stream);
    this.#ring.delete(stream);
    const record = stream.takeRecord();
    if (isFresh || stream.isSendable) this.#ring.add(stream);
    return record;
  }

  #firstStream(): Stream | undefined {
    return firstSendable(this.#fresh) ?? firstSendable(this.#ring);
  }
}

/** Drops those before it, which have nothing to send any more. */
function firstSendable(streams: Set<Stream>): Stream | undefined {
  for (const stream of streams) {
    if (stream.isSendable) return stream;
    streams.delete(stream);
  }
  return undefined;
}
