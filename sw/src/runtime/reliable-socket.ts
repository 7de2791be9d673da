/**
 * The messages of one WebSocket, whatever happens to the service worker and the session that carry
 * them: each is kept until the application has it, and an interrupted way is taken up again where it
 * was lost (docs/protocol.md, "Resuming a WebSocket").
 */
import { Unacknowledged } from '@postern/shared/protocol/http';
import type { Resumption, SocketCommand, SocketEvent } from '../messages/page.ts';
import type { SocketCarrier, SocketChannel } from './socket-carrier.ts';

/** Pauses before attempts to resume; the last one repeats. */
const RETRY_MS = [0, 250, 1_000, 2_000, 4_000];
/** As long as a connector waits for a browser to come back. */
const PATIENCE_MS = 30_000;

export interface SocketEnd {
  code: number;
  reason: string;
  wasClean: boolean;
  /** Asks for an `error` event first. */
  failed: boolean;
}

/** The end of a WebSocket whose connection was lost. */
export const LOST: SocketEnd = { code: 1006, reason: '', wasClean: false, failed: true };

export interface SocketHandlers {
  opened(protocol: string, extensions: string): void;
  message(data: string | ArrayBuffer): void;
  /** So many bytes given to {@link ReliableSocket.send} have left. */
  left(bytes: number): void;
  /** Called once, last. */
  ended(end: SocketEnd): void;
}

interface Sent {
  readonly command: Extract<SocketCommand, { kind: 'send' | 'close' }>;
  readonly bytes: number;
  hasLeft: boolean;
}

export class ReliableSocket {
  readonly #carrier: SocketCarrier;
  readonly #url: string;
  readonly #protocols: string[];
  readonly #handlers: SocketHandlers;
  readonly #sent = new Unacknowledged<Sent>(({ bytes }) => bytes);
  /** Posted on the present channel, and not yet reported as sent. */
  #leaving: Sent[] = [];
  #channel: SocketChannel | undefined;
  #isOpen = false;
  #id: string | undefined;
  #received = 0;
  #attempts = 0;
  #lostSinceMs: number | undefined;
  #hasEnded = false;

  constructor(carrier: SocketCarrier, url: string, protocols: string[], handlers: SocketHandlers) {
    this.#carrier = carrier;
    this.#url = url;
    this.#protocols = protocols;
    this.#handlers = handlers;
    this.#connect(undefined);
  }

  send(data: string | Blob | ArrayBuffer, bytes: number): void {
    this.#command({ command: { kind: 'send', data }, bytes, hasLeft: false });
  }

  close(code: number | undefined, reason: string | undefined): void {
    this.#command({ command: { kind: 'close', code, reason }, bytes: 0, hasLeft: false });
  }

  /** The page goes: browsers close with 1001 then (HTML §7.4.4), and wait for nothing. */
  abandon(): void {
    this.#channel?.post({ kind: 'close', code: 1001, reason: undefined });
    this.#end(LOST);
  }

  #command(sent: Sent): void {
    if (!this.#isOpen && this.#id === undefined) {
      // Still connecting: only a close can come, and it is carried out at once.
      this.#channel?.post(sent.command);
      return;
    }
    if (this.#id !== undefined) this.#sent.add(sent);
    if (this.#isOpen) this.#post(sent);
  }

  #post(sent: Sent): void {
    if (sent.command.kind === 'send') this.#leaving.push(sent);
    this.#channel?.post(sent.command);
  }

  #connect(resume: Resumption | undefined): void {
    if (this.#hasEnded) return;
    const request = { url: this.#url, protocols: this.#protocols, ...(resume && { resume }) };
    const channel = this.#carrier.open(request, (event) => {
      if (this.#channel === channel) this.#take(event);
    });
    this.#channel = channel;
  }

  #take(event: SocketEvent): void {
    switch (event.kind) {
      case 'accepted':
      case 'outside':
        return;
      case 'open':
        this.#opened(event);
        return;
      case 'message':
        this.#received += 1;
        this.#channel?.post({ kind: 'taken' });
        this.#handlers.message(event.data);
        return;
      case 'sent':
        this.#left(this.#leaving.shift());
        return;
      case 'acked':
        this.#acknowledge(event.messages);
        return;
      case 'interrupted':
        this.#interrupted();
        return;
      case 'closed':
        this.#end(event);
    }
  }

  #opened({ protocol, extensions, resume }: Extract<SocketEvent, { kind: 'open' }>): void {
    const isResumed = this.#lostSinceMs !== undefined;
    this.#isOpen = true;
    this.#id = resume?.id;
    this.#attempts = 0;
    this.#lostSinceMs = undefined;
    if (!isResumed) {
      this.#handlers.opened(protocol, extensions);
      return;
    }
    this.#acknowledge(resume?.received ?? 0);
    for (const sent of this.#sent.messages) this.#post(sent);
  }

  #acknowledge(messages: number): void {
    for (const sent of this.#sent.acknowledge(messages)) this.#left(sent);
  }

  #left(sent: Sent | undefined): void {
    if (sent === undefined || sent.hasLeft) return;
    sent.hasLeft = true;
    if (sent.bytes > 0) this.#handlers.left(sent.bytes);
  }

  #interrupted(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#isOpen = false;
    this.#leaving = [];
    const id = this.#id;
    const nowMs = Date.now();
    this.#lostSinceMs ??= nowMs;
    if (id === undefined || nowMs - this.#lostSinceMs > PATIENCE_MS) {
      this.#end(LOST);
      return;
    }
    const delayMs = RETRY_MS[Math.min(this.#attempts++, RETRY_MS.length - 1)];
    setTimeout(() => this.#connect({ id, received: this.#received }), delayMs);
  }

  #end({ code, reason, wasClean, failed }: SocketEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#channel?.close();
    this.#channel = undefined;
    this.#handlers.ended({ code, reason, wasClean, failed });
  }
}
