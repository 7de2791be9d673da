import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { encodeUtf8 } from '../../bytes/index.ts';
import { isAppError } from '../../errors/index.ts';
import type { Delta, HostState, RouterTerminators, Snapshot } from '../../schemas/index.ts';
import {
  ContentType,
  CONTROL_LIMITS,
  decodeMessage,
  encodeMessage,
  HeaderKey,
  HELLO_LIMITS,
  MessageHeaders,
} from '../channel/index.ts';
import type { Message, OutgoingMessage } from '../channel/index.ts';
import { ManualClock } from '../channel/manual-clock.ts';
import type { CloseReason, FramePipe } from '../edge/index.ts';
import {
  ControlAssembler,
  ControlChannel,
  ControlConnection,
  CONTROLLER_SENDS,
  PART_BYTES,
  ROUTER_SENDS,
  splitControl,
} from './index.ts';
import type { ControlConnectionOptions, ControlMessage } from './index.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const EMPTY: Snapshot['entities'] = {
  identity: [],
  service: [],
  servicePolicy: [],
  edgeRouterPolicy: [],
  serviceEdgeRouterPolicy: [],
  router: [],
  terminator: [],
  signingKey: [],
  revocation: [],
  postureCheck: [],
  posture: [],
};
const snapshot = (index: number, timeline = 't1'): Snapshot => ({
  timeline,
  index,
  entities: EMPTY,
});
const delta = (previousIndex: number, index: number, timeline = 't1'): Delta => ({
  timeline,
  previousIndex,
  index,
  changes: [{ op: 'delete', kind: 'identity', key: 'x' }],
});
const terminators = (count: number): RouterTerminators => ({
  terminators: Array.from({ length: count }, (_, i) => ({
    id: `terminator-${i}`,
    serviceId: 'ü'.repeat(60),
    hostId: 'h',
    cost: 0,
    precedence: 'default' as const,
  })),
});

const asMessage = (content: Partial<OutgoingMessage> & { contentType: number }): Message =>
  decodeMessage(encodeMessage({ sequence: 1, ...content }), CONTROL_LIMITS);
const assembler = (maxBodyBytes?: number): ControlAssembler =>
  new ControlAssembler({
    accepts: ROUTER_SENDS,
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
  });

