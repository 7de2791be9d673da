import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PageMessage, SocketCommand, SocketEvent, WorkerMessage } from '../messages/page.ts';
import { createPortCarrier } from './port-carrier.ts';
import { createWebSocketClass } from './websocket.ts';

/** Node 20 has no such event. */
class CloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
  constructor(type: string, init: { code: number; reason: string; wasClean: boolean }) {
    super(type);
    ({ code: this.code, reason: this.reason, wasClean: this.wasClean } = init);
  }
}

/** The browser's own, for other hosts. */
class Native {
  readonly args: unknown[];
  constructor(...args: unknown[]) {
    this.args = args;
  }
}

let pageEvents: EventTarget;
let ports: MessagePort[];

beforeEach(() => {
  ports = [];
  pageEvents = new EventTarget();
  vi.stubGlobal('CloseEvent', CloseEvent);
  vi.stubGlobal('addEventListener', pageEvents.addEventListener.bind(pageEvents));
});
afterEach(() => {
  vi.unstubAllGlobals();
  for (const port of ports) port.close();
});

/** A page whose worker is played by the test. */
function createWorld({ controlled = true } = {}) {
  const sent: PageMessage[] = [];
  let deliver: (message: WorkerMessage) => void = () => undefined;
  const link = {
    send: (message: PageMessage, transfer: Transferable[] = []) => {
      sent.push(message);
      ports.push(...(transfer as MessagePort[]));
      return controlled;
    },
    listen: (handler: (message: WorkerMessage) => void) => (deliver = handler),
  };
  const Class = createWebSocketClass({
    Native: Native as unknown as typeof WebSocket,
    carrier: createPortCarrier(link),
    baseUrl: () => 'https://wiki.example/dir/page',
    origin: 'https://wiki.example',
  });
  return { Class, sent, deliver: (message: WorkerMessage) => deliver(message) };
}

/** A socket, what it told the worker, and the events it fired. */
function createSocket(world = createWorld(), ...args: [protocols?: string | string[]]) {
  const socket = new world.Class('/ws', ...args);
  const port = ports.at(-1)!;
  const commands: SocketCommand[] = [];
  port.onmessage = ({ data }: MessageEvent<SocketCommand>) => commands.push(data);
  const events: Event[] = [];
  for (const name of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(name, (event) => events.push(event));
  }
  const tell = async (...list: SocketEvent[]): Promise<void> => {
    const before = events.length;
    for (const event of list) port.postMessage(event);
    await vi.waitFor(() => expect(events.length).toBe(before + list.length));
  };
  return { socket, commands, events, tell };
}

const opened: SocketEvent = { kind: 'open', protocol: '', extensions: '', resume: undefined };

describe('the constructor', () => {
  it.each([
    ['/ws', 'wss://wiki.example/ws'],
    ['ws?x=1', 'wss://wiki.example/dir/ws?x=1'],
    ['https://wiki.example/ws', 'wss://wiki.example/ws'],
    [new URL('wss://wiki.example/ws'), 'wss://wiki.example/ws'],
  ])('takes %s', (given, url) => {
    const { Class, sent } = createWorld();
    const socket = new Class(given);
    expect(socket).toMatchObject({
      url,
      readyState: Class.CONNECTING,
      protocol: '',
      extensions: '',
    });
    expect(sent).toEqual([{ type: 'postern.websocket', url, protocols: [] }]);
  });

  it.each([
    ['http://[', []],
    ['ftp://wiki.example/', []],
    ['/ws#part', []],
    ['/ws', ['a b']],
    ['/ws', ['']],
    ['/ws', ['a', 'A']],
  ])('throws a SyntaxError for %s and %j', (url, protocols) => {
    const { Class, sent } = createWorld();
    expect(() => new Class(url, protocols)).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }) as Error,
    );
    expect(sent).toEqual([]);
  });

  it('offers protocols, one or several', () => {
    const { Class, sent } = createWorld();
    new Class('/ws', 'one');
    new Class('/ws', ['one', 'two']);
    expect(sent.map((message) => 'protocols' in message && message.protocols)).toEqual([
      ['one'],
      ['one', 'two'],
    ]);
  });

  it.each(['wss://other.example/', 'wss://wiki.example:444/', 'ws://wiki.example/'])(
    'leaves %s to the browser',
    (url) => {
      const { Class, sent } = createWorld();
      const socket = new Class(url, 'p');
      expect(socket).toBeInstanceOf(Native);
      expect(socket).toBeInstanceOf(Class);
      expect((socket as unknown as Native).args).toEqual([url, 'p']);
      expect(sent).toEqual([]);
    },
  );

  it('looks like the one it replaces, and can be extended', () => {
    const { Class } = createWorld();
    class Own extends Class {
      readonly isOwn = true;
    }
    const socket = new Own('/ws');
    expect(socket).toBeInstanceOf(Class);
    expect(socket).toMatchObject({ isOwn: true, OPEN: 1 });
    expect([Class.CONNECTING, Class.OPEN, Class.CLOSING, Class.CLOSED]).toEqual([0, 1, 2, 3]);
    expect(Object.prototype.toString.call(socket)).toBe('[object WebSocket]');
    expect(new Class('/ws').constructor).toBe(Class);
  });

  it('fails without a worker', async () => {
    const { events } = createSocket(createWorld({ controlled: false }));
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['error', 'close']));
    expect(events[1]).toMatchObject({ code: 1006, wasClean: false });
  });
});

