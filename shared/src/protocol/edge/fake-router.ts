import { ByteReader, decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import {
  ContentType,
  decodeMessage,
  EDGE_LIMITS,
  encodeCredit,
  encodeData,
  encodeMessage,
  HeaderKey,
  MessageHeaders,
} from '../channel/index.ts';
import type { Message, OutgoingMessage } from '../channel/index.ts';
import type { EdgeConnection } from './edge-connection.ts';
import type { CloseReason, FramePipe } from './types.ts';

export const ROUTER_ID = 'router-1';
export const NONCE = new Uint8Array(32).fill(7);

/** A router for tests: keeps what it was sent and answers only as told. Frames pass synchronously. */
export class FakeRouter implements FramePipe {
  readonly received: Message[] = [];
  bufferedBytes = 0;
  closed = false;
  connection: EdgeConnection | undefined;
  #sequence = 0;
  readonly #awaited: { contentType: number; count: number; resolve: (message: Message) => void }[] =
    [];

  send(frame: Uint8Array): void {
    this.received.push(decodeMessage(frame, EDGE_LIMITS));
    for (const { contentType, count, resolve } of this.#awaited) {
      if (this.count(contentType) >= count) resolve(this.last(contentType));
    }
  }

  /** The `count`th message of a type, as soon as the client has sent it. */
  next(contentType: number, count = 1): Promise<Message> {
    return new Promise((resolve) => {
      if (this.count(contentType) >= count) resolve(this.last(contentType));
      else this.#awaited.push({ contentType, count, resolve });
    });
  }

  close(): void {
    this.closed = true;
  }

  /** The last message of a type that the client sent. */
  last(contentType: number): Message {
    const found = this.received.findLast((message) => message.contentType === contentType);
    if (found === undefined) throw new Error(`no message of type ${contentType}`);
    return found;
  }

  count(contentType: number): number {
    return this.received.filter((message) => message.contentType === contentType).length;
  }

  reply(content: Omit<OutgoingMessage, 'sequence'>): void {
    this.#sequence += 1;
    this.connection?.receive(encodeMessage({ ...content, sequence: this.#sequence }));
  }

  challenge(nonce = NONCE, routerId = ROUTER_ID): void {
    const headers = new MessageHeaders().setString(HeaderKey.id, routerId);
    this.reply({ contentType: ContentType.challenge, headers, body: nonce });
  }

  acceptHello(routerId = ROUTER_ID): void {
    const headers = new MessageHeaders()
      .setI32(HeaderKey.replyFor, this.last(ContentType.hello).sequence)
      .setBool(HeaderKey.success, true)
      .setString(HeaderKey.id, routerId);
    this.reply({ contentType: ContentType.result, headers });
  }

  /** Answers the last Connect or Bind by StateConnected. */
  accept(request: Message, circuitId?: string): number {
    const id = request.headers.u32(HeaderKey.connId) ?? 0;
    const headers = new MessageHeaders()
      .setI32(HeaderKey.replyFor, request.sequence)
      .setU32(HeaderKey.connId, id);
    if (circuitId !== undefined) headers.setString(HeaderKey.circuitId, circuitId);
    this.reply({ contentType: ContentType.stateConnected, headers });
    return id;
  }

  /** Sends StateClosed, as an answer if `request` is given. */
  stateClosed(id: number, reason: CloseReason, request?: Message): void {
    const headers = new MessageHeaders().setU32(HeaderKey.connId, id);
    if (request !== undefined) headers.setI32(HeaderKey.replyFor, request.sequence);
    const { message, code, retryable } = reason;
    const error = { message, code, retryHint: retryable ? 0 : 3 };
    headers.setBytes(HeaderKey.structuredError, encodeUtf8(JSON.stringify(error)));
    this.reply({ contentType: ContentType.stateClosed, headers, body: encodeUtf8(message) });
  }

  data(id: number, sequence: number, body: Uint8Array): void {
    this.connection?.receive(encodeData(id, sequence, 1, body));
  }

  credit(id: number, totalBytes: number, sequence: number): void {
    this.connection?.receive(encodeCredit(id, totalBytes, sequence, 1));
  }

  dial(bindId: number, connectionId: number, circuitId = 'circuit-h'): void {
    const headers = new MessageHeaders()
      .setU32(HeaderKey.connId, bindId)
      .setU32(HeaderKey.routerProvidedConnId, connectionId)
      .setString(HeaderKey.circuitId, circuitId)
      .setString(HeaderKey.dialerIdentityId, 'alice');
    this.reply({ contentType: ContentType.dial, headers, body: encodeUtf8('bind-grant') });
  }
}

/** Body of a message as text. */
export function textOf(message: Message): string {
  return decodeUtf8(message.body);
}

export function u32Of(message: Message): number {
  return new ByteReader(message.body).u32();
}

/** Header 1033 of a message, parsed. */
export function errorOf(message: Message): unknown {
  return JSON.parse(message.headers.string(HeaderKey.structuredError) ?? 'null');
}
