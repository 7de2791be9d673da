import { describe, expect, it, vi } from 'vitest';
import { decodeUtf8, encodeUtf8, toHex } from '../../bytes/index.ts';
import {
  ContentType,
  encodeMessage,
  HeaderKey,
  HELLO_LIMITS,
  MessageHeaders,
  Precedence,
  PROBE_AFTER_MS,
} from '../channel/index.ts';
import { ManualClock } from '../channel/manual-clock.ts';
import { EdgeConnection, OPEN_TIMEOUT_MS } from './edge-connection.ts';
import { errorOf, FakeRouter, NONCE, ROUTER_ID, textOf, u32Of } from './fake-router.ts';
import { helloProofBytes } from './hello-proof.ts';
import type { CloseReason } from './types.ts';
import type { EdgeConnectionOptions } from './index.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const GRANT = 'grant';
const REMOVED: CloseReason = { code: 'ERR_ACCESS_REMOVED', message: 'removed', retryable: false };
const LOST: CloseReason = { code: 'ERR_NO_ROUTER', message: 'socket closed', retryable: true };
const ROUTER_CONNECTION = 2 ** 31;
const HOST = { mode: 'host' } as const;

interface Setup {
  router: FakeRouter;
  clock: ManualClock;
  connection: EdgeConnection;
}

function connect(options: Partial<EdgeConnectionOptions> = {}): Setup {
  const router = new FakeRouter();
  const clock = new ManualClock();
  const connection = new EdgeConnection({ pipe: router, clock, credentials: HOST, ...options });
  router.connection = connection;
  return { router, clock, connection };
}

async function openHost(options: Partial<EdgeConnectionOptions> = {}): Promise<Setup> {
  const setup = connect(options);
  setup.router.acceptHello();
  await setup.connection.opened;
  return setup;
}

const browser = {
  mode: 'browser',
  token: 'app-token',
  publicKey: new Uint8Array(65).fill(4),
  sign: vi.fn((bytes: Uint8Array) => Promise.resolve(bytes.slice(0, 64))),
} as const;
const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('opening as a browser', () => {
  it('answers the challenge by token, key, time and proof', async () => {
    const { router, clock, connection } = connect({ credentials: browser });
    expect(router.received).toHaveLength(0);
    router.challenge();
    await router.next(ContentType.hello);
    const hello = router.last(ContentType.hello);
    expect(hello.headers.string(HeaderKey.sessionToken)).toBe('app-token');
    expect(hello.headers.bytes(HeaderKey.proofKey)).toEqual(browser.publicKey);
    expect(hello.headers.u64(HeaderKey.proofTime)).toBe(BigInt(clock.nowMs()));
    const signed = await helloProofBytes({
      nonce: NONCE,
      routerId: ROUTER_ID,
      timeMs: clock.nowMs(),
      token: 'app-token',
    });
    expect(browser.sign).toHaveBeenLastCalledWith(signed);
    expect(hello.headers.bytes(HeaderKey.proof)).toEqual(signed.slice(0, 64));
    router.acceptHello();
    await connection.opened;
    expect([connection.isOpen, connection.routerId]).toEqual([true, ROUTER_ID]);
  });

  it('signs exactly the documented bytes', async () => {
    const bytes = await helloProofBytes({
      nonce: NONCE,
      routerId: 'r1',
      timeMs: 1_700_000_000_000,
      token: 'tok',
    });
    expect(toHex(bytes)).toBe(
      '706f737465726e2d656467652d68656c6c6f2d7631' +
        '00' +
        '07'.repeat(32) +
        '02007231' +
        '0068e5cf8b010000' +
        '1a7674eb4ee78df7e1ac439a93c3fa8e3c945784d4dec9fd8e3011738b2f1d62',
    );
  });

  it.each([
    ['too short', new Uint8Array(31)],
    ['too long', new Uint8Array(33)],
  ])('refuses a nonce that is %s', async (_name, nonce) => {
    const { router, connection } = connect({ credentials: browser });
    router.challenge(nonce);
    await expect(connection.opened).rejects.toEqual(code('ERR_EDGE_CHALLENGE'));
    expect(router.closed).toBe(true);
  });

  it('sends no token to another router than the one wanted', async () => {
    const { router, connection } = connect({ credentials: browser, expectedRouterId: 'router-2' });
    router.challenge();
    await expect(connection.opened).rejects.toEqual(code('ERR_EDGE_ROUTER_MISMATCH'));
    await flush();
    expect(router.received).toHaveLength(0);
  });

  it('closes when signing fails', async () => {
    const credentials = { ...browser, sign: () => Promise.reject(new Error('secret detail')) };
    const { router, connection } = connect({ credentials });
    router.challenge();
    const reason = await connection.closed;
    expect(reason.code).toBe('ERR_EDGE_PROOF');
    expect(reason.message).not.toContain('secret');
    expect(router.closed).toBe(true);
  });

  it('tells the reason of a refusal, even if the pipe closes at once', async () => {
    const { router, connection } = connect({ credentials: browser });
    router.challenge();
    await router.next(ContentType.hello);
    const headers = new MessageHeaders()
      .setI32(HeaderKey.replyFor, router.last(ContentType.hello).sequence)
      .setBool(HeaderKey.success, false)
      .setString(
        HeaderKey.structuredError,
        '{"message":"over","code":"ERR_SESSION_ENDED","retryHint":3}',
      );
    router.reply({ contentType: ContentType.result, headers, body: encodeUtf8('over') });
    connection.pipeClosed(LOST);
    await expect(connection.opened).rejects.toEqual(code('ERR_SESSION_ENDED'));
    expect(await connection.closed).toEqual({
      code: 'ERR_SESSION_ENDED',
      message: 'over',
      retryable: false,
    });
  });

  it('accepts nothing but the challenge first, and it only once', async () => {
    const data = connect({ credentials: browser });
    data.router.data(1, 1, new Uint8Array(1));
    await expect(data.connection.opened).rejects.toEqual(code('ERR_EDGE_PROTOCOL'));
    const twice = connect({ credentials: browser });
    twice.router.challenge();
    twice.router.challenge();
    await expect(twice.connection.opened).rejects.toEqual(code('ERR_EDGE_PROTOCOL'));
    await flush();
    expect(twice.router.received).toHaveLength(0);
  });
});

