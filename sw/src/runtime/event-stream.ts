/** Reads `text/event-stream` (HTML §9.2.6) from bytes cut anywhere. */

export interface StreamEvent {
  type: string;
  data: string;
  lastEventId: string;
}

export class EventStreamParser {
  /** Kept over connections: what a reconnect says that it has. */
  lastEventId = '';
  /** Asked for by `retry`, in ms. */
  reconnectMs: number | undefined;
  #decoder = new TextDecoder();
  #rest = '';
  #endedInCr = false;
  #data: string[] = [];
  #type = '';
  #id = '';

  /** A new connection: what was not ended by an empty line is gone. */
  restart(): void {
    this.#decoder = new TextDecoder();
    this.#rest = '';
    this.#endedInCr = false;
    this.#data = [];
    this.#type = '';
    this.#id = this.lastEventId;
  }

  push(bytes: Uint8Array): StreamEvent[] {
    let text = this.#decoder.decode(bytes, { stream: true });
    // The other half of a line end whose CR came before.
    if (this.#endedInCr && text.startsWith('\n')) text = text.slice(1);
    else if (text === '') return [];
    this.#endedInCr = text.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    switch (name) {
      case 'event':
        this.#type = value;
        break;
      case 'data':
        this.#data.push(value);
        break;
      case 'id':
        if (!value.includes('\0')) this.#id = value;
        break;
      case 'retry':
        if (/^\d+$/.test(value)) this.reconnectMs = Number(value);
    }
    return [];
  }

  #dispatch(): StreamEvent[] {
    this.lastEventId = this.#id;
    const data = this.#data.join('\n');
    const type = this.#type === '' ? 'message' : this.#type;
    const hasData = this.#data.length > 0;
    this.#data = [];
    this.#type = '';
    return hasData ? [{ type, data, lastEventId: this.lastEventId }] : [];
  }
}