describe('messages', () => {
  it('come in order, as the binary type says', async () => {
    const { socket, events, commands, tell } = createSocket();
    const bytes = new Uint8Array([1, 2]).buffer;
    await tell({ ...opened, protocol: 'chat' });
    expect(socket).toMatchObject({ readyState: 1, protocol: 'chat', binaryType: 'blob' });
    await tell({ kind: 'message', data: 'ä' }, { kind: 'message', data: bytes });
    socket.binaryType = 'arraybuffer';
    socket.binaryType = 'nonsense' as BinaryType;
    expect(socket.binaryType).toBe('arraybuffer');
    await tell({ kind: 'message', data: bytes });
    const [, text, blob, buffer] = events as MessageEvent[];
    expect(text).toMatchObject({ data: 'ä', origin: 'wss://wiki.example' });
    expect(blob!.data).toBeInstanceOf(Blob);
    expect(new Uint8Array(buffer!.data as ArrayBuffer)).toEqual(new Uint8Array([1, 2]));
    await vi.waitFor(() =>
      expect(commands).toEqual(Array.from({ length: 3 }, () => ({ kind: 'taken' }))),
    );
  });

  it('cannot be sent before the socket is open', () => {
    const { socket } = createSocket();
    expect(() => socket.send('x')).toThrow(
      expect.objectContaining({ name: 'InvalidStateError' }) as Error,
    );
  });

  it('are copied when sent, and counted until they left', async () => {
    const { socket, commands, tell } = createSocket();
    await tell(opened);
    const bytes = new Uint8Array([0, 1, 2, 3]);
    socket.send('ä');
    socket.send(bytes.subarray(1, 3));
    socket.send(bytes.buffer);
    bytes.fill(9);
    expect(socket.bufferedAmount).toBe(2 + 2 + 4);
    await vi.waitFor(() => expect(commands).toHaveLength(3));
    expect(commands.map((command) => command.kind === 'send' && command.data)).toEqual([
      'ä',
      new Uint8Array([1, 2]).buffer,
      new Uint8Array([0, 1, 2, 3]).buffer,
    ]);
    await tell({ kind: 'message', data: '' });
    for (const bytes of [2, 2, 4]) {
      ports.at(-1)!.postMessage({ kind: 'sent', bytes } satisfies SocketEvent);
    }
    await vi.waitFor(() => expect(socket.bufferedAmount).toBe(0));
  });

  it('sent after the close only count', async () => {
    const { socket, commands, tell } = createSocket();
    await tell(opened);
    socket.close();
    socket.send('late');
    expect(socket.bufferedAmount).toBe(4);
    await vi.waitFor(() => expect(commands.map(({ kind }) => kind)).toEqual(['close']));
  });
});

