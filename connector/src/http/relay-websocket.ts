/** Relays messages between an upgraded stream and a WebSocket to the app, with backpressure. */
import { AppError } from '@postern/shared/errors';
import {
  decodeClose,
  encodeClose,
  encodeFragment,
  encodeMessage,
  FragmentDecoder,
  type WebSocketFragment,
} from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import { WebSocket } from 'ws';
import { HIGH_WATER_BYTES, OrderedWriter } from './ordered-writer.ts';
import type { ExchangeRecord } from './serve-http.ts';

/** RFC 6455 §7.4.1: what a close without a code, and an end without a close, are reported as. */
const NO_STATUS = 1005;
const ABNORMAL = 1006;

/**
 * Takes over an open, paused socket. Resolves when both sides closed; rejects with `ERR_APP_FAILED`
 * when the app's connection broke, or the stream's error.
 */
export async function relayWebSocket(
  stream: SessionStream,
  socket: WebSocket,
  record: ExchangeRecord,
): Promise<void> {
  const closed = relayFromApp(stream, socket, record);
  const sent = relayToApp(stream, socket, record).catch((error: unknown) => {
    // Without the browser the app's side has no purpose; its 'close' then ends the other direction.
    socket.terminate();
    throw error;
  });
  socket.resume();
  await Promise.all([closed, sent]);
}

function relayFromApp(
  stream: SessionStream,
  socket: WebSocket,
  record: ExchangeRecord,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const writer = new OrderedWriter(stream, () => socket.resume(), reject);
    const write = (bytes: Uint8Array) => {
      record.bytesToClient += bytes.length;
      if (!writer.write(bytes)) socket.pause();
    };
    socket.on('message', (data, isBinary) => {
      // `nodebuffer`, the default binary type.
      for (const part of encodeMessage(isBinary ? 'binary' : 'text', data as Buffer)) write(part);
    });
    socket.once('close', (code, reason) => {
      if (code === ABNORMAL) {
        reject(new AppError('ERR_APP_FAILED', 'application broke off the WebSocket'));
        return;
      }
      const payload = encodeClose(code === NO_STATUS ? undefined : code, reason.toString());
      write(encodeFragment({ kind: 'close', last: true, payload }));
      void writer.end().then(resolve);
    });
  });
}

async function relayToApp(
  stream: SessionStream,
  socket: WebSocket,
  record: ExchangeRecord,
): Promise<void> {
  const decoder = new FragmentDecoder();
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    record.bytesToApp += chunk.length;
    for (const fragment of decoder.push(chunk)) await sendFragment(socket, fragment);
  }
  if (!decoder.isAtBoundary || socket.readyState === WebSocket.OPEN) {
    throw new AppError('ERR_HTTP_INVALID', 'the WebSocket ended without a close');
  }
}

async function sendFragment(
  socket: WebSocket,
  { kind, last, payload }: WebSocketFragment,
): Promise<void> {
  if (socket.readyState !== WebSocket.OPEN) return;
  switch (kind) {
    case 'text':
    case 'binary': {
      const options = { binary: kind === 'binary', fin: last };
      if (socket.bufferedAmount < HIGH_WATER_BYTES) socket.send(payload, options);
      else await new Promise<void>((resolve) => socket.send(payload, options, () => resolve()));
      return;
    }
    case 'close': {
      const { code, reason } = decodeClose(payload);
      if (code === undefined) socket.close();
      else socket.close(code, reason);
      return;
    }
    case 'ping':
      socket.ping(payload);
      return;
    case 'pong':
      socket.pong(payload);
  }
}
