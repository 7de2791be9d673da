import { encodeMessage } from '../channel/index.ts';
import type { OutgoingMessage } from '../channel/index.ts';
import type { FramePipe } from './types.ts';

/** Numbers what one end sends on a channel: from 1, per direction, wrapping within i32. */
export class FrameSender {
  readonly #pipe: FramePipe;
  #sequence = 0;

  constructor(pipe: FramePipe) {
    this.#pipe = pipe;
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
