/** How the WebSockets of one page or worker reach the service worker. */
import type { SocketCommand, SocketEvent, SocketRequest } from '../messages/page.ts';

export interface SocketCarrier {
  /** Opens or resumes. `take` is called later, never at once; the last event is `closed` or `interrupted`. */
  open(request: SocketRequest, take: (event: SocketEvent) => void): SocketChannel;
}

export interface SocketChannel {
  post(command: SocketCommand): void;
  /** Nothing is taken from it any more. */
  close(): void;
}