describe('splitting and joining bodies', () => {
  it('keeps a small body in one message without part headers', () => {
    const parts = splitControl('subscribe', { timeline: 't', index: 3 });
    expect(parts).toHaveLength(1);
    expect(parts[0]!.headers.size).toBe(0);
    expect(assembler().receive(asMessage(parts[0]!))).toEqual({
      type: 'subscribe',
      value: { timeline: 't', index: 3 },
    });
  });

  it('splits a large body anywhere, even within characters, and joins it again', () => {
    const value = terminators(20_000);
    const parts = splitControl('routerTerminators', value);
    expect(parts.length).toBeGreaterThan(2);
    for (const { body } of parts) expect(body.length).toBeLessThanOrEqual(PART_BYTES);
    const joiner = assembler();
    const results = parts.map((part) => joiner.receive(asMessage(part)));
    expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
    expect(results.at(-1)).toEqual({ type: 'routerTerminators', value });
    expect(
      joiner.receive(asMessage(splitControl('subscribe', { timeline: '', index: 0 })[0]!)),
    ).toBeDefined();
  });

  const parted = (
    number: number,
    count: number,
    contentType: number = ContentType.subscribe,
  ): Message =>
    asMessage({
      contentType,
      headers: new MessageHeaders()
        .setU32(HeaderKey.partNumber, number)
        .setU32(HeaderKey.partCount, count),
      body: encodeUtf8('{'),
    });

  it.each([
    ['a later part first', [parted(1, 2)]],
    ['a part twice', [parted(0, 3), parted(0, 3)]],
    ['a part left out', [parted(0, 3), parted(2, 3)]],
    ['another count', [parted(0, 3), parted(1, 4)]],
    ['another type between', [parted(0, 3), parted(1, 3, ContentType.routerStatus)]],
    ['a whole body between', [parted(0, 3), asMessage({ contentType: ContentType.subscribe })]],
    ['no parts at all', [parted(0, 0)]],
    [
      'half the headers',
      [
        asMessage({
          contentType: ContentType.subscribe,
          headers: new MessageHeaders().setU32(HeaderKey.partNumber, 0),
        }),
      ],
    ],
  ])('refuses %s', (_name, messages) => {
    const joiner = assembler();
    expect(() => messages.map((message) => joiner.receive(message))).toThrow(
      code('ERR_CONTROL_PARTS'),
    );
  });

  it('holds the total limit, whole or in parts, and the number of parts', () => {
    const joiner = assembler(10);
    const part = (number: number): Message =>
      asMessage({
        contentType: ContentType.subscribe,
        headers: new MessageHeaders()
          .setU32(HeaderKey.partNumber, number)
          .setU32(HeaderKey.partCount, 5),
        body: new Uint8Array(6),
      });
    joiner.receive(part(0));
    expect(() => joiner.receive(part(1))).toThrow(code('ERR_CONTROL_TOO_LARGE'));
    const whole = asMessage({ contentType: ContentType.subscribe, body: new Uint8Array(11) });
    expect(() => assembler(10).receive(whole)).toThrow(code('ERR_CONTROL_TOO_LARGE'));
    expect(() => assembler().receive(parted(0, 257))).toThrow(code('ERR_CONTROL_TOO_LARGE'));
  });

  it('refuses what the peer may not send, before looking at it', () => {
    const message = asMessage({ contentType: ContentType.snapshot, body: encodeUtf8('{') });
    expect(() => assembler().receive(message)).toThrow(code('ERR_CONTROL_UNEXPECTED'));
    expect(() => assembler().receive(asMessage({ contentType: 5 }))).toThrow(
      code('ERR_CONTROL_UNEXPECTED'),
    );
  });

  it.each([
    '',
    '{',
    'null',
    '{}',
    '{"timeline":"t","index":-1}',
    '{"timeline":"t","index":1,"more":1}',
  ])('refuses the body %j', (body) => {
    const message = asMessage({ contentType: ContentType.subscribe, body: encodeUtf8(body) });
    expect(() => assembler().receive(message)).toThrow(code('ERR_CONTROL_BODY'));
  });

  it('throws only AppErrors', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom(
              ...[ContentType.subscribe, ContentType.routerStatus, ContentType.circuitEvent],
            ),
            fc.option(fc.tuple(fc.nat(3), fc.nat(3))),
            fc.oneof(fc.json().map(encodeUtf8), fc.uint8Array({ maxLength: 20 })),
          ),
          { maxLength: 6 },
        ),
        (messages) => {
          const joiner = assembler();
          try {
            for (const [contentType, numbers, body] of messages) {
              const headers = new MessageHeaders();
              if (numbers !== null) {
                headers
                  .setU32(HeaderKey.partNumber, numbers[0])
                  .setU32(HeaderKey.partCount, numbers[1]);
              }
              joiner.receive(asMessage({ contentType, headers, body }));
            }
          } catch (error) {
            expect(isAppError(error)).toBe(true);
          }
        },
      ),
    );
  });
});

interface Wire extends FramePipe {
  deliver: (frame: Uint8Array) => void;
  bufferedBytes: number;
  isClosed: boolean;
}

function wire(): Wire {
  return {
    bufferedBytes: 0,
    isClosed: false,
    deliver: () => undefined,
    send(frame) {
      this.deliver(frame);
    },
    close() {
      this.isClosed = true;
    },
  };
}

interface Pair {
  client: ControlConnection;
  server: ControlChannel;
  clock: ManualClock;
  received: ControlMessage[];
  toServer: Wire;
  toClient: Wire;
}

/** A client and the controller's end, joined in memory. */
function join(options: Partial<ControlConnectionOptions> = {}): Pair {
  const clock = new ManualClock();
  const received: ControlMessage[] = [];
  const toServer = wire();
  const toClient = wire();
  const server = new ControlChannel({
    pipe: toClient,
    role: 'server',
    ownId: 'controller-1',
    accepts: ROUTER_SENDS,
    onMessage: (message) => received.push(message),
    clock,
  });
  const early: Uint8Array[] = [];
  toServer.deliver = (frame) => early.push(frame);
  const client = new ControlConnection({ pipe: toServer, ownId: 'router-1', clock, ...options });
  toServer.deliver = (frame) => server.receive(frame);
  toClient.deliver = (frame) => client.receive(frame);
  for (const frame of early) server.receive(frame);
  return { client, server, clock, received, toServer, toClient };
}

