import { AppError } from '@postern/shared/errors';
import {
  decodeClose,
  encodeClose,
  encodeFragment,
  encodeMessage,
  FragmentDecoder,
  type WebSocketFragment,
} from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import { describe, expect, it, vi } from 'vitest';
import type { SocketEvent } from '../../messages/page.ts';
import { bridgeWebSocket, MAX_UNTAKEN_BYTES, type PagePort } from './bridge.ts';

const text = (value: string) => new TextEncoder().encode(value);

/** A page's port and an application's stream, both in the test's hands. */
function createWorld(status = 101) {
  const events: SocketEvent[] = [];
  const port: PagePort = {
    postMessage: (event) => void events.push(event),
    onmessage: null,
    close: vi.fn(),
  };
  const incoming: (Uint8Array | undefined | Error)[] = [];
  let wake: () => void = () => undefined;
  let settleClosed: (value: object) => void = () => undefined;
  const closed = new Promise<object>((resolve) => (settleClosed = resolve));
  const decoder = new FragmentDecoder();
  const written: WebSocketFragment[] = [];
  const read = vi.fn(async () => {
    while (incoming.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    const next = incoming.shift();
    if (next instanceof Error) throw next;
    return next;
  });
  const reset = vi.fn(() => settleClosed({}));
  const stream = {
    read,
    write: (bytes: Uint8Array) => {
      written.push(...decoder.push(bytes.slice()));
      return Promise.resolve();
    },
    end: vi.fn(() => Promise.resolve()),
    reset,
    closed,
  } as unknown as SessionStream;
  const gone = new AbortController();
  const fields = [['sec-websocket-protocol', 'chat']] as const;
  return {
    events,
    written,
    stream,
    reset,
    read,
    gone,
    page: (data: unknown) => port.onmessage?.({ data } as MessageEvent),
    app: (...chunks: (Uint8Array | undefined | Error)[]) => {
      incoming.push(...chunks);
      wake();
    },
    done: bridgeWebSocket({
      port,
      open: () => Promise.resolve({ status, fields, stream }),
      resume: undefined,
      gone: gone.signal,
    }),
    port,
  };
}

const opened = { kind: 'open', protocol: 'chat', extensions: '', resume: undefined };
const lost = { kind: 'closed', code: 1006, reason: '', wasClean: false, failed: true };

describe('bridgeWebSocket', () => {
  it('carries text and bytes both ways, in order', async () => {
    const world = createWorld();
    await vi.waitFor(() => expect(world.events).toEqual([opened]));
    world.page({ kind: 'send', data: new Blob(['first']) });
    world.page({ kind: 'send', data: 'zwei€' });
    world.page({ kind: 'send', data: Uint8Array.of(3).buffer });
    await vi.waitFor(() => expect(world.written).toHaveLength(3));
    expect(
      world.written.map(({ kind, payload }) => [kind, Buffer.from(payload).toString()]),
    ).toEqual([
      ['binary', 'first'],
      ['text', 'zwei€'],
      ['binary', '\u0003'],
    ]);
    expect(world.events.slice(1)).toEqual([5, 7, 1].map((bytes) => ({ kind: 'sent', bytes })));
    world.app(
      ...encodeMessage('text', text('vom App')),
      encodeFragment({ kind: 'binary', last: false, payload: text('a') }),
    );
    world.app(encodeFragment({ kind: 'binary', last: true, payload: text('b') }));
    await vi.waitFor(() => expect(world.events).toHaveLength(6));
    expect(world.events.slice(4)).toEqual([
      { kind: 'message', data: 'vom App' },
      { kind: 'message', data: text('ab').buffer },
    ]);
    world.gone.abort();
    world.app(undefined);
    await world.done;
  });

  it('closes cleanly when the application does', async () => {
    const world = createWorld();
    world.app(encodeFragment({ kind: 'close', last: true, payload: encodeClose(4001, 'done') }));
    await world.done;
    expect(world.events.at(-1)).toEqual({
      kind: 'closed',
      code: 4001,
      reason: 'done',
      wasClean: true,
      failed: false,
    });
    expect(world.written.map(({ kind }) => kind)).toEqual(['close']);
  });

  it("sends the page's close and waits for the answer", async () => {
    const world = createWorld();
    await vi.waitFor(() => expect(world.events).toHaveLength(1));
    world.page({ kind: 'close', code: 1000, reason: 'bye' });
    await vi.waitFor(() => expect(world.written).toHaveLength(1));
    expect(decodeClose(world.written[0]!.payload)).toEqual({ code: 1000, reason: 'bye' });
    world.app(encodeFragment({ kind: 'close', last: true, payload: encodeClose(1000) }));
    await world.done;
    expect(world.written).toHaveLength(1);
    expect(world.events.at(-1)).toMatchObject({ code: 1000, wasClean: true });
  });

  it('answers pings', async () => {
    const world = createWorld();
    world.app(encodeFragment({ kind: 'ping', last: true, payload: text('x') }));
    await vi.waitFor(() =>
      expect(world.written).toMatchObject([{ kind: 'pong', payload: text('x') }]),
    );
    world.app(undefined);
    await world.done;
  });

  it.each([
    ['a stream that ends without a close', undefined],
    ['a stream that is reset', new AppError('ERR_CIRCUIT_LOST', 'lost')],
    ['a fragment of an unknown kind', Uint8Array.of(131, 0, 0, 0, 0)],
    [
      'text that is not UTF-8',
      encodeFragment({ kind: 'text', last: true, payload: Uint8Array.of(0xff) }),
    ],
  ])('fails for %s', async (_, chunk) => {
    const world = createWorld();
    world.app(chunk);
    await world.done;
    expect(world.events.at(-1)).toEqual(lost);
    expect(world.reset).toHaveBeenCalled();
  });

  it('fails when the application refuses the upgrade', async () => {
    const world = createWorld(403);
    await world.done;
    expect(world.events).toEqual([lost]);
  });

  it('says when access was removed', async () => {
    const world = createWorld();
    world.app(new AppError('ERR_ACCESS_REMOVED', 'removed'));
    await world.done;
    expect(world.events.at(-1)).toEqual({ ...lost, code: 1008, reason: 'ERR_ACCESS_REMOVED' });
  });

  it('reads no further than the page takes', async () => {
    const world = createWorld();
    const big = [...encodeMessage('binary', new Uint8Array(MAX_UNTAKEN_BYTES + 1))];
    world.app(...big, ...encodeMessage('text', text('next')));
    await vi.waitFor(() => expect(world.events).toHaveLength(2));
    const readsBefore = world.read.mock.calls.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.read.mock.calls.length).toBe(readsBefore);
    world.page({ kind: 'taken' });
    await vi.waitFor(() => expect(world.events.at(-1)).toEqual({ kind: 'message', data: 'next' }));
    world.app(undefined);
    await world.done;
  });

  it('ends when the page is gone', async () => {
    const world = createWorld();
    await vi.waitFor(() => expect(world.events).toHaveLength(1));
    world.gone.abort();
    expect(world.reset).toHaveBeenCalled();
    world.app(new AppError('ERR_STREAM_RESET', 'reset'));
    await world.done;
  });

  it.each([
    null,
    'x',
    {},
    { kind: 'send' },
    { kind: 'send', data: 1 },
    { kind: 'close', code: 999 },
    { kind: 'taken', bytes: 1 },
  ])('ignores %j from a page', async (data) => {
    const world = createWorld();
    world.page(data);
    world.app(undefined);
    await world.done;
    expect(world.written).toEqual([]);
  });
});
