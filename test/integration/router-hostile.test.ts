import { connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  encodeCredit,
  encodeData,
  encodeMessage,
} from '@postern/shared/protocol/channel';
import type { Circuit, CloseReason } from '@postern/shared/protocol/edge';
import { EDGE_ALPN, LINK_ALPN } from '@postern/shared/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createTestPki, type Credential } from '../harness/router-pki.ts';
import { RouterNetwork } from '../harness/router-network.ts';

let network: RouterNetwork;
beforeEach(async () => {
  network = await RouterNetwork.create();
});
afterEach(() => network.close());

const closed = (circuit: Circuit): Promise<CloseReason> =>
  new Promise((resolve) => (circuit.onClose = resolve));
/** Echoes small messages; never consumes, and so never credits, large ones. */
const echo = (circuit: Circuit): void => {
  circuit.onMessage = (message) => {
    if (message.length > 1_000) return new Promise<void>(() => undefined);
    circuit.send(message.slice());
    return undefined;
  };
};

/** The router still does its work. */
async function works(): Promise<void> {
  const { edge, socket } = await network.browser('r1');
  const circuit = await edge.dial(await network.dialGrant());
  const answer = new Promise((resolve) => (circuit.onMessage = resolve));
  circuit.send(Uint8Array.of(7));
  await answer;
  socket.terminate();
}

const edgeUrl = (): string => network.router('r1').edgeUrls[0] ?? '';
const edgePort = (): number => Number(new URL(edgeUrl()).port);

/** Sends bytes over TCP; resolves when the other side has closed. */
function sendRaw(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = tcpConnect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

function openSocket(
  options: { origin?: string; protocol?: string; path?: string } = {},
): WebSocket {
  const url = edgeUrl().replace('/edge', options.path ?? '/edge');
  const socket = new WebSocket(url, options.protocol ?? 'postern.edge.v1', {
    ...(options.origin !== undefined && { origin: options.origin }),
  });
  socket.on('error', () => undefined);
  return socket;
}

const closeCode = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.once('close', (code) => resolve(code)));