describe('opening as a host', () => {
  it('sends Hello without token at once', async () => {
    const { router, connection } = await openHost();
    expect(router.last(ContentType.hello).headers.size).toBe(0);
    expect(connection.isOpen).toBe(true);
  });

  it('checks the router it reached', async () => {
    const { router, connection } = connect({ expectedRouterId: 'router-2' });
    router.acceptHello();
    await expect(connection.opened).rejects.toEqual(code('ERR_EDGE_ROUTER_MISMATCH'));
  });

  it('gives up after 10 s and leaves no timer', async () => {
    const { router, clock, connection } = connect();
    clock.advance(OPEN_TIMEOUT_MS);
    expect((await connection.closed).code).toBe('ERR_EDGE_OPEN_TIMEOUT');
    expect([router.closed, clock.pending]).toEqual([true, 0]);
  });

  it('holds the small limits until it is open', async () => {
    const { connection } = connect();
    connection.receive(
      encodeMessage({
        contentType: 2,
        sequence: 1,
        body: new Uint8Array(HELLO_LIMITS.maxBodyBytes + 1),
      }),
    );
    expect((await connection.closed).code).toBe('ERR_CHANNEL_TOO_LARGE');
  });

  it('closes on noise', async () => {
    const { connection } = await openHost();
    connection.receive(new Uint8Array(30));
    expect((await connection.closed).code).toBe('ERR_CHANNEL_MAGIC');
  });
});

