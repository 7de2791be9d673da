/** A router of the network in an attacker's hands: its certificate is good, what it says on a link is not. */
import { connect, type TLSSocket } from 'node:tls';
import { encodeUtf8 } from '@postern/shared/bytes';
import {
  ContentType,
  decodeMessage,
  EDGE_LIMITS,
  encodeMessage,
  FrameSplitter,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import { readCloseReason } from '@postern/shared/protocol/edge';
import { LINK_ALPN } from '@postern/shared/schemas';
import type { RouterNetwork } from './router-network.ts';

export interface RouteRequest {
  readonly circuitId: string;
  readonly serviceId: string;
  readonly terminatorId: string;
  readonly callerId: string;
  readonly sessionId: string;
  readonly path: readonly string[];
}

export class HostileLink {
  /** Resolves when the other router has closed it. */
  readonly closed: Promise<void>;
  readonly #socket: TLSSocket;
  readonly #received: Message[] = [];
  #wake: () => void = () => undefined;
  #sequence = 1;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    const splitter = new FrameSplitter(EDGE_LIMITS, (frame) => {
      this.#received.push(decodeMessage(frame.slice(), EDGE_LIMITS));
      this.#wake();
    });
    socket.on('data', (chunk: Buffer) => splitter.push(chunk));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** A link of `id`, which the controller knows, to a router. Resolves when that has taken it. */
  static async open(network: RouterNetwork, id: string, to: string): Promise<HostileLink> {
    await network.enrollRouter(id);
    await network.inSync();
    const { key, cert } = await network.pki.issue(`router/${id}`);
    const socket = connect({
      host: '127.0.0.1',
      port: network.router(to).fabricPort,
      ...{ key, cert, ca: network.pki.ca },
      ALPNProtocols: [LINK_ALPN],
      checkServerIdentity: () => undefined,
    });
    const link = new HostileLink(socket);
    const hello = new MessageHeaders()
      .setString(HeaderKey.connectionId, 'hostile')
      .setString(HeaderKey.id, id);
    const result = await link.ask(ContentType.hello, hello);
    if (result.headers.bool(HeaderKey.success) !== true) throw new Error('the link was refused');
    return link;
  }

  /** Sends raw bytes. */
  write(frame: Uint8Array): void {
    this.#socket.write(frame);
  }

  /** Sends a request; resolves with what answers it. */
  async ask(contentType: number, headers: MessageHeaders, body?: Uint8Array): Promise<Message> {
    const sequence = this.#sequence++;
    this.write(encodeMessage({ contentType, sequence, headers, ...(body && { body }) }));
    return this.next(({ headers: answer }) => answer.i32(HeaderKey.replyFor) === sequence);
  }

  /** The first message, from the first on, that is wanted. */
  async next(isWanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.#received.find(isWanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Asks for a circuit under `label`: `undefined` when it was opened, else the code of the refusal. */
  async route(label: number, request: RouteRequest): Promise<string | undefined> {
    const headers = new MessageHeaders().setU32(HeaderKey.connId, label);
    const answer = await this.ask(
      ContentType.routeCircuit,
      headers,
      encodeUtf8(JSON.stringify(request)),
    );
    if (answer.headers.bool(HeaderKey.success) === true) return undefined;
    return readCloseReason(answer).code;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