/** Connects to the fabric listener; resolves with what was received when the router closes. */
function dialFabric(
  credential: Partial<Credential>,
  alpn: string,
  bytes: Uint8Array,
): Promise<number> {
  return new Promise((resolve) => {
    const socket = tlsConnect({
      host: '127.0.0.1',
      port: network.router('r1').fabricPort,
      ...credential,
      rejectUnauthorized: false,
      ALPNProtocols: [alpn],
    });
    let received = 0;
    socket.on('secureConnect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}

const hello = encodeMessage({
  contentType: ContentType.hello,
  sequence: 1,
  headers: new MessageHeaders(),
});
const garbage = Buffer.from(
  'GET / HTTP/1.1\r\n\u0000\u00ff\u0003\u0006\u0009\u000c'.repeat(50),
  'latin1',
);

describe('hostile peers', () => {
  beforeEach(async () => {
    await network.startRouter('r1', { limits: { helloTimeoutMs: 300, sweepMs: 50 } });
    await network.startHost('r1', echo);
  });

  it('may send garbage to every listener', async () => {
    const metricsPort = Number(new URL(network.router('r1').metricsUrl).port);
    const ports = [edgePort(), network.router('r1').fabricPort, metricsPort];
    await Promise.all(ports.map((port) => sendRaw(port, garbage)));
    await works();
  });

  it('may send garbage inside WebSocket and TLS', async () => {
    const identity = await network.pki.issue('identity/host1');
    const router = await network.pki.issue('router/r9');
    await dialFabric(identity, EDGE_ALPN, garbage);
    await dialFabric(router, LINK_ALPN, garbage);
    await dialFabric(router, LINK_ALPN, hello);
    const frames: (string | Uint8Array)[] = [
      'text',
      garbage,
      hello,
      new Uint8Array(200_000),
      hello.subarray(3),
    ];
    for (const frame of frames) {
      const socket = openSocket();
      const end = closeCode(socket);
      socket.once('open', () => socket.send(frame));
      expect(await end).toBeGreaterThan(1000);
    }
    await works();
  });

  it('get nowhere with another role or authority', async () => {
    const identity = await network.pki.issue('identity/host1');
    const router = await network.pki.issue('router/r9');
    const stranger = await (await createTestPki()).issue('identity/host1');
    expect(await dialFabric(identity, LINK_ALPN, hello)).toBe(0);
    expect(await dialFabric(router, EDGE_ALPN, hello)).toBe(0);
    expect(await dialFabric(stranger, EDGE_ALPN, hello)).toBe(0);
    expect(await dialFabric({}, EDGE_ALPN, hello)).toBe(0);
    await works();
  });

  it('are cut off when they prove nothing in time', async () => {
    const socket = openSocket();
    expect(await closeCode(socket)).toBe(1006);
    await sendRaw(edgePort(), new Uint8Array(0));
    await works();
  });

  it.each([
    ['an opaque origin', { origin: 'null' }],
    ['an origin that is none', { origin: 'https://app.example/path' }],
    ['another subprotocol', { protocol: 'chat' }],
    ['another path', { path: '/admin' }],
  ])('are refused with %s', async (_, options) => {
    const socket = openSocket(options);
    const status = await new Promise((resolve) =>
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
    );
    expect([400, 403, 404]).toContain(status);
  });

  it.each([
    [
      'more than the window',
      (): Uint8Array[] =>
        Array.from({ length: 70 }, (_, i) => encodeData(1, i + 1, i, new Uint8Array(65_000))),
    ],
    ['empty messages', () => [encodeData(1, 1, 1, new Uint8Array(0))]],
    ['credit for what was never sent', () => [encodeCredit(1, 1_000_000, 5, 1)]],
  ])('lose their circuit, not more, for %s', async (_, frames) => {
    const { edge, socket } = await network.browser('r1');
    const circuit = await edge.dial(await network.dialGrant());
    const other = await edge.dial(await network.dialGrant());
    const ended = closed(circuit);
    for (const frame of frames()) socket.send(frame);
    expect((await ended).code).toBe('ERR_CIRCUIT_FLOW_CONTROL');
    const answer = new Promise((resolve) => (other.onMessage = resolve));
    other.send(Uint8Array.of(1));
    await answer;
  });

  it('cannot use labels of the other half or one in use', async () => {
    for (const label of [0x8000_0001, 1]) {
      const { edge, socket } = await network.browser('r1');
      await edge.dial(await network.dialGrant());
      const end = closeCode(socket);
      const headers = new MessageHeaders().setU32(HeaderKey.connId, label);
      socket.send(encodeMessage({ contentType: ContentType.connect, sequence: 9, headers }));
      expect(await end).toBe(1006);
    }
    await works();
  });

  it('dial only so often', async () => {
    const { edge } = await network.browser('r1');
    const grant = await network.dialGrant();
    const dials = await Promise.allSettled(Array.from({ length: 40 }, () => edge.dial(grant)));
    const refused = dials.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.reason).toMatchObject({ code: 'ERR_ROUTER_OVERLOADED' });
  });
});

describe('unauthenticated sockets', () => {
  it('are limited per address, and freed by authentication', async () => {
    await network.startRouter('r1', { limits: { unauthenticatedPerAddress: 3 } });
    const first = await network.browser('r1');
    await first.edge.opened;
    const idle = [openSocket(), openSocket(), openSocket()];
    await Promise.all(
      idle.map((socket) => new Promise((resolve) => socket.once('message', resolve))),
    );
    expect(await closeCode(openSocket())).toBe(1006);
    const freed = closeCode(idle[0]!);
    idle[0]!.terminate();
    await freed;
    await expect
      .poll(async () =>
        (await network.browser('r1')).edge.opened.then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });
});
