/** Messages as they arrived, for whoever waits for one of them. */
import type { WireMessage } from './sdk-wire.ts';

export class WireInbox {
  readonly messages: WireMessage[] = [];
  isClosed = false;
  #wake: (() => void)[] = [];

  /** The first message that fits, now or later, which is taken out. Rejects when the connection ends without. */
  async next(fits: (message: WireMessage) => boolean): Promise<WireMessage> {
    for (;;) {
      const at = this.messages.findIndex(fits);
      if (at >= 0) return this.messages.splice(at, 1)[0] as WireMessage;
      if (this.isClosed) throw new Error('the connection ended before the message came');
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  ofType(type: number): Promise<WireMessage> {
    return this.next((message) => message.type === type);
  }

  /** The answer to what was sent with this sequence: header 1, exactly 4 bytes. */
  answerTo(sequence: number): Promise<WireMessage> {
    return this.next(
      ({ headers }) => headers[1]?.length === 4 && headers[1].readInt32LE() === sequence,
    );
  }

  protected notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
