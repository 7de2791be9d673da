/** A WebSocket whose way to the browser is lost goes on over the next one, with nothing lost or repeated. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeAck, encodeFragment, MAX_FRAGMENT_BYTES } from '@postern/shared/protocol/http';
import type { SecureSession } from '@postern/shared/protocol/session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { openWebSocket, type TestSocket } from '../harness/connector-client.ts';
import {
  type Caller,
  startConnectorWorld,
  type ConnectorWorld,
} from '../harness/connector-world.ts';

let world: ConnectorWorld;
let caller: Caller;
let server: WebSocketServer;
/** The app's side of the WebSocket, and what it got. */
let app: WebSocket;
let got: string[];
let appClosed: Promise<unknown>;

beforeEach(async () => {
  got = [];
  const http = createServer();
  server = new WebSocketServer({ server: http });
  server.on('connection', (socket) => {
    app = socket;
    appClosed = once(socket, 'close');
    socket.on('message', (data) => got.push((data as Buffer).toString()));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  world = await startConnectorWorld({
    target: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
  });
  caller = await world.newCaller();
});
afterEach(async () => {
  for (const socket of server.clients) socket.terminate();
  server.close();
  await world.close();
});

interface Opened {
  session: SecureSession;
  socket: TestSocket;
  status: number;
  id: string;
  /** What the connector says it has of the browser's messages. */
  received: number;
}

async function open(resume = 'new', who = caller): Promise<Opened> {
  const session = await world.open(who);
  const { answer, socket } = await openWebSocket(session, '/', [['postern-resume', resume]]);
  const [id = '', received = ''] = (answer.field('postern-resume') ?? '').split(' ');
  return { session, socket, status: answer.status, id, received: Number(received) };
}

/** As when a router or the browser's worker dies: no word on the stream, no end of the session. */
const lose = ({ session }: Opened): void =>
  session.close({ code: 'ERR_CIRCUIT_LOST', message: 'lost', retryable: true });

const texts = async (socket: TestSocket, count: number): Promise<string[]> => {
  const all: string[] = [];
  while (all.length < count) {
    const message = await socket.next();
    if (message === undefined) throw new Error(`ended after ${all.length} messages`);
    if (message.kind !== 'ack') all.push(message.payload.toString());
  }
  return all;
};
const ack = (socket: TestSocket, count: number): Promise<void> =>
  socket.stream.write(encodeFragment({ kind: 'ack', last: true, payload: encodeAck(count) }));

describe('a resumed WebSocket', () => {
  it('gets what it had not acknowledged, and what the app sent meanwhile', async () => {
    const first = await open();
    app.send('1');
    app.send('2');
    app.send('3');
    expect(await texts(first.socket, 3)).toEqual(['1', '2', '3']);
    await ack(first.socket, 1);
    lose(first);
    app.send('4');
    const second = await open(`${first.id} 2`);
    expect(second).toMatchObject({ status: 101, id: first.id, received: 0 });
    app.send('5');
    expect(await texts(second.socket, 3)).toEqual(['3', '4', '5']);
  });

  it('says what arrived, so that nothing is sent twice', async () => {
    const first = await open();
    await first.socket.send('text', Buffer.from('a'));
    await first.socket.send('text', Buffer.from('b'));
    await expect.poll(() => got).toEqual(['a', 'b']);
    lose(first);
    const second = await open(`${first.id} 0`);
    expect(second.received).toBe(2);
    await second.socket.send('text', Buffer.from('c'));
    await expect.poll(() => got).toEqual(['a', 'b', 'c']);
  });

  it('completes a message that was cut in the middle', async () => {
    const first = await open();
    const message = Buffer.from('x'.repeat(MAX_FRAGMENT_BYTES) + 'y'.repeat(100));
    const half = message.subarray(0, MAX_FRAGMENT_BYTES);
    await first.socket.stream.write(encodeFragment({ kind: 'text', last: false, payload: half }));
    // The connector has read it when it answers on the same stream.
    const { session } = first;
    await session.ping();
    lose(first);
    const second = await open(`${first.id} 0`);
    expect(second.received).toBe(0);
    await second.socket.send('text', message);
    await second.socket.send('text', Buffer.from('next'));
    await expect.poll(() => got.length).toBe(2);
    expect(got).toEqual([message.toString(), 'next']);
  });

  it('is told of a close that it missed', async () => {
    const first = await open();
    lose(first);
    app.send('last');
    app.close(4001, 'over');
    await appClosed;
    const second = await open(`${first.id} 0`);
    expect(await texts(second.socket, 1)).toEqual(['last']);
    expect(await second.socket.nextClose()).toEqual({ code: 4001, reason: 'over' });
  });

  it('takes the place of one that still seems to live', async () => {
    const first = await open();
    const second = await open(`${first.id} 0`);
    expect(second.status).toBe(101);
    await expect(first.socket.next()).rejects.toThrow('resumed elsewhere');
    app.send('here');
    expect(await texts(second.socket, 1)).toEqual(['here']);
  });

  it('acknowledges in time', async () => {
    const { socket } = await open();
    await socket.send('text', Buffer.from('a'));
    expect(await socket.next()).toEqual({ kind: 'ack', payload: Buffer.from(encodeAck(1)) });
  });
});

describe('is refused', () => {
  it.each<[string, () => Promise<Caller>]>([
    ['another person', () => world.newCaller('mallory')],
    ['another key', async () => ({ ...(await world.newCaller()), sid: caller.sid })],
    ['another sign-in', async () => ({ ...caller, sid: (await world.newCaller()).sid })],
  ])('to %s', async (_who, other) => {
    const first = await open();
    lose(first);
    const second = await open(`${first.id} 0`, await other());
    expect(second.status).toBe(410);
    // It is still there for its owner.
    expect((await open(`${first.id} 0`)).status).toBe(101);
  });

  it.each(['', 'guess 0', 'x', 'new 0'])('for %j', async (value) => {
    expect((await open(value)).status).toBe(410);
  });

  it('after access was removed: the app’s side ends at once', async () => {
    const first = await open();
    lose(first);
    await first.session.closed;
    world.revoke({ code: 'ERR_ACCESS_REMOVED', identityId: caller.identityId });
    expect(await appClosed).toEqual([1006, Buffer.alloc(0)]);
  });

  it('when the browser ended it itself', async () => {
    const first = await open();
    first.socket.stream.reset(1);
    await appClosed;
    expect((await open(`${first.id} 0`)).status).toBe(410);
  });

  it('with an ack for messages never sent', async () => {
    const first = await open();
    await ack(first.socket, 1);
    await expect(first.socket.next()).rejects.toMatchObject({ code: 'ERR_HTTP_INVALID' });
    await appClosed;
  });
});

it('a WebSocket that did not ask for it ends with its stream', async () => {
  const session = await world.open(caller);
  await openWebSocket(session, '/');
  session.close({ code: 'ERR_CIRCUIT_LOST', message: 'lost', retryable: true });
  expect(await appClosed).toEqual([1006, Buffer.alloc(0)]);
});
