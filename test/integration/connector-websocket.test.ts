import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Field } from '@postern/shared/protocol/http';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { openWebSocket } from '../harness/connector-client.ts';
import { startConnectorWorld, type ConnectorWorld } from '../harness/connector-world.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface App {
  connector: ConnectorWorld;
  /** Handshakes seen. */
  requests: IncomingMessage[];
}

async function startApp(
  serve: (socket: WebSocket) => void,
  options: { refuse?: boolean; maxMessageBytes?: number } = {},
): Promise<App> {
  const requests: IncomingMessage[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  });
  sockets.on('headers', (headers) => headers.push('set-cookie: ws=top-secret; HttpOnly'));
  server.on('upgrade', (incoming, socket, head) => {
    requests.push(incoming);
    if (options.refuse === true) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nx-why: login\r\ncontent-length: 7\r\n\r\nno, sir');
      return;
    }
    sockets.handleUpgrade(incoming, socket, head, serve);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  const connector = await startConnectorWorld({
    target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...(options.maxMessageBytes !== undefined && { maxMessageBytes: options.maxMessageBytes }),
  });
  cleanups.push(() => connector.close());
  return { connector, requests };
}

const echo = (socket: WebSocket) =>
  socket.on('message', (data, binary) => socket.send(data, { binary }));

describe('WebSocket', () => {
  it('opens with what the browser sent, and echoes text and binary', async () => {
    const { connector, requests } = await startApp(echo);
    const fields: Field[] = [
      ['origin', 'https://wiki.example.com'],
      ['cookie', 'a=1'],
      ['sec-websocket-protocol', 'chat, other'],
      ['sec-websocket-key', 'spoofed'],
      ['x-forwarded-for', 'spoofed'],
    ];
    const { answer, socket } = await openWebSocket(await connector.open(), '/ws?room=1', fields);
    expect(answer.status).toBe(101);
    expect(answer.field('sec-websocket-protocol')).toBe('chat');
    expect(answer.field('sec-websocket-accept')).toBeUndefined();
    // What browsers show as `extensions`.
    expect(answer.field('sec-websocket-extensions')).toBe('permessage-deflate');
    expect(answer.field('set-cookie')).toMatch(/^ws=~1\./);
    const { url, headers } = requests[0]!;
    expect(url).toBe('/ws?room=1');
    expect(headers).toMatchObject({
      host: 'wiki.example.com',
      origin: 'https://wiki.example.com',
      cookie: 'a=1',
      'sec-websocket-protocol': 'chat,other',
      'sec-websocket-extensions': expect.stringContaining('permessage-deflate') as string,
      'postern-assertion': expect.any(String) as string,
    });
    expect(JSON.stringify(headers)).not.toContain('spoofed');

    await socket.send('text', Buffer.from('héllo'));
    expect(await socket.next()).toEqual({ kind: 'text', payload: Buffer.from('héllo') });
    await socket.send('binary', Buffer.from([1, 2, 3]));
    expect(await socket.next()).toEqual({ kind: 'binary', payload: Buffer.from([1, 2, 3]) });
    await socket.send('text', Buffer.alloc(0));
    expect(await socket.next()).toEqual({ kind: 'text', payload: Buffer.alloc(0) });
  });

  it('carries large messages in fragments, whole and in order', async () => {
    const { connector } = await startApp(echo);
    const { socket } = await openWebSocket(await connector.open(), '/');
    const messages = [5_000_000, 65_536, 65_537, 1].map((length) => randomBytes(length));
    const sending = (async () => {
      for (const message of messages) await socket.send('binary', message);
    })();
    for (const message of messages) {
      const { payload } = (await socket.next())!;
      expect(payload.equals(message)).toBe(true);
    }
    await sending;
  });

  it('relays the browser’s close code to the app and the app’s answer back', async () => {
    const seen: unknown[] = [];
    const { connector } = await startApp((socket) =>
      socket.on('close', (code, reason) => seen.push(code, reason.toString())),
    );
    const { socket } = await openWebSocket(await connector.open(), '/');
    await socket.close(4321, 'bye');
    expect(await socket.nextClose()).toEqual({ code: 4321, reason: 'bye' });
    expect(await socket.next()).toBeUndefined();
    expect(await socket.stream.closed).toEqual({});
    expect(seen).toEqual([4321, 'bye']);
  });

  it('relays the app’s close code', async () => {
    const { connector } = await startApp((socket) => socket.close(4000, 'enough'));
    const { socket } = await openWebSocket(await connector.open(), '/');
    expect(await socket.nextClose()).toEqual({ code: 4000, reason: 'enough' });
    await socket.close(4000, 'enough');
    expect(await socket.stream.closed).toEqual({});
  });

  it('loses no message that comes right behind the handshake', async () => {
    const { connector } = await startApp((socket) => {
      socket.send('first');
      socket.send('second');
      socket.close(1000);
    });
    const { socket } = await openWebSocket(await connector.open(), '/');
    expect((await socket.next())?.payload.toString()).toBe('first');
    expect((await socket.next())?.payload.toString()).toBe('second');
    expect(await socket.nextClose()).toEqual({ code: 1000, reason: '' });
  });

  it('relays a refusal as an ordinary answer', async () => {
    const { connector } = await startApp(echo, { refuse: true });
    const { answer } = await openWebSocket(await connector.open(), '/');
    expect(answer.status).toBe(401);
    expect(answer.field('x-why')).toBe('login');
    expect(await answer.text()).toBe('no, sir');
  });

  it('resets the stream when the app breaks off', async () => {
    const { connector } = await startApp((socket) => socket.terminate());
    const { socket } = await openWebSocket(await connector.open(), '/');
    await expect(socket.next()).rejects.toMatchObject({ code: 'ERR_APP_FAILED' });
  });

  it('tells the app when the browser goes away', async () => {
    let closed: Promise<unknown> | undefined;
    const { connector } = await startApp((socket) => {
      closed = once(socket, 'close');
    });
    const { socket } = await openWebSocket(await connector.open(), '/');
    socket.stream.reset(1);
    expect(await closed).toEqual([1006, Buffer.alloc(0)]);
  });

  it('holds the app back when nobody reads', async () => {
    let taken = 0;
    const { connector } = await startApp((socket) => {
      const block = randomBytes(65_536);
      const more = () =>
        socket.send(block, { compress: false }, (error) => {
          taken += block.length;
          if (!(error instanceof Error)) setImmediate(more);
        });
      more();
    });
    const { answer } = await openWebSocket(await connector.open(), '/');
    expect(answer.status).toBe(101);
    const isStalled = async () => {
      const before = taken;
      await delay(200);
      return before > 0 && taken === before;
    };
    await expect.poll(isStalled, { timeout: 10_000 }).toBe(true);
    expect(taken).toBeLessThan(32 * 1024 * 1024);
  });

  it('ends when a message from the app is too large', async () => {
    const { connector } = await startApp((socket) => socket.send(Buffer.alloc(5000)), {
      maxMessageBytes: 1024,
    });
    const { socket } = await openWebSocket(await connector.open(), '/');
    await expect(socket.nextClose()).rejects.toMatchObject({ code: 'ERR_HTTP_INVALID' });
  });
});
