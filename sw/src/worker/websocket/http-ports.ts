/**
 * WebSockets of web workers, which cannot give a port to this worker: `POST <path>/<id>` opens one and
 * answers with its events, `PUT <path>/<id>` brings commands (`sw/src/messages/socket-frames.ts`).
 */
import { z } from 'zod';
import { socketRequestSchema, type SocketEvent } from '../../messages/page.ts';
import { encodeSocketFrame, SocketFrameDecoder } from '../../messages/socket-frames.ts';
import type { PagePort } from './bridge.ts';
import type { SocketTable } from './socket-table.ts';

/** Below this path, a socket each. */
export const SOCKETS_PATH = '/.postern/socket/';
const MAX_PORTS = 1024;
const idSchema = z.uuid();

export class HttpPorts {
  readonly #sockets: SocketTable;
  readonly #ports = new Map<string, HttpPort>();

  constructor(sockets: SocketTable) {
    this.#sockets = sockets;
  }

  /** Answers a request below {@link SOCKETS_PATH}. */
  async respond(request: Request, clientId: string): Promise<Response> {
    const id = new URL(request.url).pathname.slice(SOCKETS_PATH.length);
    const isOurs = idSchema.safeParse(id).success && request.mode !== 'navigate';
    if (isOurs && request.method === 'POST') return this.#open(id, request, clientId);
    const port = this.#ports.get(id);
    if (!isOurs || request.method !== 'PUT' || port === undefined) return status(404);
    try {
      port.take(new Uint8Array(await request.arrayBuffer()));
      return status(204);
    } catch {
      return status(400);
    }
  }

  async #open(id: string, request: Request, clientId: string): Promise<Response> {
    const wanted = socketRequestSchema.safeParse(await request.json().catch(() => undefined));
    if (!wanted.success || this.#ports.has(id)) return status(400);
    if (this.#ports.size >= MAX_PORTS) return status(503);
    const port = new HttpPort(() => this.#ports.delete(id));
    this.#ports.set(id, port);
    port.onCancel = this.#sockets.open(clientId, port, wanted.data);
    return new Response(port.body, { headers: { 'cache-control': 'no-store' } });
  }
}

class HttpPort implements PagePort {
  onmessage: ((event: MessageEvent<unknown>) => void) | null = null;
  /** The other side went away. */
  onCancel: () => void = () => undefined;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #decoder = new SocketFrameDecoder();
  readonly #onDone: () => void;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #isDone = false;

  constructor(onDone: () => void) {
    this.#onDone = onDone;
    this.body = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      cancel: () => {
        this.#done();
        this.onCancel();
      },
    });
  }

  postMessage(event: SocketEvent): void {
    if (this.#isDone) return;
    this.#controller.enqueue(encodeSocketFrame(event));
    if (event.kind === 'closed' || event.kind === 'interrupted') this.close();
  }

  close(): void {
    if (this.#isDone) return;
    this.#controller.close();
    this.#done();
  }

  /** Commands, in the order sent. Throws for what is none. */
  take(bytes: Uint8Array): void {
    for (const { value } of this.#decoder.push(bytes)) {
      const data = 'json' in value ? value.json : { kind: 'send', ...value };
      this.onmessage?.({ data } as MessageEvent<unknown>);
    }
  }

  #done(): void {
    this.#isDone = true;
    this.#onDone();
  }
}

const status = (code: number): Response => new Response(null, { status: code });
