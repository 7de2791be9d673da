/**
 * WebSockets to hosts beside the own: the service worker carries those to other applications, and says of
 * the rest that it is `outside`; then the browser's own WebSocket does it, seen as a channel like any other.
 */
import type { SocketCommand, SocketEvent } from '../messages/page.ts';
import type { SocketCarrier, SocketChannel } from './socket-carrier.ts';

export function createSiblingCarrier(
  carrier: SocketCarrier,
  Native: typeof WebSocket,
): SocketCarrier {
  return {
    open(request, take) {
      let isClosed = false;
      let channel = carrier.open(request, (event) => {
        if (event.kind !== 'outside') take(event);
        else if (!isClosed) {
          channel.close();
          channel = openNative(new Native(request.url, request.protocols), take);
        }
      });
      return {
        post: (command) => channel.post(command),
        close: () => {
          isClosed = true;
          channel.close();
        },
      };
    },
  };
}

function openNative(socket: WebSocket, take: (event: SocketEvent) => void): SocketChannel {
  let failed = false;
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    const { protocol, extensions } = socket;
    take({ kind: 'open', protocol, extensions, resume: undefined });
  };
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    take({ kind: 'message', data });
  };
  socket.onerror = () => (failed = true);
  socket.onclose = ({ code, reason, wasClean }) => {
    take({ kind: 'closed', code, reason, wasClean, failed });
  };
  return {
    post(command: SocketCommand) {
      if (command.kind === 'close') socket.close(command.code, command.reason);
      else if (command.kind === 'send') {
        socket.send(command.data);
        // The browser does not say when bytes leave.
        const { data } = command;
        const bytes =
          typeof data === 'string'
            ? new TextEncoder().encode(data).length
            : data instanceof Blob
              ? data.size
              : data.byteLength;
        queueMicrotask(() => take({ kind: 'sent', bytes }));
      }
    },
    close: () => socket.close(),
  };
}