describe('listeners', () => {
  it('a handler keeps its place when it is replaced', async () => {
    const { socket, tell } = createSocket();
    const order: string[] = [];
    socket.onopen = () => order.push('first');
    socket.addEventListener('open', () => order.push('listener'));
    socket.onopen = () => order.push('second');
    await tell(opened);
    expect(order).toEqual(['second', 'listener']);
    socket.onmessage = () => order.push('never');
    socket.onmessage = null;
    expect(socket.onmessage).toBeNull();
    await tell({ kind: 'message', data: 'x' });
    expect(order).toHaveLength(2);
  });
});

describe('the end', () => {
  it.each([999, 1001, 2999, 5000])('close(%i) is refused', (code) => {
    const { socket } = createSocket();
    expect(() => socket.close(code)).toThrow(
      expect.objectContaining({ name: 'InvalidAccessError' }) as Error,
    );
  });

  it('a reason has at most 123 bytes', () => {
    const { socket } = createSocket();
    expect(() => socket.close(1000, 'ä'.repeat(62))).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }) as Error,
    );
  });

  it('closes once, with code and reason', async () => {
    const { socket, commands, events, tell } = createSocket();
    await tell(opened);
    socket.close(3000, 'bye');
    socket.close();
    expect(socket.readyState).toBe(2);
    await tell({ kind: 'closed', code: 3000, reason: 'bye', wasClean: true, failed: false });
    expect(events.at(-1)).toMatchObject({
      type: 'close',
      code: 3000,
      reason: 'bye',
      wasClean: true,
    });
    expect(socket.readyState).toBe(3);
    expect(commands).toEqual([{ kind: 'close', code: 3000, reason: 'bye' }]);
  });

  it('a failure is an error, then a close', async () => {
    const { events } = createSocket();
    ports.at(-1)!.postMessage({
      kind: 'closed',
      code: 1006,
      reason: '',
      wasClean: false,
      failed: true,
    } satisfies SocketEvent);
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['error', 'close']));
  });

  it('sockets that cannot be resumed do not outlive the worker that carried them', async () => {
    const world = createWorld();
    const { events, tell } = createSocket(world);
    ports.at(-1)!.postMessage({ kind: 'accepted', instance: 'one' } satisfies SocketEvent);
    await tell(opened);
    world.deliver({ type: 'postern.pong', instance: 'one' });
    world.deliver({ type: 'postern.pong', instance: 'one' });
    expect(events).toHaveLength(1);
    world.deliver({ type: 'postern.pong', instance: 'two' });
    expect(events.map(({ type }) => type)).toEqual(['open', 'error', 'close']);
  });

  it('a port that nobody took is given up', async () => {
    const world = createWorld();
    const { events } = createSocket(world);
    world.deliver({ type: 'postern.pong', instance: 'one' });
    expect(events).toEqual([]);
    world.deliver({ type: 'postern.pong', instance: 'one' });
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['error', 'close']));
  });

  it('goes on with another life of the worker when it may be resumed', async () => {
    const world = createWorld();
    const { socket, events, tell } = createSocket(world);
    const resume = { id: 'id', received: 0 };
    ports.at(-1)!.postMessage({ kind: 'accepted', instance: 'one' } satisfies SocketEvent);
    await tell({ ...opened, resume }, { kind: 'message', data: 'one' });
    socket.send('a');
    socket.send('b');
    world.deliver({ type: 'postern.pong', instance: 'two' });
    await vi.waitFor(() => expect(world.sent).toHaveLength(2));
    expect(world.sent.at(-1)).toMatchObject({ resume: { id: 'id', received: 1 } });
    const again: SocketCommand[] = [];
    ports.at(-1)!.onmessage = ({ data }: MessageEvent<SocketCommand>) => again.push(data);
    ports.at(-1)!.postMessage({ ...opened, resume: { id: 'id', received: 1 } });
    await vi.waitFor(() => expect(again).toEqual([{ kind: 'send', data: 'b' }]));
    expect(events.map(({ type }) => type)).toEqual(['open', 'message']);
    expect(socket.readyState).toBe(1);
    expect(socket.bufferedAmount).toBe(1);
  });

  it('a page that goes closes its sockets as browsers do', async () => {
    const { commands } = createSocket();
    pageEvents.dispatchEvent(new Event('pagehide'));
    await vi.waitFor(() => expect(commands).toEqual([{ kind: 'close', code: 1001 }]));
  });
});
