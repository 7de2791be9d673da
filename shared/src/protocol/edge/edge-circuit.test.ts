import { describe, expect, it, vi } from 'vitest';
import {
  ContentType,
  DATA_PREFIX_BYTES,
  decodeCredit,
  decodeMessage,
  EDGE_LIMITS,
  encodeData,
  encodeMessage,
  HeaderKey,
  MAX_DATA_BODY_BYTES,
} from '../channel/index.ts';
import { ManualClock } from '../channel/manual-clock.ts';
import { CIRCUIT_WINDOW_BYTES, CIRCUIT_WINDOW_MESSAGES, SEND_SLACK_BYTES } from './credit.ts';
import { CONGESTION_RECHECK_MS, CREDIT_IDLE_MS } from './edge-circuit.ts';
import { EdgeConnection } from './edge-connection.ts';
import { errorOf, FakeRouter } from './fake-router.ts';
import { HIGH_WATER_BYTES } from './frame-sender.ts';
import type { Circuit, CloseReason } from './types.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const ENDED: CloseReason = { code: 'ERR_SESSION_ENDED', message: 'over', retryable: false };
const KiB64 = 64 * 1024;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function join(): Promise<{
  router: FakeRouter;
  clock: ManualClock;
  circuit: Circuit;
  id: number;
}> {
  const router = new FakeRouter();
  const clock = new ManualClock();
  const connection = new EdgeConnection({ pipe: router, clock, credentials: { mode: 'host' } });
  router.connection = connection;
  router.acceptHello();
  const dialed = connection.dial('grant');
  await router.next(ContentType.connect);
  const id = router.accept(router.last(ContentType.connect), 'c1');
  return { router, clock, circuit: await dialed, id };
}

const creditsOf = (router: FakeRouter): unknown[] =>
  router.received
    .filter(({ contentType }) => contentType === ContentType.circuitCredit)
    .map((message) => decodeCredit(encodeMessage(message)));

describe('receiving', () => {
  it('hands over messages in order', async () => {
    const { router, circuit, id } = await join();
    const onMessage = vi.fn();
    circuit.onMessage = onMessage;
    router.data(id, 1, bytes(1));
    router.data(id, 2, bytes(2, 3));
    expect(onMessage.mock.calls).toEqual([
      [bytes(1), 0],
      [bytes(2, 3), 0],
    ]);
  });

  it('holds what came before the handler was set, and the end behind it', async () => {
    const { router, circuit, id } = await join();
    router.data(id, 1, bytes(1));
    router.data(id, 2, bytes(2));
    router.stateClosed(id, ENDED);
    const events: unknown[] = [];
    circuit.onClose = (reason) => events.push(reason.code);
    await flush();
    expect(events).toEqual([]);
    circuit.onMessage = (message) => {
      events.push([...message]);
    };
    await flush();
    expect(events).toEqual([[1], [2], 'ERR_SESSION_ENDED']);
  });

  it('keeps the order when more arrives between setting the handler and the delivery', async () => {
    const { router, circuit, id } = await join();
    router.data(id, 1, bytes(1));
    const seen: number[] = [];
    circuit.onMessage = (message) => {
      seen.push(message[0]!);
    };
    router.data(id, 2, bytes(2));
    await flush();
    router.data(id, 3, bytes(3));
    expect(seen).toEqual([1, 2, 3]);
  });

  it.each([
    ['a gap', 2],
    ['a wrong start', 0],
  ])('closes on %s, this circuit only', async (_name, sequence) => {
    const { router, circuit, id } = await join();
    const onClose = vi.fn();
    circuit.onClose = onClose;
    router.data(id, sequence, bytes(1));
    await flush();
    expect(onClose).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'ERR_CIRCUIT_LOST' }),
    );
    expect(errorOf(router.last(ContentType.stateClosed))).toMatchObject({
      code: 'ERR_CIRCUIT_LOST',
    });
    expect(router.closed).toBe(false);
  });

  it('closes on a repeated message', async () => {
    const { router, circuit, id } = await join();
    const onMessage = vi.fn();
    circuit.onMessage = onMessage;
    router.data(id, 1, bytes(1));
    router.data(id, 1, bytes(1));
    expect(onMessage).toHaveBeenCalledTimes(1);
    expect(errorOf(router.last(ContentType.stateClosed))).toMatchObject({
      code: 'ERR_CIRCUIT_LOST',
    });
  });

  it('holds no more than window and slack', async () => {
    const { router, id } = await join();
    const body = new Uint8Array(KiB64);
    const fitting = CIRCUIT_WINDOW_BYTES / KiB64 + 2;
    for (let sequence = 1; sequence <= fitting; sequence += 1) router.data(id, sequence, body);
    expect(router.count(ContentType.stateClosed)).toBe(0);
    router.data(id, fitting + 1, bytes(1));
    expect(errorOf(router.last(ContentType.stateClosed))).toMatchObject({
      code: 'ERR_CIRCUIT_FLOW_CONTROL',
    });
  });

  it('closes when a handler throws or rejects, without its text', async () => {
    for (const fail of [
      (): void => {
        throw new Error('secret');
      },
      () => Promise.reject(new Error('secret')),
    ]) {
      const { router, circuit, id } = await join();
      circuit.onMessage = fail;
      router.data(id, 1, bytes(1));
      await flush();
      const error = errorOf(router.last(ContentType.stateClosed));
      expect(error).toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
      expect(JSON.stringify(error)).not.toContain('secret');
    }
  });
});

