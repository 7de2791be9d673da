/** One WebSocket to a router's edge listener, as the {@link EdgeConnection} sees it: a frame a message. */
import { rootCertificates } from 'node:tls';
import type { Logger } from '@postern/shared/log';
import { EDGE_LIMITS, PREFIX_BYTES } from '@postern/shared/protocol/channel';
import { EdgeConnection, type BrowserCredentials } from '@postern/shared/protocol/edge';
import { WebSocket } from 'ws';

/** RFC 6455 subprotocol of edge listeners (docs/protocol.md, "Connecting"). */
const EDGE_SUBPROTOCOL = 'postern.edge.v1';
const MAX_FRAME_BYTES = PREFIX_BYTES + EDGE_LIMITS.maxHeadersBytes + EDGE_LIMITS.maxBodyBytes;
const OPEN_TIMEOUT_MS = 10_000;

export interface OpenEdgeOptions {
  /** `ws:` or `wss:` URL. */
  url: string;
  routerId: string;
  credentials: BrowserCredentials;
  /** The network's authorities (PEM), which routers may have their certificates from. */
  ca: string;
  logger: Logger;
  /** Gives the attempt up; without effect once the connection is open. */
  signal: AbortSignal;
}

/** Resolves once the router accepted the token. Rejects with its refusal, or `ERR_NO_ROUTER`. */
export async function openEdge(options: OpenEdgeOptions): Promise<EdgeConnection> {
  const { url, routerId, credentials, ca, logger, signal } = options;
  signal.throwIfAborted();
  const socket = new WebSocket(url, EDGE_SUBPROTOCOL, {
    ca: [...rootCertificates, ca],
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: OPEN_TIMEOUT_MS,
    followRedirects: false,
    // Masks keep pages from choosing what proxies see (RFC 6455 §10.3). Nobody chooses our frames: no mask.
    generateMask: (mask) => mask.fill(0),
  });
  socket.binaryType = 'nodebuffer';
  const connection = new EdgeConnection({
    pipe: {
      send: (frame) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame);
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
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) connection.receive(data);
    else connection.close({ code: 'ERR_EDGE_PROTOCOL', message: 'text message', retryable: false });
  });
  // `close` follows, and says all that is to be said.
  socket.on('error', () => undefined);
  socket.on('close', () =>
    connection.pipeClosed({
      code: connection.isOpen ? 'ERR_CIRCUIT_LOST' : 'ERR_NO_ROUTER',
      message: 'the connection to the router ended',
      retryable: true,
    }),
  );
  const giveUp = (): void => {
    connection.close({
      code: 'ERR_NO_ROUTER',
      message: 'given up: another router was quicker, or nobody waits any more',
      retryable: true,
    });
    socket.terminate();
  };
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await connection.opened;
    return connection;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
