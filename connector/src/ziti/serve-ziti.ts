/** One circuit of an OpenZiti SDK, decrypted and joined to a TCP target; each direction ends on its own. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@postern/shared/log';
import { DataFlag } from '@postern/shared/protocol/channel';
import type { Circuit, CloseReason } from '@postern/shared/protocol/edge';
import {
  ZITI_OVERHEAD_BYTES,
  ZitiOpener,
  ZitiSealer,
  type ZitiKeys,
} from '@postern/shared/protocol/ziti';
import type { TcpTarget } from '../target.ts';

/** Plaintext in one message. */
const CHUNK_BYTES = 32 * 1024;
const NO_BYTES = new Uint8Array(0);

/** Serves to the end. Never rejects. */
export async function serveZiti(
  circuit: Circuit,
  keys: ZitiKeys,
  { target, connectMs, logger }: { target: TcpTarget; connectMs: number; logger: Logger },
): Promise<void> {
  const over = new AbortController();
  const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  const received = receive(circuit, new ZitiOpener(keys.receive), socket, over.signal);
  // Looked at below, which may be too late for a target out of reach.
  received.catch(() => undefined);
  circuit.onClose = () => {
    over.abort();
    socket.destroy();
  };
  const end = (why?: CloseReason): void => circuit.close(why);
  try {
    await connected(socket, connectMs, over.signal);
  } catch {
    socket.destroy();
    end({ code: 'ERR_SERVICE_NOT_HOSTED', message: 'the target is out of reach', retryable: true });
    logger.warn('ziti.unreachable');
    return;
  }
  try {
    await Promise.all([received, send(circuit, new ZitiSealer(keys.send), socket, over.signal)]);
    end();
  } catch {
    end({ code: 'ERR_CIRCUIT_LOST', message: 'the connection broke', retryable: true });
  } finally {
    socket.destroy();
  }
  logger.info('ziti.circuit', {
    bytesToApp: socket.bytesWritten,
    bytesToClient: socket.bytesRead,
  });
}

/** Hands plaintext to the target as fast as it takes it; resolves when the SDK has closed its half. */
function receive(
  circuit: Circuit,
  opener: ZitiOpener,
  socket: Socket,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const broken = (): void => reject(new Error('closed'));
    signal.addEventListener('abort', broken);
    socket.once('close', broken);
    circuit.onMessage = async (message, flags = 0) => {
      const plaintext = message.length === 0 ? undefined : opener.open(message);
      const isLast = (flags & DataFlag.fin) !== 0;
      const taken = plaintext && new Promise((done) => socket.write(plaintext, done));
      if (isLast) {
        socket.end();
        resolve();
      }
      // Credit follows what the target has taken.
      await taken;
    };
  });
}

/** What the target sends, sealed, within the circuit's window; then the end of this half. */
async function send(
  circuit: Circuit,
  sealer: ZitiSealer,
  socket: Socket,
  signal: AbortSignal,
): Promise<void> {
  circuit.send(sealer.header);
  for await (const read of socket.iterator({ destroyOnReturn: false })) {
    const bytes = read as Buffer;
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      await circuit.ready(chunk.length + ZITI_OVERHEAD_BYTES, signal);
      circuit.send(sealer.seal(chunk));
    }
  }
  circuit.sendFlagged?.(NO_BYTES, DataFlag.fin);
}

async function connected(socket: Socket, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([done.signal, signal]);
  try {
    await Promise.race([
      once(socket, 'connect', { signal: either }),
      delay(timeoutMs, undefined, { signal: either }).then(() => {
        throw new Error('connect timed out');
      }),
    ]);
  } finally {
    done.abort();
  }
}