describe('crediting', () => {
  it('credits each quarter of the window', async () => {
    const { router, circuit, id } = await join();
    circuit.onMessage = () => undefined;
    const quarter = CIRCUIT_WINDOW_BYTES / 4 / KiB64;
    for (let sequence = 1; sequence <= 2 * quarter; sequence += 1)
      router.data(id, sequence, new Uint8Array(KiB64));
    expect(creditsOf(router)).toEqual([
      { totalBytes: quarter * KiB64, sequence: quarter },
      { totalBytes: 2 * quarter * KiB64, sequence: 2 * quarter },
    ]);
  });

  it('credits less when idle, once', async () => {
    const { router, clock, circuit, id } = await join();
    circuit.onMessage = () => undefined;
    router.data(id, 1, bytes(1, 2, 3));
    router.data(id, 2, bytes(4));
    expect(creditsOf(router)).toEqual([]);
    clock.advance(CREDIT_IDLE_MS);
    clock.advance(CREDIT_IDLE_MS * 10);
    expect(creditsOf(router)).toEqual([{ totalBytes: 4, sequence: 2 }]);
  });

  it('credits an asynchronous handler when it settles, in order', async () => {
    const { router, clock, circuit, id } = await join();
    const done: (() => void)[] = [];
    circuit.onMessage = () => new Promise<void>((resolve) => done.push(resolve));
    router.data(id, 1, bytes(1));
    router.data(id, 2, bytes(2, 3));
    done[1]!();
    await flush();
    clock.advance(CREDIT_IDLE_MS);
    expect(creditsOf(router)).toEqual([]);
    done[0]!();
    await flush();
    clock.advance(CREDIT_IDLE_MS);
    expect(creditsOf(router)).toEqual([{ totalBytes: 3, sequence: 2 }]);
  });

  it('credits nothing for what no handler has taken', async () => {
    const { router, clock, id } = await join();
    router.data(id, 1, bytes(1));
    clock.advance(CREDIT_IDLE_MS);
    expect(creditsOf(router)).toEqual([]);
  });
});

