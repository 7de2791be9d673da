import {
  ContentType,
  EDGE_LIMITS,
  HeaderKey,
  MessageHeaders,
  decodeMessage,
} from '@postern/shared/protocol/channel';
import { expect, it } from 'vitest';
import { FakeFrameSocket } from '../../../test/harness/router-frame-socket.ts';
import { routerLimitsSchema } from '../config.ts';
import { Peer } from './peer.ts';
import { PeerRegistry } from './peer-registry.ts';

const limits = routerLimitsSchema.parse({});

function createWorld() {
  let nowMs = 1_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, setTimer: () => () => undefined };
  const registry = new PeerRegistry(limits, clock as never);
  const socket = new FakeFrameSocket();
  const peer = new Peer('client', 'ann', socket, { accepting: true, nowMs, maxQueuedBytes: 1e6 });
  let cause: unknown;
  socket.onClose = (why) => (cause = why);
  registry.add(peer);
  return {
    ...{ registry, peer, socket },
    cause: () => cause,
    /** Time goes on while the client sends something each second, but for answers. */
    pass: (ms: number): void => {
      for (const endMs = nowMs + ms; nowMs < endMs;) {
        nowMs += 1_000;
        peer.lastReceivedMs = nowMs;
        registry.sweep();
      }
    },
    questions: () =>
      socket.sent
        .map((frame) => decodeMessage(frame, EDGE_LIMITS))
        .filter(({ contentType }) => contentType === ContentType.latency),
  };
}

it('cuts a client that sends but reads nothing', () => {
  const { pass, questions, socket, cause } = createWorld();
  pass(limits.pingAfterMs);
  expect(questions()).toHaveLength(1);
  pass(limits.deadAfterMs - 1_000);
  expect([socket.isClosed, questions().length]).toEqual([false, 1]);
  pass(1_000);
  expect(cause()).toMatchObject({ code: 'ERR_PEER_STALLED' });
});

it('asks one that answers again and again', () => {
  const { pass, questions, peer, socket } = createWorld();
  for (let asked = 1; asked <= 5; asked += 1) {
    pass(limits.pingAfterMs);
    expect(questions()).toHaveLength(asked);
    const headers = new MessageHeaders().setI32(HeaderKey.replyFor, questions().at(-1)!.sequence);
    expect(
      peer.settle({
        contentType: ContentType.result,
        sequence: 1,
        headers,
        body: new Uint8Array(),
      }),
    ).toBe(true);
  }
  expect(socket.isClosed).toBe(false);
});
