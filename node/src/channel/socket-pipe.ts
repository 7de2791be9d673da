import type { TLSSocket } from 'node:tls';
import type { FramePipe } from '@postern/shared/protocol/edge';

/** How long a graceful close may take to flush. */
const CLOSE_GRACE_MS = 2_000;

/** Sends channel frames over a TLS socket: it is a byte stream, so frames just follow each other. */
export function createSocketPipe(socket: TLSSocket): FramePipe {
  return {
    send(frame) {
      if (!socket.destroyed) socket.write(frame);
    },
    get bufferedBytes() {
      return socket.writableLength;
    },
    close() {
      // What was queued still goes out; a peer that does not read must not hold the socket.
      socket.end();
      setTimeout(() => socket.destroy(), CLOSE_GRACE_MS).unref();
    },
  };
}
