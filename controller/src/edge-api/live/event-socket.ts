/**
 * The event stream as a WebSocket: one text message an event, `{id, time, type, …}`. A browser cannot
 * set headers, so it gives the session token as subprotocol `zt-session.<token>` beside
 * `postern.events`; tokens never stand in URLs.
 */
import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@postern/shared/errors';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Credentials } from '../../auth/api-sessions.ts';
import type { ControllerContext } from '../../context.ts';
import { MANAGEMENT_BASE } from '../common-routes.ts';
import {
  CHECK_MS,
  createReaderLimit,
  cutReason,
  KEEP_ALIVE_MS,
  mayRead,
  parseKinds,
  STALL_MS,
} from './event-readers.ts';
import { EVENTS_PATH } from './event-routes.ts';

const PROTOCOL = 'postern.events';
const TOKEN_PROTOCOL = 'zt-session.';
/** Close code of a stream that was cut; the reason is an error code. */
const CUT = 4008;
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Readers send nothing; what they send is dropped, and long messages end the connection. */
const MAX_MESSAGE_BYTES = 1024;

/** Serves upgrades of `server`. Returns the function that ends all streams. */
export function serveEventSockets(server: Server, ctx: ControllerContext): () => void {
  const limit = createReaderLimit();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => PROTOCOL,
  });
  const stopAll = new AbortController();

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const url = new URL(request.url ?? '/', 'https://controller');
    if (url.pathname.replace(/\/+$/, '') !== MANAGEMENT_BASE + EVENTS_PATH) {
      refuse(socket, 404);
      return;
    }
    const { origin } = request.headers;
    if (origin !== undefined && origin !== new URL(ctx.endpoints.admin).origin) {
      refuse(socket, 403);
      return;
    }
    const credentials = credentialsOf(request);
    if (!(await mayRead(ctx, credentials))) {
      refuse(socket, 401);
      return;
    }
    let kinds;
    let leave;
    try {
      kinds = parseKinds(url.searchParams.get('kinds') ?? undefined);
      leave = limit.enter();
    } catch {
      refuse(socket, 400);
      return;
    }
    const after = url.searchParams.get('after') ?? undefined;
    sockets.handleUpgrade(request, socket, head, (ws) => {
      stream(ctx, ws, { after, kinds, credentials, stopAll: stopAll.signal })
        .catch((error: unknown) => ctx.logger.warn('live.socketFailed', { error }))
        .finally(leave);
    });
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch((error: unknown) => {
      ctx.logger.warn('live.upgradeFailed', { error });
      socket.destroy();
    });
  };
  server.on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
    stopAll.abort();
    sockets.close();
    for (const ws of sockets.clients) ws.terminate();
  };
}

interface StreamOptions {
  after: string | undefined;
  kinds: ReadonlySet<string> | undefined;
  credentials: Credentials;
  stopAll: AbortSignal;
}

async function stream(
  ctx: ControllerContext,
  ws: WebSocket,
  { after, kinds, credentials, stopAll }: StreamOptions,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, stopAll]);
  ws.on('close', () => over.abort());
  ws.on('error', () => ws.terminate());
  const cut = (error: unknown): void => ws.close(CUT, cutReason(error).code);
  const check = setInterval(() => {
    mayRead(ctx, credentials)
      .then((allowed) => {
        if (!allowed) cut(new AppError('ERR_SESSION_ENDED', 'the session ended'));
      })
      .catch(cut);
  }, CHECK_MS);
  const ping = setInterval(() => ws.ping(), KEEP_ALIVE_MS);
  try {
    for await (const { id, time, type, data } of ctx.liveEvents.log.read({
      after,
      kinds,
      signal,
    })) {
      ws.send(JSON.stringify({ id, time, type, ...data }));
      await drained(ws, signal);
    }
    ws.close(1001, 'ERR_CONTROLLER_STOPPED');
  } catch (error) {
    cut(error);
  } finally {
    clearInterval(check);
    clearInterval(ping);
  }
}

/** Waits while too much is queued. @throws AppError ERR_EVENTS_SLOW after {@link STALL_MS} */
async function drained(ws: WebSocket, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + STALL_MS;
  while (ws.bufferedAmount > MAX_BUFFERED_BYTES && !signal.aborted) {
    if (performance.now() > deadlineMs)
      throw new AppError('ERR_EVENTS_SLOW', 'the reader takes nothing');
    // `ws` tells of no drain.
    await sleep(100);
  }
}

function credentialsOf({ headers }: IncomingMessage): Credentials {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const inProtocol = offered
    .find((one) => one.startsWith(TOKEN_PROTOCOL))
    ?.slice(TOKEN_PROTOCOL.length);
  const header = headers['zt-session'];
  const bearer = /^Bearer ([^\s,]+)$/i.exec(headers.authorization ?? '')?.[1];
  return {
    ztSession: typeof header === 'string' ? header : inProtocol,
    bearers: bearer === undefined ? [] : [bearer],
  };
}

function refuse(socket: Duplex, status: 400 | 401 | 403 | 404): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
