/** A frame socket without a network, for unit tests of the router. */
import type { FrameSocket } from '../../router/src/net/frame-socket.ts';

export class FakeFrameSocket implements FrameSocket {
  readonly remoteAddress = '192.0.2.1';
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  bufferedBytes = 0;
  flushedBytes = 0;
  onFrame: (frame: Uint8Array) => void = () => undefined;
  onClose: (cause?: Error) => void = () => undefined;

  send(frame: Uint8Array): void {
    this.sent.push(frame);
  }

  end(): void {
    this.destroy();
  }

  destroy(cause?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClose(cause);
  }
}