describe('sending', () => {
  it('numbers messages from 1 and copies them', async () => {
    const { router, circuit, id } = await join();
    const message = bytes(1, 2);
    circuit.send(message);
    message[0] = 9;
    circuit.send(message);
    const [first, second] = router.received.filter(
      ({ contentType }) => contentType === ContentType.data,
    );
    expect([first!.body, second!.body]).toEqual([bytes(1, 2), bytes(9, 2)]);
    expect([
      first!.headers.u32(HeaderKey.sequence),
      second!.headers.u32(HeaderKey.sequence),
    ]).toEqual([1, 2]);
    expect(first!.headers.u32(HeaderKey.connId)).toBe(id);
  });

  it('sends in place without a copy what send would have sent', async () => {
    const { router, circuit, id } = await join();
    const sent: Uint8Array[] = [];
    const buffer = new Uint8Array(DATA_PREFIX_BYTES + 2).fill(0xff);
    buffer.set([1, 2], circuit.headroomBytes);
    router.send = (frame) => sent.push(frame);
    circuit.sendInPlace?.(buffer);
    circuit.send(bytes(1, 2));
    expect(sent[0]).toBe(buffer);
    const channelSequence = decodeMessage(buffer, EDGE_LIMITS).sequence;
    expect(buffer).toEqual(encodeData(id, 1, channelSequence, bytes(1, 2)));
    expect(sent[1]).toEqual(encodeData(id, 2, channelSequence + 1, bytes(1, 2)));
    expect(circuit.creditBytes).toBe(CIRCUIT_WINDOW_BYTES - 4);
    expect(() => circuit.sendInPlace?.(new Uint8Array(43))).toThrow(code('ERR_BYTES_TRUNCATED'));
  });

  it('waits for credit and is let through by it', async () => {
    const { router, circuit, id } = await join();
    const count = CIRCUIT_WINDOW_BYTES / KiB64;
    for (let i = 0; i < count; i += 1) {
      await circuit.ready(KiB64);
      circuit.send(new Uint8Array(KiB64));
    }
    expect(circuit.creditBytes).toBe(0);
    const order: string[] = [];
    const large = circuit.ready(KiB64).then(() => order.push('large'));
    const small = circuit.ready(1).then(() => order.push('small'));
    router.credit(id, 100, 1);
    await flush();
    expect(order).toEqual([]);
    router.credit(id, KiB64, 1);
    await large;
    expect(order).toEqual(['large']);
    router.credit(id, 2 * KiB64, 2);
    await small;
    expect(order).toEqual(['large', 'small']);
  });

  it('lets small records exceed the window, but not much more', async () => {
    const { circuit } = await join();
    for (let i = 0; i < (CIRCUIT_WINDOW_BYTES + SEND_SLACK_BYTES) / KiB64; i += 1)
      circuit.send(new Uint8Array(KiB64));
    expect(() => circuit.send(bytes(1))).toThrow(code('ERR_CIRCUIT_FLOW_CONTROL'));
  });

  it('counts messages as well as bytes', async () => {
    const { router, circuit, id } = await join();
    for (let i = 0; i < CIRCUIT_WINDOW_MESSAGES; i += 1) circuit.send(bytes());
    expect(circuit.creditBytes).toBe(0);
    const ready = circuit.ready(0);
    router.credit(id, 0, 1);
    await ready;
  });

  it('refuses messages and waits that can never fit', async () => {
    const { circuit } = await join();
    expect(() => circuit.send(new Uint8Array(MAX_DATA_BODY_BYTES + 1))).toThrow(
      code('ERR_CIRCUIT_MESSAGE_TOO_LARGE'),
    );
    await expect(circuit.ready(CIRCUIT_WINDOW_BYTES + 1)).rejects.toEqual(
      code('ERR_CIRCUIT_MESSAGE_TOO_LARGE'),
    );
  });

  it('closes on credit for what was never sent', async () => {
    const { router, id } = await join();
    router.credit(id, 1, 0);
    expect(errorOf(router.last(ContentType.stateClosed))).toMatchObject({
      code: 'ERR_CIRCUIT_FLOW_CONTROL',
    });
  });

  it('gives up waiting when asked to', async () => {
    const { router, circuit, id } = await join();
    for (let i = 0; i < CIRCUIT_WINDOW_BYTES / KiB64; i += 1) circuit.send(new Uint8Array(KiB64));
    const abort = new AbortController();
    const first = circuit.ready(1, abort.signal);
    const second = circuit.ready(1);
    abort.abort();
    await expect(first).rejects.toEqual(code('ERR_ABORTED'));
    await expect(circuit.ready(1, AbortSignal.abort())).rejects.toEqual(code('ERR_ABORTED'));
    router.credit(id, 10, 1);
    await second;
  });

  it('holds back while the pipe is congested, and goes on when it drained', async () => {
    const { router, clock, circuit } = await join();
    router.bufferedBytes = HIGH_WATER_BYTES;
    expect(circuit.creditBytes).toBe(0);
    const passed = vi.fn();
    const ready = circuit.ready(10).then(passed);
    clock.advance(CONGESTION_RECHECK_MS * 3);
    await flush();
    expect(passed).not.toHaveBeenCalled();
    router.bufferedBytes = 0;
    clock.advance(CONGESTION_RECHECK_MS);
    await ready;
  });
});

