/** The WebSocket listener browsers connect to: `/edge`, subprotocol `postern.edge.v1`. */
import { readFile } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { AcmeCertificates, acmeTlsOptions, keepInCertificates } from '@postern/node/acme';
import { listen, type Listener } from '@postern/node/listen';
import { HELLO_LIMITS, EDGE_LIMITS, PREFIX_BYTES } from '@postern/shared/protocol/channel';
import type { Logger } from '@postern/shared/log';
import { WebSocketServer } from 'ws';
import type { RouterConfig } from '../config.ts';
import type { OwnIdentity } from '../enroll/identity-store.ts';
import type { AddressLimiter } from '../net/address-limiter.ts';
import type { PeerContext } from '../net/peer-context.ts';
import { gateUnauthenticated } from '../net/unauthenticated-gate.ts';
import { WsFrameSocket } from '../net/ws-frame-socket.ts';
import { ClientConnection } from './client-connection.ts';

const EDGE_PATH = '/edge';
const EDGE_SUBPROTOCOL = 'postern.edge.v1';
const MAX_FRAME_BYTES = PREFIX_BYTES + EDGE_LIMITS.maxHeadersBytes + EDGE_LIMITS.maxBodyBytes;
/** Whole HTTP head of an upgrade. */
const MAX_HEADER_BYTES = 16 * 1024;

type EdgeConfig = NonNullable<RouterConfig['edge']>;

interface EdgeListenerOptions {
  config: EdgeConfig;
  identity: OwnIdentity;
  context: PeerContext;
  limiter: AddressLimiter;
  logger: Logger;
}

export async function startEdgeListener(options: EdgeListenerOptions): Promise<Listener> {
  const { config, context, limiter, identity, logger } = options;
  const acme = config.acme && (await AcmeCertificates.open(config.acme, { logger }));
  const server = await createServer(config, { identity, acme }, context.limits.helloTimeoutMs);
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(EDGE_SUBPROTOCOL) ? EDGE_SUBPROTOCOL : false),
  });
  const settleOf = gateUnauthenticated(server, limiter, context.limits.helloTimeoutMs);
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined);
    const status = refusal(request);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const address = request.socket.remoteAddress ?? 'unknown';
      const frames = new WsFrameSocket(webSocket, socket, HELLO_LIMITS, context.budget, address);
      context.clients.add(new ClientConnection(context, frames, settleOf(request.socket)));
    });
  });
  try {
    const listener = await listen(server, config.host, config.port);
    if (acme === undefined) return listener;
    keepInCertificates(server, acme);
    const close = async () => {
      await Promise.all([acme.close(), listener.close()]);
    };
    return { ...listener, close };
  } catch (error) {
    await acme?.close();
    throw error;
  }
}

async function createServer(
  config: EdgeConfig,
  { identity, acme }: { identity: OwnIdentity; acme: AcmeCertificates | undefined },
  timeoutMs: number,
): Promise<Server> {
  const http = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: timeoutMs,
    requestTimeout: timeoutMs,
  };
  const answer: RequestListener = (_, response) => {
    response.writeHead(404, { connection: 'close' }).end();
  };
  if (config.tls === 'none') return createHttpServer(http, answer);
  const { tls } = config;
  const minVersion = 'TLSv1.3' as const;
  if (acme !== undefined)
    return createHttpsServer(
      { ...http, ...acmeTlsOptions(acme), handshakeTimeout: timeoutMs },
      answer,
    );
  if (typeof tls === 'object') {
    const [key, cert] = await Promise.all([readFile(tls.keyFile), readFile(tls.certFile)]);
    return createHttpsServer(
      { ...http, key, cert, minVersion, handshakeTimeout: timeoutMs },
      answer,
    );
  }
  const secureContext = () => {
    const { key, serverCert: cert } = identity.current;
    return { key, cert, minVersion };
  };
  const server = createHttpsServer(
    { ...http, ...secureContext(), handshakeTimeout: timeoutMs },
    answer,
  );
  identity.onReplaced(() => server.setSecureContext(secureContext()));
  return server;
}

/**
 * Why an upgrade is refused. Proof is in-band and no cookie counts, so any web origin may connect; an
 * Origin that is no web origin at all (`null`, a path, another scheme) comes from no page of ours.
 */
function refusal(request: IncomingMessage): string | undefined {
  if (request.url !== EDGE_PATH) return '404 Not Found';
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
  if (offered?.includes(EDGE_SUBPROTOCOL) !== true) return '400 Bad Request';
  const { origin } = request.headers;
  if (origin !== undefined && !isWebOrigin(origin)) return '403 Forbidden';
  return undefined;
}

function isWebOrigin(origin: string): boolean {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  return new URL(origin).origin === origin;
}
