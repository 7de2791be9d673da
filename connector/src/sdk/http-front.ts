/**
 * HTTP/1.1 in front of a service that is hosted as HTTP: each request that comes over one of our connections
 * goes on as a stream of its own, as a browser's does, so that the host's rules, and the identity it tells
 * the application, hold for programs too.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isAppError } from '@postern/shared/errors';
import {
  decodeFields,
  decodeResponseHead,
  encodeFields,
  encodeRequestHead,
  isForbiddenField,
  isInformational,
  type Field,
} from '@postern/shared/protocol/http';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import { createDuplexPair } from './duplex-pair.ts';
import type { ServiceDialer } from './service-dialer.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** ASCII: its length is its bytes. */
const NO_UPGRADE =
  'A service hosted as HTTP takes no WebSocket from a program: host it as tcp, or open it in a browser.\n';

export class HttpFront {
  readonly #server: Server;

  constructor(dialer: Pick<ServiceDialer, 'openHttp'>) {
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
      forward(dialer, request, response).catch((error: unknown) => refuse(response, error));
    });
    this.#server.on('upgrade', (_request, socket: Duplex) => {
      socket.end(
        'HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-type: text/plain\r\n' +
          `content-length: ${NO_UPGRADE.length}\r\n\r\n${NO_UPGRADE}`,
      );
    });
  }

  /** A connection that speaks HTTP/1.1 with the service. */
  connect(): Duplex {
    const [ours, theirs] = createDuplexPair();
    this.#server.emit('connection', theirs);
    return ours;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function forward(
  dialer: Pick<ServiceDialer, 'openHttp'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { signal } = gone;
  const head = encodeRequestHead({
    method: request.method ?? 'GET',
    target: originForm(request.url ?? '/'),
    fields: fieldsOf(request),
    webSocket: false,
  });
  const stream = await dialer.openHttp(head, signal);
  try {
    // An early answer may make sending fail; the answer says more than that failure.
    const sent = sendBody(stream, request).catch(() => undefined);
    await receive(stream, response, signal);
    await sent;
  } finally {
    stream.reset(ResetCode.cancelled, 'closed');
  }
}

async function sendBody(stream: SessionStream, request: IncomingMessage): Promise<void> {
  for await (const chunk of request) await stream.write(chunk as Buffer);
  const trailers = pairs(request.rawTrailers);
  await (trailers.length === 0 ? stream.end() : stream.end(encodeFields(trailers)));
}

async function receive(
  stream: SessionStream,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  let head = decodeResponseHead(await stream.nextHead(signal));
  while (isInformational(head.status)) head = decodeResponseHead(await stream.nextHead(signal));
  response.writeHead(head.status, head.fields.flat());
  response.flushHeaders();
  await pipeline(
    async function* () {
      for (let chunk = await stream.read(signal); chunk; chunk = await stream.read(signal))
        yield chunk;
      const { trailers } = stream;
      if (trailers !== undefined && trailers.length > 0)
        response.addTrailers(
          decodeFields(trailers).map(([name, value]): [string, string] => [name, value]),
        );
    },
    response,
    { signal },
  );
}

/** 502 with the code of what went wrong, where there is still a head to send; else the connection breaks. */
function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const code = isAppError(error) ? error.code : 'ERR_INTERNAL';
  response.writeHead(502, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ title: 'The service cannot be reached', status: 502, code }));
}

function fieldsOf({ rawHeaders }: IncomingMessage): Field[] {
  return pairs(rawHeaders).filter(([name]) => !isForbiddenField(name));
}

function pairs(raw: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2)
    fields.push([(raw[at] ?? '').toLowerCase(), raw[at + 1] ?? '']);
  return fields;
}

/** Proxies are sent the absolute form (RFC 9112 §3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  if (!URL.canParse(target)) return '/';
  const { pathname, search } = new URL(target);
  return pathname + search;
}