describe('dialing', () => {
  it('waits for the connection, then joins a circuit', async () => {
    const { router, connection } = connect();
    const dialed = connection.dial(GRANT);
    await flush();
    expect(router.count(ContentType.connect)).toBe(0);
    router.acceptHello();
    await router.next(ContentType.connect);
    const request = router.last(ContentType.connect);
    expect([textOf(request), request.headers.u32(HeaderKey.connId)]).toEqual([GRANT, 1]);
    router.accept(request, 'circuit-1');
    expect((await dialed).circuitId).toBe('circuit-1');
  });

  it('asks for one host only, if told so', async () => {
    const { router, connection } = await openHost();
    void connection.dial(GRANT, { hostId: 'host-1' }).catch(() => undefined);
    await router.next(ContentType.connect);
    expect(router.last(ContentType.connect).headers.string(HeaderKey.hostId)).toBe('host-1');
  });

  it('rejects with the reason the router gives', async () => {
    const { router, connection } = await openHost();
    const dialed = connection.dial(GRANT);
    await router.next(ContentType.connect);
    router.stateClosed(1, REMOVED, router.last(ContentType.connect));
    await expect(dialed).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_ACCESS_REMOVED', retryable: false }),
    );
    expect(connection.openCircuits).toBe(0);
  });

  it.each([
    ['no header', undefined],
    ['an OpenZiti code', '{"message":"m","code":14,"retryHint":3}'],
    ['noise', '{'],
    ['a code that is none', '{"message":"m","code":"<script>","retryHint":3}'],
  ])('has a code of its own for a refusal with %s', async (_name, error) => {
    const { router, connection } = await openHost();
    const dialed = connection.dial(GRANT);
    await router.next(ContentType.connect);
    const headers = new MessageHeaders().setI32(
      HeaderKey.replyFor,
      router.last(ContentType.connect).sequence,
    );
    if (error !== undefined) headers.setString(HeaderKey.structuredError, error);
    router.reply({ contentType: ContentType.stateClosed, headers, body: Uint8Array.of(0xff) });
    await expect(dialed).rejects.toEqual(code('ERR_NO_PATH'));
  });

  it('tells the router when the caller gives up, and ignores the late answer', async () => {
    const { router, connection } = await openHost();
    const abort = new AbortController();
    const dialed = connection.dial(GRANT, { signal: abort.signal });
    await router.next(ContentType.connect);
    abort.abort();
    await expect(dialed).rejects.toEqual(code('ERR_ABORTED'));
    expect(router.last(ContentType.stateClosed).headers.u32(HeaderKey.connId)).toBe(1);
    router.accept(router.last(ContentType.connect), 'late');
    expect([connection.isOpen, connection.openCircuits]).toEqual([true, 0]);
  });

  it('asks nothing when the signal was aborted before, or aborts while opening', async () => {
    const { router, connection } = connect();
    const abort = new AbortController();
    const waiting = connection.dial(GRANT, { signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toEqual(code('ERR_ABORTED'));
    await expect(connection.dial(GRANT, { signal: AbortSignal.abort() })).rejects.toEqual(
      code('ERR_ABORTED'),
    );
    expect(router.count(ContentType.connect)).toBe(0);
  });

  it('bounds the number of circuits', async () => {
    const { router, connection } = await openHost({ maxCircuits: 1 });
    const first = connection.dial(GRANT);
    await router.next(ContentType.connect);
    await expect(connection.dial(GRANT)).rejects.toEqual(code('ERR_EDGE_TOO_MANY_CIRCUITS'));
    router.accept(router.last(ContentType.connect), 'c');
    await first;
    await expect(connection.dial(GRANT)).rejects.toEqual(code('ERR_EDGE_TOO_MANY_CIRCUITS'));
  });

  it('fails everything when the pipe closes', async () => {
    const { router, connection, clock } = await openHost();
    const open = connection.dial(GRANT);
    await router.next(ContentType.connect);
    router.accept(router.last(ContentType.connect), 'c');
    const circuit = await open;
    const onClose = vi.fn();
    circuit.onClose = onClose;
    const waiting = connection.dial(GRANT);
    await router.next(ContentType.connect, 2);
    const token = connection.updateToken('t');
    await router.next(ContentType.updateToken);
    connection.pipeClosed(LOST);
    await expect(waiting).rejects.toEqual(code('ERR_NO_ROUTER'));
    await expect(token).rejects.toEqual(code('ERR_NO_ROUTER'));
    await expect(connection.dial(GRANT)).rejects.toEqual(code('ERR_NO_ROUTER'));
    expect(await connection.closed).toEqual(LOST);
    expect(onClose).toHaveBeenCalledExactlyOnceWith(LOST);
    expect(clock.pending).toBe(0);
  });
});

describe('hosting', () => {
  async function bound(
    onDial = vi.fn(),
  ): Promise<Setup & { onDial: typeof onDial; bindId: number }> {
    const setup = await openHost();
    const binding = setup.connection.bind(
      { bindGrant: 'bind-grant', cost: 7, precedence: 'required' },
      onDial,
    );
    await setup.router.next(ContentType.bind);
    const bindId = setup.router.accept(setup.router.last(ContentType.bind));
    await binding;
    return { ...setup, onDial, bindId };
  }

  it('binds with grant, cost, precedence and a listener id', async () => {
    const { router } = await bound();
    const { headers, body } = router.last(ContentType.bind);
    expect(decodeUtf8(body)).toBe('bind-grant');
    expect([headers.u16(HeaderKey.cost), headers.u8(HeaderKey.precedence)]).toEqual([
      7,
      Precedence.required,
    ]);
    expect(headers.bool(HeaderKey.routerProvidedConnId)).toBe(true);
    expect(headers.bytes(HeaderKey.listenerId)).toHaveLength(16);
  });

  it('rejects when the router refuses', async () => {
    const { router, connection } = await openHost();
    const binding = connection.bind({ bindGrant: 'g' }, vi.fn());
    await router.next(ContentType.bind);
    router.stateClosed(1, { ...REMOVED, code: 'ERR_GRANT_INVALID' }, router.last(ContentType.bind));
    await expect(binding).rejects.toEqual(code('ERR_GRANT_INVALID'));
  });

  it('answers a Dial and hands over the circuit, which works at once', async () => {
    const onDial = vi.fn((circuit: { send(message: Uint8Array): void }) =>
      circuit.send(Uint8Array.of(1)),
    );
    const { router, bindId } = await bound(onDial);
    router.dial(bindId, ROUTER_CONNECTION, 'circuit-9');
    expect(onDial).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ circuitId: 'circuit-9' }),
      {
        circuitId: 'circuit-9',
        callerId: 'alice',
      },
    );
    const success = router.last(ContentType.dialSuccess);
    expect([success.headers.u32(HeaderKey.connId), u32Of(success)]).toEqual([
      bindId,
      ROUTER_CONNECTION,
    ]);
    expect(router.received.map(({ contentType }) => contentType).slice(-2)).toEqual([
      ContentType.dialSuccess,
      ContentType.data,
    ]);
    expect(router.last(ContentType.data).headers.u32(HeaderKey.connId)).toBe(ROUTER_CONNECTION);
  });

  it('closes the circuit when the host throws', async () => {
    const { router, bindId } = await bound(
      vi.fn(() => {
        throw new Error('secret detail');
      }),
    );
    router.dial(bindId, ROUTER_CONNECTION);
    const closed = router.last(ContentType.stateClosed);
    expect(closed.headers.u32(HeaderKey.connId)).toBe(ROUTER_CONNECTION);
    expect(JSON.stringify(errorOf(closed))).not.toContain('secret');
  });

  it('refuses a Dial for what is not bound, and an id in use', async () => {
    const { router, bindId, onDial, connection } = await bound();
    router.dial(bindId + 1, ROUTER_CONNECTION);
    expect(errorOf(router.last(ContentType.dialFailed))).toMatchObject({
      code: 'ERR_SERVICE_NOT_HOSTED',
    });
    router.dial(bindId, ROUTER_CONNECTION);
    router.dial(bindId, ROUTER_CONNECTION);
    expect(router.count(ContentType.dialFailed)).toBe(2);
    expect(onDial).toHaveBeenCalledTimes(1);
    expect(connection.isOpen).toBe(true);
  });

  it('closes the connection when the router takes an id that is ours to give', async () => {
    const { router, bindId, connection } = await bound();
    router.dial(bindId, 5);
    expect((await connection.closed).code).toBe('ERR_EDGE_PROTOCOL');
  });

  it('renews the grant and stops on unbind, keeping open circuits', async () => {
    const { router, connection } = await openHost();
    const onDial = vi.fn();
    const binding = connection.bind({ bindGrant: 'g1' }, onDial);
    await router.next(ContentType.bind);
    const bindId = router.accept(router.last(ContentType.bind));
    const active = await binding;
    active.update({ bindGrant: 'g2', precedence: 'failed' });
    expect(textOf(router.last(ContentType.updateBind))).toBe('g2');
    expect(router.last(ContentType.updateBind).headers.u8(HeaderKey.precedence)).toBe(
      Precedence.failed,
    );
    router.dial(bindId, ROUTER_CONNECTION);
    active.unbind();
    active.unbind();
    expect(textOf(router.last(ContentType.unbind))).toBe('g2');
    expect(router.count(ContentType.unbind)).toBe(1);
    expect((await active.closed).code).toBe('OK');
    router.dial(bindId, ROUTER_CONNECTION + 1);
    expect(onDial).toHaveBeenCalledTimes(1);
    expect(connection.openCircuits).toBe(1);
    expect(() => active.update({ bindGrant: 'g3' })).toThrow(code('ERR_EDGE_NOT_BOUND'));
  });

  it.each(['the router', 'the pipe'])('learns that %s ended the binding', async (who) => {
    const { router, connection } = await openHost();
    const binding = connection.bind({ bindGrant: 'g1' }, vi.fn());
    await router.next(ContentType.bind);
    const bindId = router.accept(router.last(ContentType.bind));
    const active = await binding;
    if (who === 'the router') router.stateClosed(bindId, REMOVED);
    else connection.pipeClosed(REMOVED);
    expect(await active.closed).toEqual(REMOVED);
  });

  it('unbinds when the caller gave up waiting', async () => {
    const { router, connection } = await openHost();
    const abort = new AbortController();
    const binding = connection.bind({ bindGrant: 'g1', signal: abort.signal }, vi.fn());
    await router.next(ContentType.bind);
    abort.abort();
    await expect(binding).rejects.toEqual(code('ERR_ABORTED'));
    expect(router.count(ContentType.unbind)).toBe(1);
  });
});

