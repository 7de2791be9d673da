/**
 * An upgrade to WebSocket. To the app it is an ordinary client with the browser's own handshake
 * fields; on the stream, messages travel as in docs/protocol.md, "HTTP in a stream".
 */
import type { IncomingMessage } from 'node:http';
import { AppError } from '@postern/shared/errors';
import { encodeResponseHead, type Field } from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import type { CookieSealer } from '../cookies/seal.ts';
import type { AppPool } from './app-pool.ts';
import type { KeptWebSockets, SocketOwner } from './kept-websockets.ts';
import { WebSocketRelay } from './relay-websocket.ts';
import { buildResponseFields } from './response-fields.ts';
import type { ExchangeRecord } from './serve-http.ts';

export interface WebSocketContext {
  app: AppPool;
  owner: SocketOwner;
  sealer: CookieSealer;
  kept: KeptWebSockets;
  signal: AbortSignal;
  record: ExchangeRecord;
  /** Given for pages of another origin, which see nothing of a refusal, nor of the answer's head. */
  crossOrigin?: { seal: (setCookie: string) => string | undefined };
}

export interface WebSocketRequest {
  path: string;
  fields: readonly Field[];
  /** Value of {@link RESUME_FIELD}, if the browser sent one. */
  resume: string | undefined;
}

/**
 * Request: `new` asks for a WebSocket that can be resumed, `<id> <count>` resumes one of whose messages
 * the browser has so many. Response: `<id> <count>`, with the count of the browser's messages.
 */
export const RESUME_FIELD = 'postern-resume';

/** Fields of the WebSocket handshake itself, which is made anew toward the app (RFC 6455 §4.1). */
const handshakeFields = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'sec-websocket-accept',
]);

/**
 * Connects to the app, or resumes, and relays until both sides closed. An answer other than 101 is
 * relayed as it is. Rejects with `ERR_APP_UNREACHABLE`, `ERR_APP_FAILED`, or `ERR_WEBSOCKET_GONE` when
 * there is nothing to resume.
 */
export async function serveWebSocket(
  stream: SessionStream,
  request: WebSocketRequest,
  context: WebSocketContext,
): Promise<void> {
  if (request.resume === undefined || request.resume === 'new') {
    await open(stream, request, context);
  } else await resume(stream, request.resume, context);
}

async function resume(
  stream: SessionStream,
  value: string,
  { kept, owner, record }: WebSocketContext,
): Promise<void> {
  const [id = '', count = ''] = value.split(' ');
  const relay = /^\d{1,15}$/.test(count) ? kept.take(id, owner) : undefined;
  if (relay === undefined) {
    throw new AppError('ERR_WEBSOCKET_GONE', 'no such WebSocket waits to be resumed', {
      status: 410,
      publicMessage: 'This WebSocket is over.',
    });
  }
  record.status = 101;
  stream.sendHead(
    encodeResponseHead({ status: 101, fields: [[RESUME_FIELD, `${id} ${relay.received}`]] }),
  );
  await keep(kept, id, relay.attach(stream, Number(count), record));
}

async function keep(
  kept: KeptWebSockets,
  id: string,
  attached: ReturnType<WebSocketRelay['attach']>,
): Promise<void> {
  let outcome: Awaited<typeof attached> = 'ended';
  try {
    outcome = await attached;
  } finally {
    if (outcome === 'ended') kept.delete(id);
  }
  if (outcome === 'interrupted') kept.wait(id);
}

async function open(
  stream: SessionStream,
  request: WebSocketRequest,
  context: WebSocketContext,
): Promise<void> {
  const { app, owner, sealer, kept, signal, record, crossOrigin } = context;
  const isResumable = request.resume === 'new';
  const socket = app.openWebSocket(
    request.path,
    offeredProtocols(request.fields),
    groupFields(request.fields.filter(([name]) => !handshakeFields.has(name))),
  );
  // Both end in 'close', which is where failures are handled; without a listener they would throw.
  socket.on('error', () => undefined);
  const onAbort = () => socket.terminate();
  signal.addEventListener('abort', onAbort, { once: true });
  let relay: WebSocketRelay | undefined;
  try {
    let id = '';
    const refused = await new Promise<IncomingMessage | undefined>((resolve, reject) => {
      let accepted: IncomingMessage;
      socket.once('upgrade', (response) => (accepted = response));
      socket.once('open', () => {
        // Until the relay has a way to the browser.
        socket.pause();
        relay = new WebSocketRelay(socket, isResumable);
        if (isResumable) id = kept.add(owner, relay);
        record.status = 101;
        const fields = responseFields(accepted);
        if (isResumable) fields.push([RESUME_FIELD, `${id} 0`]);
        stream.sendHead(encodeResponseHead({ status: 101, fields }));
        resolve(undefined);
      });
      socket.once('unexpected-response', (_request, response) => resolve(response));
      socket.once('error', (cause) => reject(connectError(cause)));
      if (signal.aborted) onAbort();
    });
    // From here on the relay decides what a lost stream means.
    signal.removeEventListener('abort', onAbort);
    if (relay !== undefined) await keep(kept, id, relay.attach(stream, 0, record));
    else if (refused !== undefined && crossOrigin !== undefined) {
      throw new AppError('ERR_WEBSOCKET_REFUSED', 'application refused the WebSocket');
    } else if (refused !== undefined) await relayRefusal(refused);
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (relay === undefined) socket.terminate();
  }

  function responseFields(response: IncomingMessage): Field[] {
    const all = buildResponseFields(response.rawHeaders, owner, sealer, crossOrigin?.seal);
    const fields = crossOrigin ? all.filter(([name]) => name === 'set-cookie') : all;
    const { protocol, extensions } = socket;
    return [
      ...fields.filter(([name]) => !handshakeFields.has(name)),
      ...(protocol === '' ? [] : [['sec-websocket-protocol', protocol] as const]),
      ...(extensions === '' ? [] : [['sec-websocket-extensions', extensions] as const]),
    ];
  }

  async function relayRefusal(response: IncomingMessage): Promise<void> {
    const status = response.statusCode ?? 502;
    stream.sendHead(encodeResponseHead({ status, fields: responseFields(response) }));
    record.status = status;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        record.bytesToClient += chunk.length;
        await stream.write(chunk);
      }
    } catch (cause) {
      throw new AppError('ERR_APP_FAILED', 'application broke off its answer', { cause });
    }
    await stream.end();
  }
}

function offeredProtocols(fields: readonly Field[]): string[] {
  return fields
    .filter(([name]) => name === 'sec-websocket-protocol')
    .flatMap(([, value]) => value.split(','))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

function groupFields(fields: readonly Field[]): Record<string, string | string[]> {
  const grouped = new Map<string, string | string[]>();
  for (const [name, value] of fields) {
    const before = grouped.get(name);
    grouped.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(grouped);
}

function connectError(cause: Error): AppError {
  const code = 'code' in cause ? String(cause.code) : '';
  // `ws` errors without a system code are answers that are not a WebSocket handshake.
  return /^E[A-Z]+$/.test(code)
    ? new AppError('ERR_APP_UNREACHABLE', 'application cannot be reached', {
        cause,
        retryable: true,
      })
    : new AppError('ERR_APP_FAILED', 'application failed the WebSocket handshake', { cause });
}
