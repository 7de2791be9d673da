/** Services by name for programs that know nothing of them: SOCKS 5, HTTP CONNECT, DNS with loopback addresses. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { openPostern, type Postern } from '@postern/connector/sdk';
import {
  LoopbackNames,
  ServiceNames,
  startDnsServer,
  startNameProxy,
  type LocalListener,
} from '@postern/connector/tunnel';
import { silentLogger as logger } from '@postern/shared/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProgramNetwork, startEcho } from '../harness/program-network.ts';

const PORT = 18_432;
let network: ProgramNetwork;
let postern: Postern;
let names: ServiceNames;
beforeAll(async () => {
  network = await ProgramNetwork.start();
  const { sdk } = network;
  await sdk.startRouter('one');
  const types = await sdk.list('config-types');
  const config = await sdk.create('configs', {
    name: 'echo intercept',
    configTypeId: types.find(({ name }) => name === 'intercept.v1')?.id,
    data: {
      protocols: ['tcp'],
      addresses: ['echo.corp.example'],
      portRanges: [{ low: PORT, high: PORT }],
    },
  });
  await sdk.service('echo', { configs: [config] });
  await sdk.service('plain');
  const echo = await startEcho();
  network.onClose(() => echo.close());
  await network.connector([{ service: 'echo', target: echo.target }]);
  postern = await openPostern({ identity: await network.enrolled('ann', 'dials') });
  network.onClose(() => postern.close());
  names = new ServiceNames({ postern });
});
afterAll(() => network?.close());

async function open(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** The next `length` bytes. */
async function read(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes !== null) return bytes;
    if (socket.readableEnded) throw new Error('it ended');
    await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
}

async function echoed(socket: Socket, sent: string): Promise<string> {
  socket.end(sent);
  return text(socket);
}

describe('one port for all services', () => {
  let proxy: LocalListener;
  beforeAll(async () => {
    proxy = await startNameProxy({ postern, names, port: 0, logger });
  });
  afterAll(() => proxy?.close());

  const domain = (name: string, port: number) =>
    Buffer.from([5, 1, 0, 3, name.length, ...Buffer.from(name), port >> 8, port & 0xff]);

  it.each(['echo.corp.example', 'ECHO.ziti', 'echo'])('SOCKS 5: %s', async (name) => {
    const socket = await open(proxy.port);
    socket.write(Uint8Array.of(5, 2, 0, 2));
    expect([...(await read(socket, 2))]).toEqual([5, 0]);
    socket.write(domain(name, PORT));
    expect([...(await read(socket, 10))].slice(0, 2)).toEqual([5, 0]);
    expect(await echoed(socket, 'hello')).toBe('hello');
  });

  it.each([
    ['a name that is none of ours', domain('example.com', 443), 4],
    ['a port that the service is not meant by', domain('echo.corp.example', 1), 4],
    ['an address', Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, 0, 22]), 4],
    ['BIND', Buffer.from([5, 2, 0, 1, 127, 0, 0, 1, 0, 22]), 7],
    ['an unknown type of address', Buffer.from([5, 1, 0, 9, 127, 0, 0, 1, 0, 22]), 8],
  ])('SOCKS 5 refuses %s', async (_, request, reply) => {
    const socket = await open(proxy.port);
    socket.write(Uint8Array.of(5, 1, 0));
    await read(socket, 2);
    socket.write(request);
    expect([...(await read(socket, 10))].slice(0, 2)).toEqual([5, reply]);
    expect(await echoed(socket, '')).toBe('');
  });

  it('SOCKS 5 refuses who wants to authenticate', async () => {
    const socket = await open(proxy.port);
    socket.write(Uint8Array.of(5, 1, 2));
    expect([...(await read(socket, 2))]).toEqual([5, 0xff]);
  });

  it('CONNECT', async () => {
    const socket = await open(proxy.port);
    socket.write(`CONNECT echo.ziti:80 HTTP/1.1\r\nHost: echo.ziti:80\r\n\r\nearly, `);
    const head = 'HTTP/1.1 200 OK\r\n\r\n';
    expect((await read(socket, head.length)).toString()).toBe(head);
    expect(await echoed(socket, 'late')).toBe('early, late');
  });

  it.each([
    ['CONNECT example.com:443 HTTP/1.1\r\n\r\n', 404],
    ['CONNECT [::1]:22 HTTP/1.1\r\n\r\n', 404],
    ['GET http://echo/ HTTP/1.1\r\n\r\n', 405],
    ['CONNECT echo HTTP/1.1\r\n\r\n', 405],
    ['CONNECT echo:99999 HTTP/1.1\r\n\r\n', 405],
  ])('answers %j with %i', async (request, status) => {
    const answer = await echoed(await open(proxy.port), request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.each([Buffer.alloc(20_000, 'x'), Buffer.from([5]), Buffer.from([5, 255, 0]), Buffer.alloc(0)])(
    'ends a connection that says nothing of use',
    async (bytes) => {
      const socket = await open(proxy.port);
      socket.on('error', () => undefined);
      const closed = once(socket, 'close');
      socket.resume().end(bytes);
      await closed;
    },
  );
});

describe('DNS', () => {
  let server: LocalListener;
  let addresses: LoopbackNames;
  const resolver = new Resolver({ tries: 1, timeout: 20_000 });
  beforeAll(async () => {
    addresses = new LoopbackNames({ postern, names, logger });
    server = await startDnsServer({ addresses, names, port: 0, logger });
    resolver.setServers([`127.0.0.1:${server.port}`]);
  });
  afterAll(async () => {
    await server?.close();
    await addresses?.close();
  });

  it.each(['echo.corp.example', 'echo.ziti'])('%s leads to the service', async (name) => {
    const found = await resolver.resolve4(name);
    expect(found).toEqual([expect.stringMatching(/^127\.64\.0\.\d+$/)]);
    // The same answer for as long as it runs.
    expect(await resolver.resolve4(name.toUpperCase())).toEqual(found);
    expect(await echoed(await open(PORT, found[0]), 'by name')).toBe('by name');
  });

  it.each([
    ['nothing.ziti', 'ENOTFOUND'],
    // Nothing says which ports it has.
    ['plain.ziti', 'ENOTFOUND'],
    ['example.com', 'EREFUSED'],
  ])('%s is answered with %s', async (name, code) => {
    await expect(resolver.resolve4(name)).rejects.toMatchObject({ code });
  });

  it('has no addresses of another kind', async () => {
    await expect(resolver.resolve6('echo.ziti')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('outlives what is no query', async () => {
    const socket = createSocket('udp4');
    const bad = [Buffer.alloc(0), Buffer.alloc(11, 255), Buffer.alloc(40, 255), Buffer.alloc(4000)];
    for (const bytes of bad)
      await new Promise((sent) => socket.send(bytes, server.port, '127.0.0.1', sent));
    socket.close();
    expect(await resolver.resolve4('echo.ziti')).toHaveLength(1);
  });
});