describe('keeping the connection', () => {
  it('answers Latency with the same stamp, but echoes nothing long', async () => {
    const { router } = await openHost();
    router.reply({
      contentType: ContentType.latency,
      headers: new MessageHeaders().setU64(HeaderKey.uuid, 77n),
    });
    const answer = router.last(ContentType.result).headers;
    expect([
      answer.u64(HeaderKey.uuid),
      answer.bool(HeaderKey.success),
      answer.has(HeaderKey.replyFor),
    ]).toEqual([77n, true, true]);
    const long = new MessageHeaders().setBytes(HeaderKey.uuid, new Uint8Array(9000));
    router.reply({ contentType: ContentType.latency, headers: long });
    expect(router.last(ContentType.result).headers.has(HeaderKey.uuid)).toBe(false);
  });

  it('measures the round trip by its own probe', async () => {
    const { router, clock, connection } = await openHost();
    clock.advance(PROBE_AFTER_MS);
    const probe = router.last(ContentType.latency);
    clock.advance(12);
    const headers = new MessageHeaders()
      .setI32(HeaderKey.replyFor, probe.sequence)
      .setBytes(HeaderKey.uuid, probe.headers.bytes(HeaderKey.uuid)!);
    router.reply({ contentType: ContentType.result, headers });
    expect(connection.roundTripMs).toBe(12);
  });

  it('closes when the router stays silent', async () => {
    const { router, clock, connection } = await openHost();
    clock.advance(45_000);
    expect((await connection.closed).code).toBe('ERR_EDGE_SILENT');
    expect([router.closed, clock.pending]).toEqual([true, 0]);
  });

  it('closes when the router makes it answer without reading', async () => {
    const { router, connection } = await openHost();
    router.bufferedBytes = 65 * 1024 * 1024;
    router.reply({ contentType: ContentType.latency });
    expect((await connection.closed).code).toBe('ERR_CHANNEL_CONGESTED');
  });

  it('extends by a newer token, or learns why not', async () => {
    const { router, connection } = await openHost();
    const answer = async (contentType: number): Promise<void> => {
      const before = router.count(ContentType.updateToken);
      const updated = connection.updateToken('token-2');
      await router.next(ContentType.updateToken, before + 1);
      const headers = new MessageHeaders().setI32(
        HeaderKey.replyFor,
        router.last(ContentType.updateToken).sequence,
      );
      router.reply({ contentType, headers, body: encodeUtf8('x') });
      await updated;
    };
    await answer(ContentType.updateTokenSuccess);
    expect(textOf(router.last(ContentType.updateToken))).toBe('token-2');
    await expect(answer(ContentType.updateTokenFailure)).rejects.toEqual(code('ERR_TOKEN_INVALID'));
  });

  it('ignores what it does not know', async () => {
    const { router, connection } = await openHost();
    router.reply({ contentType: 99_999 });
    router.data(77, 1, new Uint8Array(1));
    router.credit(77, 1, 1);
    router.stateClosed(77, REMOVED);
    expect(connection.isOpen).toBe(true);
  });
});
