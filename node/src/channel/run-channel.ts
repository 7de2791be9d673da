import type { TLSSocket } from 'node:tls';
import { FrameSplitter, type FrameLimits } from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';

/** What the state machines of a channel offer to whoever moves their bytes. */
export interface FrameReceiver {
  receive(frame: Uint8Array): void;
  pipeClosed(reason: CloseReason): void;
  close(reason?: CloseReason): void;
}

/**
 * Feeds what arrives on a socket to a channel's state machine until either ends.
 *
 * @param limits asked after each frame, since an accepted Hello raises them
 */
export function runChannel(
  socket: TLSSocket,
  receiver: FrameReceiver,
  limits: () => FrameLimits,
): void {
  const splitter = new FrameSplitter(limits(), (frame) => {
    receiver.receive(frame);
    splitter.limits = limits();
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      splitter.push(chunk);
    } catch {
      receiver.close({ code: 'ERR_CHANNEL_PROTOCOL', message: 'broken frame', retryable: true });
      socket.destroy();
    }
  });
  // 'close' follows and ends the receiver.
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  socket.on('close', () => {
    receiver.pipeClosed({
      code: 'ERR_CHANNEL_CLOSED',
      message: 'the connection ended',
      retryable: true,
    });
  });
}
