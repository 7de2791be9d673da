/**
 * An upgrade to WebSocket. To the app it is an ordinary client with the browser's own handshake
 * fields; on the stream, messages travel as in docs/protocol.md, "HTTP in a stream".
 */
import type { IncomingMessage } from 'node:http';
import { AppError } from '@postern/shared/errors';
import { encodeResponseHead, type Field } from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import type { CookieOwner, CookieSealer } from '../cookies/seal.ts';
import type { AppPool } from './app-pool.ts';
import { buildResponseFields } from './response-fields.ts';
import type { ExchangeRecord } from './serve-http.ts';
import { relayWebSocket } from './relay-websocket.ts';

export interface WebSocketContext {
  app: AppPool;
  owner: CookieOwner;
  sealer: CookieSealer;
  signal: AbortSignal;
  record: ExchangeRecord;
}

/** Fields of the WebSocket handshake itself, which is made anew toward the app (RFC 6455 §4.1). */
const handshakeFields = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'sec-websocket-accept',
]);

/**
 * Connects to the app and relays until both sides closed. An answer other than 101 is relayed as
 * it is. Rejects with `ERR_APP_UNREACHABLE` or `ERR_APP_FAILED`.
 */
export async function serveWebSocket(
  stream: SessionStream,
  request: { path: string; fields: readonly Field[] },
  context: WebSocketContext,
): Promise<void> {
  const { app, owner, sealer, signal, record } = context;
  const socket = app.openWebSocket(
    request.path,
    offeredProtocols(request.fields),
    groupFields(request.fields.filter(([name]) => !handshakeFields.has(name))),
  );
  // Both end in 'close', which is where failures are handled; without a listener they would throw.
  socket.on('error', () => undefined);
  const onAbort = () => socket.terminate();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const refused = await new Promise<IncomingMessage | undefined>((resolve, reject) => {
      let accepted: IncomingMessage;
      socket.once('upgrade', (response) => (accepted = response));
      socket.once('open', () => {
        // Until the relay listens, so that no message is lost.
        socket.pause();
        record.status = 101;
        stream.sendHead(encodeResponseHead({ status: 101, fields: responseFields(accepted) }));
        resolve(undefined);
      });
      socket.once('unexpected-response', (_request, response) => resolve(response));
      socket.once('error', (cause) => reject(connectError(cause)));
      if (signal.aborted) onAbort();
    });
    if (refused === undefined) await relayWebSocket(stream, socket, record);
    else await relayRefusal(refused);
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.terminate();
  }

  function responseFields(response: IncomingMessage): Field[] {
    const fields = buildResponseFields(response.rawHeaders, owner, sealer);
    const { protocol } = socket;
    return [
      ...fields.filter(([name]) => !handshakeFields.has(name)),
      ...(protocol === '' ? [] : [['sec-websocket-protocol', protocol] as const]),
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
