/** Serves `tcp` streams: raw bytes both ways, each direction ended on its own. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@postern/shared/log';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import type { TcpTarget } from '../target.ts';

export interface TcpServiceContext {
  target: TcpTarget;
  connectMs: number;
  logger: Logger;
  /** Told how the stream ended. */
  onEnd?: ((end: TcpEnd) => void) | undefined;
}

export interface TcpEnd {
  readonly bytesToApp: number;
  readonly bytesToClient: number;
  /** Why it failed, if it did. */
  readonly error: string | undefined;
}

/** Serves one stream to its end. Never rejects. */
export async function serveTcp(stream: SessionStream, context: TcpServiceContext): Promise<void> {
  const socket = connect({ ...context.target, allowHalfOpen: true, noDelay: true });
  // Each wait below sees errors too; without a listener a late one would end the process.
  socket.on('error', () => undefined);
  void stream.closed.then(({ reset }) => {
    if (reset !== undefined) socket.destroy();
  });
  try {
    await connected(socket, context.connectMs);
  } catch {
    socket.destroy();
    stream.reset(ResetCode.appUnreachable, 'ERR_APP_UNREACHABLE');
    context.logger.warn('tcp.unreachable', { stream: stream.id });
    context.onEnd?.({ bytesToApp: 0, bytesToClient: 0, error: 'ERR_APP_UNREACHABLE' });
    return;
  }
  let error: string | undefined;
  try {
    await Promise.all([toApp(stream, socket), fromApp(stream, socket)]);
  } catch {
    error = 'ERR_APP_FAILED';
    stream.reset(ResetCode.appFailed, error);
  } finally {
    socket.destroy();
  }
  const bytes = { bytesToApp: socket.bytesWritten, bytesToClient: socket.bytesRead };
  context.onEnd?.({ ...bytes, error });
  context.logger.info('tcp.stream', bytes);
}

async function connected(socket: Socket, timeoutMs: number): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  try {
    await Promise.race([
      once(socket, 'connect', { signal }),
      delay(timeoutMs, undefined, { signal }).then(() => {
        throw new Error('connect timed out');
      }),
    ]);
  } finally {
    done.abort();
  }
}

async function toApp(stream: SessionStream, socket: Socket): Promise<void> {
  await pipeline(chunksOf(stream), socket);
}

async function fromApp(stream: SessionStream, socket: Socket): Promise<void> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    await stream.write(chunk as Buffer);
  }
  await stream.end();
}

async function* chunksOf(stream: SessionStream): AsyncGenerator<Uint8Array> {
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    yield chunk;
  }
}
