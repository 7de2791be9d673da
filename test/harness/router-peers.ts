/** A browser and a host as routers see them: the real client state machine over real sockets. */
import { connect } from 'node:tls';
import { generateP256KeyPair, pointThumbprint, signEs256 } from '@postern/shared/crypto';
import { FrameSplitter, EDGE_LIMITS } from '@postern/shared/protocol/channel';
import { EdgeConnection, type Circuit } from '@postern/shared/protocol/edge';
import { EDGE_ALPN } from '@postern/shared/schemas';
import { WebSocket } from 'ws';
import type { Credential } from './router-pki.ts';

export interface AppKey {
  thumbprint: string;
  publicPoint: Uint8Array;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export async function createAppKey(): Promise<AppKey> {
  const pair = await generateP256KeyPair();
  return {
    thumbprint: await pointThumbprint(pair.publicPoint),
    publicPoint: pair.publicPoint,
    sign: (bytes) => signEs256(pair.privateKey, bytes),
  };
}

export interface BrowserConnection {
  edge: EdgeConnection;
  socket: WebSocket;
}

/** Connects like a page's service worker; `edge.opened` tells whether the router accepted it. */
export function connectBrowser(url: string, token: string, key: AppKey): BrowserConnection {
  const socket = new WebSocket(url, 'postern.edge.v1', { origin: 'http://app.localhost:1' });
  socket.binaryType = 'nodebuffer';
  const early: Uint8Array[] = [];
  const edge = new EdgeConnection({
    pipe: {
      send: (frame) => {
        if (socket.readyState === WebSocket.CONNECTING) early.push(frame);
        else socket.send(frame);
      },
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
      close: () => socket.close(),
    },
    credentials: { mode: 'browser', token, publicKey: key.publicPoint, sign: (b) => key.sign(b) },
  });
  socket.on('open', () => early.splice(0).forEach((frame) => socket.send(frame)));
  socket.on('message', (data: Buffer) => edge.receive(data));
  socket.on('error', () => undefined);
  socket.on('close', (code, text) =>
    edge.pipeClosed({
      code: 'ERR_CIRCUIT_LOST',
      message: `${code} ${text.toString()}`,
      retryable: true,
    }),
  );
  return { edge, socket };
}

/** Connects like a connector to a router's fabric listener. */
export function connectHost(
  address: string,
  credential: Credential,
  ca: string,
  options: { maxCircuits?: number } = {},
): EdgeConnection {
  const { hostname, port } = new URL(address.replace('tls:', 'tls://'));
  const socket = connect({
    host: hostname,
    port: Number(port),
    key: credential.key,
    cert: credential.cert,
    ca,
    ALPNProtocols: [EDGE_ALPN],
    checkServerIdentity: () => undefined,
  });
  const edge = new EdgeConnection({
    pipe: {
      send: (frame) => socket.write(frame),
      get bufferedBytes() {
        return socket.writableLength;
      },
      close: () => socket.end(),
    },
    credentials: { mode: 'host' },
    ...options,
  });
  const splitter = new FrameSplitter(EDGE_LIMITS, (frame) => edge.receive(frame));
  socket.on('data', (chunk: Buffer) => splitter.push(chunk));
  socket.on('error', () => undefined);
  socket.on('close', () =>
    edge.pipeClosed({ code: 'ERR_CIRCUIT_LOST', message: 'closed', retryable: true }),
  );
  return edge;
}

/** Sends `total` bytes of a pattern, respecting credit. */
export async function sendPattern(
  circuit: Circuit,
  total: number,
  messageBytes = 60_000,
): Promise<void> {
  for (let sent = 0; sent < total;) {
    const length = Math.min(messageBytes, total - sent);
    await circuit.ready(length);
    circuit.send(pattern(sent, length));
    sent += length;
  }
}

/** Resolves once `total` bytes of the pattern arrived intact; rejects at the first wrong byte or the end. */
export function receivePattern(circuit: Circuit, total: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    circuit.onMessage = (message) => {
      if (Buffer.compare(message, pattern(received, message.length)) !== 0) {
        reject(new Error(`wrong bytes after ${received}`));
      }
      received += message.length;
      if (received >= total) resolve();
    };
    circuit.onClose = (why) => reject(new Error(`closed after ${received} bytes: ${why.code}`));
  });
}

const PERIOD = 65_521;
const base = Uint8Array.from(
  { length: 2 * PERIOD },
  (_, i) => ((i % PERIOD) * 31) ^ ((i % PERIOD) >> 8),
);

/** `length` ≤ 65,521 bytes that depend on their position. */
function pattern(position: number, length: number): Uint8Array {
  const start = position % PERIOD;
  return base.slice(start, start + length);
}
