/** One WebSocket to a router as the {@link EdgeConnection} sees it: a frame a message. */
import { EdgeConnection, type BrowserCredentials } from '@postern/shared/protocol/edge';
import type { Logger } from '@postern/shared/log';

/** RFC 6455 subprotocol of edge listeners (docs/protocol.md, "Connecting"). */
const EDGE_SUBPROTOCOL = 'postern.edge.v1';

export interface OpenEdgeOptions {
  /** `ws:` or `wss:` URL of a router's edge listener. */
  url: string;
  routerId: string;
  credentials: BrowserCredentials;
  logger: Logger;
  /** Gives the attempt up; without effect once the connection is open. */
  signal: AbortSignal;
}

/** Resolves once the router accepted the app token. Rejects with its refusal, or `ERR_NO_ROUTER`. */
export async function openEdge(options: OpenEdgeOptions): Promise<EdgeConnection> {
  const { url, routerId, credentials, logger, signal } = options;
  signal.throwIfAborted();
  const socket = new WebSocket(url, EDGE_SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  const connection = new EdgeConnection({
    pipe: {
      send: (frame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame as Uint8Array<ArrayBuffer>);
      },
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
      close: () => socket.close(),
    },
    credentials,
    expectedRouterId: routerId,
    logger,
  });
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) connection.receive(new Uint8Array(data));
    else connection.close({ code: 'ERR_EDGE_PROTOCOL', message: 'text message', retryable: false });
  };
  socket.onclose = () =>
    connection.pipeClosed({
      code: connection.isOpen ? 'ERR_CIRCUIT_LOST' : 'ERR_NO_ROUTER',
      message: 'the connection to the router ended',
      retryable: true,
    });
  const giveUp = (): void =>
    connection.close({
      code: 'ERR_NO_ROUTER',
      message: 'another router was quicker',
      retryable: true,
    });
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await connection.opened;
    return connection;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