describe('ControlConnection and ControlChannel', () => {
  it('opens by Hello and its answer, and raises the limits', async () => {
    const { client, server } = join();
    await Promise.all([client.opened, server.opened]);
    expect([client.isOpen, server.isOpen, client.limits, server.limits]).toEqual([
      true,
      true,
      CONTROL_LIMITS,
      CONTROL_LIMITS,
    ]);
  });

  it('brings a router up to date and keeps it so', () => {
    const onSnapshot = vi.fn();
    const onDelta = vi.fn();
    const { client, server, received } = join({ onSnapshot, onDelta });
    client.subscribe();
    expect(received).toEqual([{ type: 'subscribe', value: { timeline: '', index: 0 } }]);
    server.send('snapshot', snapshot(5));
    server.send('delta', delta(5, 6));
    server.send('delta', delta(6, 9));
    expect(onSnapshot).toHaveBeenCalledExactlyOnceWith(snapshot(5));
    expect(onDelta.mock.calls).toEqual([[delta(5, 6)], [delta(6, 9)]]);
    expect(client.position).toEqual({ timeline: 't1', index: 9 });
  });

  it('asks again once on a gap, applies nothing until the answer fits, and goes on', () => {
    const onSnapshot = vi.fn();
    const onDelta = vi.fn();
    const { client, server, received } = join({ onSnapshot, onDelta });
    client.subscribe({ timeline: 't1', index: 3 });
    server.send('delta', delta(5, 6));
    server.send('delta', delta(6, 7));
    expect(onDelta).not.toHaveBeenCalled();
    expect(received.slice(1)).toEqual([{ type: 'subscribe', value: { timeline: 't1', index: 3 } }]);
    server.send('delta', delta(3, 7));
    server.send('delta', delta(7, 8));
    expect(onDelta.mock.calls).toEqual([[delta(3, 7)], [delta(7, 8)]]);
    server.send('delta', delta(11, 12));
    server.send('snapshot', snapshot(12));
    server.send('delta', delta(12, 13));
    expect(received).toHaveLength(3);
    expect(client.position).toEqual({ timeline: 't1', index: 13 });
  });

  it('drops a delta it already has and asks again on another timeline', () => {
    const onDelta = vi.fn();
    const { client, server, received } = join({ onDelta });
    client.subscribe({ timeline: 't1', index: 3 });
    server.send('delta', delta(1, 3));
    server.send('delta', delta(2, 2));
    expect(received).toHaveLength(1);
    server.send('delta', delta(3, 4, 't2'));
    expect(received).toHaveLength(2);
    expect(onDelta).not.toHaveBeenCalled();
  });

  it('takes no data before it subscribed', () => {
    const onSnapshot = vi.fn();
    const onDelta = vi.fn();
    const { server } = join({ onSnapshot, onDelta });
    server.send('snapshot', snapshot(1));
    server.send('delta', delta(1, 2));
    expect([onSnapshot.mock.calls, onDelta.mock.calls]).toEqual([[], []]);
  });

  it('carries what routers report', () => {
    const { client, received } = join();
    const status = { edgeUrls: ['ws://127.0.0.1:1/edge'], fabricAddresses: [], links: [] };
    const event = {
      kind: 'opened',
      circuitId: 'c',
      serviceId: 's',
      identityId: 'i',
      path: ['r'],
    } as const;
    client.sendStatus(status);
    client.sendTerminators(terminators(10_000));
    const { kind: _, ...circuit } = event;
    client.sendCircuits({ circuits: [{ ...circuit, path: [...circuit.path] }] });
    client.sendCircuitEvent({ ...event, path: [...event.path] });
    expect(received.map(({ type }) => type)).toEqual([
      'routerStatus',
      'routerTerminators',
      'routerCircuits',
      'circuitEvent',
    ]);
    expect(received[1]!.value).toEqual(terminators(10_000));
  });

  it('carries what connectors are told', () => {
    const onHostState = vi.fn();
    const onHostRevocation = vi.fn();
    const { server } = join({ onHostState, onHostRevocation });
    const state: HostState = {
      identity: { id: 'i', name: 'n' },
      keys: [],
      routers: [],
      services: [],
    };
    server.send('hostState', state);
    server.send('hostRevocation', { sessionId: 's', code: 'ERR_SESSION_ENDED' });
    expect(onHostState).toHaveBeenCalledExactlyOnceWith(state);
    expect(onHostRevocation).toHaveBeenCalledExactlyOnceWith({
      sessionId: 's',
      code: 'ERR_SESSION_ENDED',
    });
  });

  it('closes when a handler throws, telling nothing of the error', async () => {
    const onSnapshot = (): void => {
      throw new Error('secret');
    };
    const { client, server, toServer } = join({ onSnapshot });
    client.subscribe();
    server.send('snapshot', snapshot(1));
    expect(await client.closed).toEqual({
      code: 'ERR_CONTROL_PROTOCOL',
      message: 'internal error',
      retryable: true,
    });
    expect(toServer.isClosed).toBe(true);
    expect(client.position).toEqual({ timeline: '', index: 0 });
  });

  it('closes on what the peer may not send', async () => {
    const { client, server } = join();
    server.send('subscribe', { timeline: '', index: 0 });
    expect((await client.closed).code).toBe('ERR_CONTROL_UNEXPECTED');
    expect(CONTROLLER_SENDS).not.toContain('subscribe');
  });

  it('closes on noise, and on large frames before Hello', async () => {
    const { server } = join();
    server.receive(new Uint8Array(40));
    expect((await server.closed).code).toBe('ERR_CHANNEL_MAGIC');
    const pipe = wire();
    const fresh = new ControlChannel({
      pipe,
      role: 'server',
      ownId: 'c',
      accepts: [],
      onMessage: vi.fn(),
    });
    expect(fresh.limits).toBe(HELLO_LIMITS);
    fresh.receive(
      encodeMessage({
        contentType: 0,
        sequence: 1,
        body: new Uint8Array(HELLO_LIMITS.maxBodyBytes + 1),
      }),
    );
    expect((await fresh.closed).code).toBe('ERR_CHANNEL_TOO_LARGE');
  });

  it('accepts nothing but Hello first', async () => {
    const pipe = wire();
    const server = new ControlChannel({
      pipe,
      role: 'server',
      ownId: 'c',
      accepts: ROUTER_SENDS,
      onMessage: vi.fn(),
    });
    server.receive(
      encodeMessage({ sequence: 1, ...splitControl('subscribe', { timeline: '', index: 0 })[0]! }),
    );
    await expect(server.opened).rejects.toEqual(code('ERR_CONTROL_PROTOCOL'));
    expect(pipe.isClosed).toBe(true);
  });

  it('accepts no other answer to Hello than success', async () => {
    const pipe = wire();
    const client = new ControlConnection({ pipe, ownId: 'r' });
    const headers = new MessageHeaders()
      .setI32(HeaderKey.replyFor, 1)
      .setBool(HeaderKey.success, false);
    client.receive(encodeMessage({ contentType: ContentType.result, sequence: 1, headers }));
    await expect(client.opened).rejects.toEqual(code('ERR_CONTROL_PROTOCOL'));
  });

  it('lives through silence by probing, and closes when nobody answers', async () => {
    const { client, server, clock, toServer } = join();
    clock.advance(200_000);
    expect([client.isOpen, server.isOpen]).toEqual([true, true]);
    toServer.deliver = () => undefined;
    clock.advance(45_000);
    expect((await server.closed).code).toBe('ERR_CONTROL_SILENT');
  });

  it('gives up on a peer that never says Hello, and leaves no timer', async () => {
    const clock = new ManualClock();
    const pipe = wire();
    const server = new ControlChannel({
      pipe,
      role: 'server',
      ownId: 'c',
      accepts: [],
      onMessage: vi.fn(),
      clock,
    });
    clock.advance(10_000);
    expect((await server.closed).code).toBe('ERR_CONTROL_OPEN_TIMEOUT');
    expect([clock.pending, pipe.isClosed]).toEqual([0, true]);
  });

  it('drops a peer that does not read', async () => {
    const { server, toClient } = join();
    toClient.bufferedBytes = 65 * 1024 * 1024;
    expect(() => server.send('snapshot', snapshot(1))).toThrow(code('ERR_CONTROL_SLOW_PEER'));
    expect((await server.closed).code).toBe('ERR_CONTROL_SLOW_PEER');
    expect(toClient.isClosed).toBe(true);
  });

  it('ends once, by whoever ends it first, and sends nothing afterwards', async () => {
    const { client, toServer } = join();
    const lost: CloseReason = {
      code: 'ERR_CONTROLLER_UNREACHABLE',
      message: 'gone',
      retryable: true,
    };
    client.pipeClosed(lost);
    client.close();
    expect(await client.closed).toEqual(lost);
    expect(toServer.isClosed).toBe(false);
    expect(() => client.subscribe()).toThrow(code('ERR_CONTROL_CLOSED'));
  });
});
