/** The open streams of a session: their ids, their number, and the windows they have together. */
import { AppError } from '../../errors/index.ts';
import { invalidRecord } from './record.ts';
import type { SessionLimits } from './session-options.ts';
import { INITIAL_STREAM_WINDOW_BYTES, Stream, type StreamHost } from './stream.ts';
import type { StreamType } from './types.ts';

type Limits = Pick<
  Required<SessionLimits>,
  'streamWindowBytes' | 'sessionWindowBytes' | 'maxStreams'
>;

export class StreamTable {
  readonly #host: StreamHost;
  readonly #limits: Limits;
  readonly #streams = new Map<number, Stream>();
  #nextId: number;
  #lastPeerId = 0;
  #windowBytes = 0;

  /** Streams are opened with odd ids by one side, with even ones by the other: `firstId` is 1 or 2. */
  constructor(host: StreamHost, limits: Limits, firstId: 1 | 2) {
    this.#host = host;
    this.#limits = limits;
    this.#nextId = firstId;
  }

  get size(): number {
    return this.#streams.size;
  }

  get isFull(): boolean {
    return this.#streams.size >= this.#limits.maxStreams;
  }

  /** A stream of ours. Throws `ERR_SESSION_STREAM_LIMIT`. */
  open(type: StreamType, head: Uint8Array): Stream {
    if (this.isFull) {
      throw new AppError('ERR_SESSION_STREAM_LIMIT', 'too many open streams', { retryable: true });
    }
    const id = this.#nextId;
    this.#nextId += 2;
    return this.#add(id, type, head, true);
  }

  /** The peer opens a stream with this id. Throws `ERR_RECORD_INVALID` unless it is one of its next. */
  claim(id: number): void {
    if (!this.isPeers(id) || id <= this.#lastPeerId) throw invalidRecord('stream id out of order');
    this.#lastPeerId = id;
  }

  /** The stream that the peer opened, with an id it has claimed. */
  accept(id: number, type: StreamType, head: Uint8Array): Stream {
    return this.#add(id, type, head, false);
  }

  isPeers(id: number): boolean {
    return id % 2 !== this.#nextId % 2;
  }

  /**
   * `undefined` for a stream that has ended: what was under way for it is dropped. Throws
   * `ERR_RECORD_INVALID` for one that never was.
   */
  find(id: number): Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream) return stream;
    const wasOpened = this.isPeers(id) ? id <= this.#lastPeerId : id < this.#nextId;
    if (!wasOpened) throw invalidRecord('record of a stream that was never opened');
    return undefined;
  }

  remove(stream: Stream): void {
    this.#streams.delete(stream.id);
    this.#windowBytes -= stream.windowBytes;
  }

  /** Bytes by which the window of a stream that is read may grow now: to its limit, or not at all. */
  raiseWindow(stream: Stream): number {
    const { streamWindowBytes, sessionWindowBytes } = this.#limits;
    const wanted = streamWindowBytes - stream.windowBytes;
    if (wanted <= 0 || this.#windowBytes + wanted > sessionWindowBytes) return 0;
    this.#windowBytes += wanted;
    return wanted;
  }

  fail(error: AppError): void {
    for (const stream of [...this.#streams.values()]) stream.fail(error);
  }

  #add(id: number, type: StreamType, openHead: Uint8Array, isOpener: boolean): Stream {
    const stream = new Stream(this.#host, { id, type, openHead, isOpener });
    this.#streams.set(id, stream);
    this.#windowBytes += INITIAL_STREAM_WINDOW_BYTES;
    return stream;
  }
}
