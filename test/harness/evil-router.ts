/**
 * A router in the attacker's hands, as far as a browser's circuits go: it stands where the edge
 * router stands, sees every frame decrypted from the transport, keeps circuit sequences and credits
 * plausible, and does to the bodies what its tampering says.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ContentType,
  dataBody,
  encodeData,
  peekConnectionId,
  peekContentType,
} from '@postern/shared/protocol/channel';
import { WebSocket, WebSocketServer } from 'ws';

/** `up`: from the browser to the app. */
export type Direction = 'up' | 'down';

/**
 * Decides what goes on instead of one Data body: none, one or several bodies; `'cut'` ends the
 * circuit silently. `number` counts the bodies of that direction and circuit from 0 (0 is M1 or M2).
 */
export type Tampering = (
  body: Uint8Array,
  context: { direction: Direction; number: number },
) => Uint8Array[] | 'cut';

export class EvilRouter {
  /** Everything seen, both directions, while {@link EvilRouter.record} is true. */
  readonly seen: Buffer[] = [];
  record = false;
  tampering: Tampering = (body) => [body];
  /** Where the honest router listens. */
  upstream = '';
  readonly #http = createServer();
  readonly #server = new WebSocketServer({
    server: this.#http,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
    perMessageDeflate: false,
  });
  readonly #sockets = new Set<WebSocket>();

  static async start(): Promise<EvilRouter> {
    const router = new EvilRouter();
    router.#http.listen(0, '127.0.0.1');
    await once(router.#http, 'listening');
    return router;
  }

  private constructor() {
    this.#server.on('connection', (browser, request) => {
      const protocol = request.headers['sec-websocket-protocol'];
      const honest = new WebSocket(this.upstream, protocol ? [protocol] : [], {
        headers: request.headers.origin ? { origin: request.headers.origin } : {},
      });
      const opened = once(honest, 'open').catch(() => undefined);
      this.#join('up', browser, honest, opened);
      this.#join('down', honest, browser, opened);
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/edge`;
  }

  /** Drops every connection, so that the next request dials anew. */
  disconnectAll(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async close(): Promise<void> {
    this.disconnectAll();
    this.#server.close();
    await new Promise((done) => this.#http.close(done));
  }

  #join(direction: Direction, from: WebSocket, to: WebSocket, opened: Promise<unknown>): void {
    this.#sockets.add(from);
    const circuits = new Map<number, { received: number; sent: number }>();
    let isCut = false;
    from.on('message', (message: Buffer) => {
      if (this.record) this.seen.push(Buffer.from(message));
      void opened.then(() => {
        for (const frame of this.#tamper(direction, message, circuits)) {
          if (frame === 'cut') {
            isCut = true;
            from.terminate();
          } else if (!isCut && to.readyState === WebSocket.OPEN) to.send(frame);
        }
      });
    });
    from.on('close', () => {
      this.#sockets.delete(from);
      to.terminate();
    });
    from.on('error', () => to.terminate());
  }

  #tamper(
    direction: Direction,
    message: Buffer,
    circuits: Map<number, { received: number; sent: number }>,
  ): (Uint8Array | 'cut')[] {
    if (peekContentType(message) !== ContentType.data) return [message];
    const id = peekConnectionId(message) ?? 0;
    const circuit = circuits.get(id) ?? { received: 0, sent: 0 };
    circuits.set(id, circuit);
    const bodies = this.tampering(dataBody(message), { direction, number: circuit.received++ });
    if (bodies === 'cut') return ['cut'];
    return bodies.map((body) => encodeData(id, ++circuit.sent, message.readInt32LE(8), body));
  }
}
