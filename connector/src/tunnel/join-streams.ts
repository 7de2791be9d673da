import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Copies both ways, each direction ended on its own. What breaks one breaks the other; the socket by a reset. */
export function joinStreams(socket: Socket, stream: Duplex): void {
  socket.setNoDelay(true);
  const broken = (): void => {
    stream.destroy();
    if (!socket.destroyed) socket.resetAndDestroy();
  };
  socket.on('error', broken);
  stream.on('error', broken);
  for (const one of [socket, stream]) {
    one.once('close', () => {
      if (!one.readableEnded || !one.writableFinished) broken();
    });
  }
  socket.pipe(stream);
  stream.pipe(socket);
}