describe('closing', () => {
  it('tells the peer why, once, and takes nothing more', async () => {
    const { router, circuit, id } = await join();
    const onClose = vi.fn();
    circuit.onClose = onClose;
    circuit.close(ENDED);
    circuit.close();
    await flush();
    const closed = router.last(ContentType.stateClosed);
    expect(router.count(ContentType.stateClosed)).toBe(1);
    expect(closed.body.length).toBeGreaterThan(0);
    expect(errorOf(closed)).toEqual({ message: 'over', code: 'ERR_SESSION_ENDED', retryHint: 3 });
    expect(onClose).toHaveBeenCalledExactlyOnceWith(ENDED);
    expect(() => circuit.send(bytes(1))).toThrow(code('ERR_CIRCUIT_CLOSED'));
    await expect(circuit.ready(1)).rejects.toEqual(code('ERR_CIRCUIT_CLOSED'));
    expect(circuit.creditBytes).toBe(0);
    const onMessage = vi.fn();
    circuit.onMessage = onMessage;
    router.data(id, 1, bytes(1));
    expect(onMessage).not.toHaveBeenCalled();
  });

  it('learns the peer’s reason, also when asked late, and answers nothing', async () => {
    const { router, circuit, id } = await join();
    const waiting = circuit.ready(CIRCUIT_WINDOW_BYTES);
    await waiting;
    router.stateClosed(id, ENDED);
    await flush();
    const onClose = vi.fn();
    circuit.onClose = onClose;
    await flush();
    expect(onClose).toHaveBeenCalledExactlyOnceWith(ENDED);
    expect(router.count(ContentType.stateClosed)).toBe(0);
  });

  it('rejects those who wait and leaves no timer of its own', async () => {
    const { router, clock, circuit, id } = await join();
    circuit.onMessage = () => undefined;
    router.data(id, 1, bytes(1));
    const before = clock.pending;
    router.bufferedBytes = HIGH_WATER_BYTES;
    const waiting = circuit.ready(1);
    expect(clock.pending).toBe(before + 1);
    router.stateClosed(id, ENDED);
    await expect(waiting).rejects.toEqual(code('ERR_CIRCUIT_CLOSED'));
    expect(clock.pending).toBe(before - 1);
  });

  it('drops what is held when the consumer closes while it is delivered', async () => {
    const { router, circuit, id } = await join();
    router.data(id, 1, bytes(1));
    router.data(id, 2, bytes(2));
    const onMessage = vi.fn(() => circuit.close());
    circuit.onMessage = onMessage;
    await flush();
    expect(onMessage).toHaveBeenCalledTimes(1);
  });
});
