/** What the router needs from a connection that carries channel frames, whatever is beneath. */

import type { FrameLimits } from '@postern/shared/protocol/channel';

/**
 * Ordered, reliable frames both ways. Handlers are set by the owner before the first await and are
 * never called after `onClose`.
 */
export interface FrameSocket {
  /** Peer's network address, for limits and logs. */
  readonly remoteAddress: string;
  /** True once no frame can be sent or will arrive. */
  readonly isClosed: boolean;
  /** Bytes queued and not yet handed to the operating system. */
  readonly bufferedBytes: number;
  /** Bytes handed to the operating system so far: stands still while a writer is stalled. */
  readonly flushedBytes: number;
  /**
   * Called with each whole frame. The receiver owns the memory until it hands the frame on; the
   * frame may share its buffer with others of the same chunk.
   */
  onFrame: (frame: Uint8Array) => void;
  onClose: (cause?: Error) => void;
  /** Called when bytes have left the queue, if set. */
  onFlushed?: (() => void) | undefined;
  /**
   * Queues one frame; ignored once closed. Frames of the circuit with that label keep their order, and circuits
   * share the connection; frames without a label go before those that wait with one.
   */
  send(frame: Uint8Array, label?: number): void;
  /**
   * Sends what is queued (for at most {@link CLOSE_GRACE_MS}), then closes. `code` and `text`: close
   * code and reason of a WebSocket.
   */
  end(code?: number, text?: string): void;
  /** Closes at once. */
  destroy(cause?: Error): void;
}

/** A frame socket that takes small frames only until its peer has said who it is. */
export interface LimitedFrameSocket extends FrameSocket {
  /** Frames may be this large from now on. */
  limits: FrameLimits;
}

/** How long a graceful close may take to flush. */
export const CLOSE_GRACE_MS = 2_000;

/**
 * Batches the writes of one turn of the event loop: relaying a chunk of many frames then costs one
 * system call (and one run of TLS records) instead of one each.
 */
export class TickCork {
  readonly #socket: { cork(): void; uncork(): void };
  #corked = false;
  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket.uncork();
  };

  constructor(socket: { cork(): void; uncork(): void }) {
    this.#socket = socket;
  }

  beforeWrite(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(this.#uncork);
  }
}
