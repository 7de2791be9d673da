import { AppError } from '../../errors/index.ts';
import { ChunkQueue } from './chunk-queue.ts';
import {
  MAX_HEAD_BYTES,
  MAX_PLAINTEXT_BYTES,
  RecordType,
  encodeReason,
  encodeWindow,
  invalidRecord,
  outgoing,
  type OutgoingRecord,
} from './record.ts';
import { ResetCode, type SessionStream, type StreamType } from './types.ts';
import { Waiter } from './waiter.ts';

/** Credit each direction of a stream starts with: part of the protocol. */
export const INITIAL_STREAM_WINDOW_BYTES = 262_144;
const MAX_SEND_CREDIT_BYTES = 0xffff_ffff;
const MAX_UNREAD_HEADS = 8;
const MAX_PENDING_WRITES = 64;

/** What a stream needs of its session. */
export interface StreamHost {
  /** Queues a record ahead of all data. */
  sendControl(record: OutgoingRecord): void;
  /** The stream has something that {@link Stream.takeRecord} would give out. */
  onSendable(stream: Stream): void;
  /** Both directions ended. */
  onFinished(stream: Stream): void;
  /** Asks to raise the stream's receive window to the configured size; returns the bytes granted. */
  raiseWindow(stream: Stream): number;
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  offset: number;
  /** This is the end of the direction; with these trailers, if any. */
  readonly end: { readonly trailers: Uint8Array | undefined } | undefined;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

type Closing = Awaited<SessionStream['closed']>;

/** One stream of a session: credits, order and ends of both directions. */
export class Stream implements SessionStream {
  readonly id: number;
  readonly type: StreamType;
  readonly openHead: Uint8Array;
  readonly closed: Promise<Closing>;

  readonly #host: StreamHost;
  readonly #isOpener: boolean;
  #resolveClosed!: (closing: Closing) => void;
  /** Set once: why reads, writes or both fail from now on. */
  #error: AppError | undefined;
  #finished = false;

  // Sending.
  readonly #writes: PendingWrite[] = [];
  #sendCredit = INITIAL_STREAM_WINDOW_BYTES;
  #endRequested = false;
  #localEnded = false;

  // Receiving.
  readonly #chunks = new ChunkQueue();
  readonly #heads: Uint8Array[] = [];
  readonly #chunkWaiter = new Waiter<Uint8Array | undefined>('ERR_STREAM_READ_PENDING');
  readonly #headWaiter = new Waiter<Uint8Array>('ERR_STREAM_READ_PENDING');
  #windowBytes = INITIAL_STREAM_WINDOW_BYTES;
  /** What the peer may still send. */
  #receiveCredit = INITIAL_STREAM_WINDOW_BYTES;
  /** Read by the consumer, not yet given back. */
  #consumedBytes = 0;
  #receivedBytes = 0;
  #raised = false;
  #remoteEnded = false;
  #trailers: Uint8Array | undefined;

