import { httpError } from './limits.ts';

/**
 * Messages sent over a WebSocket that may be resumed, until the other side has them (docs/protocol.md,
 * "Resuming a WebSocket"). They are numbered from 1 in the order sent, by counting alone.
 */
export class Unacknowledged<Message> {
  readonly #bytesOf: (message: Message) => number;
  #messages: Message[] = [];
  #acked = 0;
  #bytes = 0;

  constructor(bytesOf: (message: Message) => number) {
    this.#bytesOf = bytesOf;
  }

  /** Bytes of the messages held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The messages held, oldest first: what has to be sent again when the way was lost. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  add(message: Message): void {
    this.#messages.push(message);
    this.#bytes += this.#bytesOf(message);
  }

  /**
   * The other side has the first `total` messages. Older news is ignored; throws `ERR_HTTP_INVALID`
   * for more than were sent. @returns the messages let go
   */
  acknowledge(total: number): Message[] {
    const count = total - this.#acked;
    if (count > this.#messages.length) throw httpError('an ack for messages never sent');
    if (count <= 0) return [];
    this.#acked = total;
    const gone = this.#messages.splice(0, count);
    for (const message of gone) this.#bytes -= this.#bytesOf(message);
    return gone;
  }
}
