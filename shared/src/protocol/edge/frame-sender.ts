import { AppError } from '../../errors/index.ts';
import { encodeMessage } from '../channel/index.ts';
import type { OutgoingMessage } from '../channel/index.ts';
import type { FramePipe } from './types.ts';

/** Above this many bytes not yet taken by the operating system, circuits hold back. */
export const HIGH_WATER_BYTES = 4 * 1024 * 1024;
/** A peer that leaves more than this unread is disconnected. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

/** Numbers what one end sends on a channel: from 1, per direction, wrapping within i32. */
export class FrameSender {
  readonly #pipe: FramePipe;
  #sequence = 0;

  constructor(pipe: FramePipe) {
    this.#pipe = pipe;
  }

  get isCongested(): boolean {
    return this.#pipe.bufferedBytes >= HIGH_WATER_BYTES;
  }

  /** To be called before answering what a peer may send without end. Throws `ERR_CHANNEL_CONGESTED`. */
  assertPeerReads(): void {
    if (this.#pipe.bufferedBytes > MAX_BUFFERED_BYTES) {
      throw new AppError('ERR_CHANNEL_CONGESTED', 'the peer does not read', { retryable: true });
    }
  }

  nextSequence(): number {
    this.#sequence = this.#sequence === 0x7fff_ffff ? 1 : this.#sequence + 1;
    return this.#sequence;
  }

  sendFrame(frame: Uint8Array): void {
    this.#pipe.send(frame);
  }

  /** Encodes and sends; returns the sequence, by which a reply will refer to it. */
  sendMessage(
    contentType: number,
    content: Pick<OutgoingMessage, 'headers' | 'body'> = {},
  ): number {
    const sequence = this.nextSequence();
    this.#pipe.send(encodeMessage({ contentType, sequence, ...content }));
    return sequence;
  }
}
