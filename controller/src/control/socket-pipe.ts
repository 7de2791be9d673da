/** A TLS socket as the frame pipe of a control channel. */
import type { TLSSocket } from 'node:tls';
import { FrameSplitter } from '@postern/shared/protocol/channel';
import type { ControlChannel } from '@postern/shared/protocol/control';
import type { FramePipe } from '@postern/shared/protocol/edge';

/** How long a closed connection may take to drain. */
const DRAIN_MS = 2000;

export function pipeOf(socket: TLSSocket): FramePipe {
  return {
    send: (frame) => void socket.write(frame),
    get bufferedBytes() {
      return socket.writableLength;
    },
    close: () => {
      socket.end();
      setTimeout(() => socket.destroy(), DRAIN_MS).unref();
    },
  };
}

/** Feeds what the socket receives to the channel, until either ends. */
export function connectPipe(socket: TLSSocket, channel: ControlChannel): void {
  const splitter = new FrameSplitter(channel.limits, (frame) => {
    channel.receive(frame);
    splitter.limits = channel.limits;
  });
  const ended = (message: string) =>
    channel.pipeClosed({ code: 'ERR_CONTROL_CLOSED', message, retryable: true });
  socket.on('data', (chunk: Buffer) => {
    try {
      splitter.push(chunk);
    } catch {
      channel.close({ code: 'ERR_CONTROL_PROTOCOL', message: 'not a channel', retryable: false });
    }
  });
  socket.on('close', () => ended('the connection was closed'));
  socket.on('error', () => ended('the connection failed'));
}