  constructor(
    host: StreamHost,
    options: { id: number; type: StreamType; openHead: Uint8Array; isOpener: boolean },
  ) {
    this.#host = host;
    this.id = options.id;
    this.type = options.type;
    this.openHead = options.openHead;
    this.#isOpener = options.isOpener;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  /** The receive window granted to the peer so far, in bytes. */
  get windowBytes(): number {
    return this.#windowBytes;
  }

  get trailers(): Uint8Array | undefined {
    if (!this.#remoteEnded || !this.#chunks.isEmpty) return undefined;
    return this.#trailers ?? new Uint8Array();
  }

  sendHead(head: Uint8Array): void {
    if (this.#isOpener) throw new AppError('ERR_STREAM_STATE', 'the opener sends no further head');
    if (head.length > MAX_HEAD_BYTES) throw new AppError('ERR_STREAM_HEAD_SIZE', 'head too long');
    this.#checkWritable();
    this.#host.sendControl(outgoing(RecordType.head, this.id, head.slice()));
  }

  async nextHead(signal?: AbortSignal): Promise<Uint8Array> {
    const head = this.#heads.shift();
    if (head) return head;
    if (this.#error) throw this.#error;
    if (this.#remoteEnded)
      throw new AppError('ERR_STREAM_STATE', 'the stream ended without a head');
    return this.#headWaiter.wait(signal);
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#giveBack(chunk.length);
      return chunk;
    }
    if (this.#remoteEnded) return undefined;
    if (this.#error) throw this.#error;
    const next = await this.#chunkWaiter.wait(signal);
    if (next) this.#giveBack(next.length);
    return next;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    this.#checkWritable();
    signal?.throwIfAborted();
    if (bytes.length === 0) return;
    if (this.#writes.length >= MAX_PENDING_WRITES) {
      throw new AppError('ERR_STREAM_WRITE_PENDING', 'too many writes wait: await each of them');
    }
    // A write that was given up halfway would leave a hole: the stream ends with it.
    const onAbort = () => this.reset(ResetCode.cancelled);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#queueWrite(bytes, undefined);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async end(trailers?: Uint8Array): Promise<void> {
    if (this.#endRequested) return;
    this.#checkWritable();
    if (trailers && trailers.length > MAX_HEAD_BYTES) {
      throw new AppError('ERR_STREAM_HEAD_SIZE', 'trailers too long');
    }
    this.#endRequested = true;
    await this.#queueWrite(new Uint8Array(), { trailers });
  }

  reset(code: ResetCode, reason = ''): void {
    if (this.#finished) return;
    this.#host.sendControl(outgoing(RecordType.reset, this.id, encodeReason(code, reason)));
    this.#abort(
      new AppError('ERR_STREAM_RESET', `stream reset by this side: ${reason || `code ${code}`}`),
      { code, reason, byPeer: false },
    );
  }

  // From here on: called by the session.

  /** Whether {@link Stream.takeRecord} would give out a record now. */
  get isSendable(): boolean {
    const next = this.#writes[0];
    return next !== undefined && (this.#sendCredit > 0 || next.bytes.length === 0);
  }

  /** Payload length of the next record. */
  get nextRecordBytes(): number {
    const next = this.#writes[0];
    if (!next) return 0;
    if (next.end) return next.end.trailers?.length ?? 0;
    return Math.min(next.bytes.length - next.offset, MAX_PLAINTEXT_BYTES, this.#sendCredit);
  }

  /** The next record of this stream's data, taken out of the queue. Requires {@link Stream.isSendable}. */
  takeRecord(): OutgoingRecord {
    const next = this.#writes[0] as PendingWrite;
    if (next.end) {
      const { trailers } = next.end;
      const record = trailers
        ? outgoing(RecordType.trailers, this.id, trailers)
        : outgoing(RecordType.data, this.id, undefined, true);
      this.#writeDone();
      return record;
    }
    const length = this.nextRecordBytes;
    const payload = next.bytes.subarray(next.offset, next.offset + length);
    next.offset += length;
    this.#sendCredit -= length;
    if (next.offset < next.bytes.length) return outgoing(RecordType.data, this.id, payload);
    this.#writeDone();
    // The end rides on the last data instead of costing a record.
    const end = this.#writes[0]?.end;
    const fin = end !== undefined && end.trailers === undefined;
    if (fin) this.#writeDone();
    return outgoing(RecordType.data, this.id, payload, fin);
  }

  onHead(head: Uint8Array): void {
    if (!this.#isOpener) throw invalidRecord('head from the opener');
    if (this.#remoteEnded) throw invalidRecord('head after the end');
    if (head.length > MAX_HEAD_BYTES) throw invalidRecord('head too long');
    if (this.#headWaiter.resolve(head)) return;
    if (this.#heads.length >= MAX_UNREAD_HEADS) throw invalidRecord('too many heads');
    this.#heads.push(head);
  }

  onData(bytes: Uint8Array, fin: boolean): void {
    if (this.#remoteEnded) throw invalidRecord('data after the end');
    if (bytes.length === 0 && !fin) throw invalidRecord('data without bytes');
    if (bytes.length > this.#receiveCredit) throw invalidRecord('data beyond the credit');
    this.#receiveCredit -= bytes.length;
    this.#receivedBytes += bytes.length;
    if (bytes.length > 0 && !this.#chunkWaiter.resolve(bytes)) this.#chunks.push(bytes);
    if (fin) this.#endRemote(undefined);
    else this.#raiseWindow();
  }

  onTrailers(trailers: Uint8Array): void {
    if (this.#remoteEnded) throw invalidRecord('trailers after the end');
    if (trailers.length > MAX_HEAD_BYTES) throw invalidRecord('trailers too long');
    this.#endRemote(trailers);
  }

  onWindow(bytes: number): void {
    this.#sendCredit += bytes;
    if (this.#sendCredit > MAX_SEND_CREDIT_BYTES) throw invalidRecord('credit overflow');
    if (this.isSendable) this.#host.onSendable(this);
  }

  onReset(code: number, reason: string): void {
    const errorCode = /^ERR_[A-Z0-9_]{1,60}$/.test(reason)
      ? (reason as `ERR_${string}`)
      : 'ERR_STREAM_RESET';
    this.#abort(new AppError(errorCode, `stream reset by the peer: ${reason || `code ${code}`}`), {
      code,
      reason,
      byPeer: true,
    });
  }

  /** The session ended: what has not ended by itself fails. */
  fail(error: AppError): void {
    this.#abort(error, { code: ResetCode.internal, reason: error.code, byPeer: false });
  }

  #checkWritable(): void {
    if (this.#error) throw this.#error;
    if (this.#endRequested) throw new AppError('ERR_STREAM_STATE', 'this direction has ended');
  }

  #queueWrite(bytes: Uint8Array, end: PendingWrite['end']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#writes.push({ bytes, offset: 0, end, resolve, reject });
      if (this.#writes.length === 1 && this.isSendable) this.#host.onSendable(this);
    });
  }

  #writeDone(): void {
    const done = this.#writes.shift();
    done?.resolve();
    if (!done?.end) return;
    this.#localEnded = true;
    this.#finishIfEnded();
  }

  #endRemote(trailers: Uint8Array | undefined): void {
    this.#remoteEnded = true;
    this.#trailers = trailers;
    this.#chunkWaiter.resolve(undefined);
    this.#headWaiter.reject(new AppError('ERR_STREAM_STATE', 'the stream ended without a head'));
    this.#finishIfEnded();
  }

  #finishIfEnded(): void {
    if (this.#localEnded && this.#remoteEnded) this.#finish({});
  }

  #abort(error: AppError, reset: NonNullable<Closing['reset']>): void {
    if (this.#finished) return;
    this.#error = error;
    this.#heads.length = 0;
    // What ended properly stays readable to its end.
    if (!this.#remoteEnded) this.#chunks.clear();
    this.#chunkWaiter.reject(error);
    this.#headWaiter.reject(error);
    for (const write of this.#writes.splice(0)) write.reject(error);
    this.#finish({ reset });
  }

  #finish(closing: Closing): void {
    this.#finished = true;
    this.#host.onFinished(this);
    this.#resolveClosed(closing);
  }

  /** Credit goes back in batches of half a window. */
  #giveBack(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#remoteEnded || this.#finished) return;
    if (this.#consumedBytes * 2 >= this.#windowBytes) this.#sendWindow(this.#consumedBytes);
  }

  /** A stream that carries more than a record gets the full window; small ones never cost a WINDOW. */
  #raiseWindow(): void {
    if (this.#raised || this.#receivedBytes < MAX_PLAINTEXT_BYTES) return;
    this.#raised = true;
    const granted = this.#host.raiseWindow(this);
    if (granted === 0) return;
    this.#windowBytes += granted;
    this.#receiveCredit += granted;
    this.#host.sendControl(outgoing(RecordType.window, this.id, encodeWindow(granted)));
  }

  #sendWindow(bytes: number): void {
    this.#consumedBytes = 0;
    this.#receiveCredit += bytes;
    this.#host.sendControl(outgoing(RecordType.window, this.id, encodeWindow(bytes)));
  }
}
