import {
  ContentType,
  EDGE_LIMITS,
  HeaderKey,
  MessageHeaders,
  decodeMessage,
} from '@postern/shared/protocol/channel';
import { expect, it } from 'vitest';
import { FakeFrameSocket } from '../../../test/harness/router-frame-socket.ts';
import { RouterCircuit } from '../circuits/circuit.ts';
import { Leg } from '../circuits/leg.ts';
import { routerLimitsSchema } from '../config.ts';
import { Peer } from './peer.ts';
import { PeerRegistry } from './peer-registry.ts';

const limits = routerLimitsSchema.parse({});
const subject = { circuitId: 'c', serviceId: 's', callerId: 'i', sessionId: 'x' };

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
    newLeg: () => {
      const leg = new Leg(new RouterCircuit(subject, true, () => undefined), peer, 1);
      peer.legs.set(1, leg);
      return leg;
    },
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

it('cuts one that has something to read and reads nothing, sooner when much is unread', () => {
  const some = createWorld();
  some.newLeg().countForwarded(1);
  some.pass(limits.readStallMs - 1_000);
  expect(some.socket.isClosed).toBe(false);
  some.pass(1_000);
  expect(some.cause()).toMatchObject({ code: 'ERR_PEER_STALLED' });

  const much = createWorld();
  much.newLeg().countForwarded(limits.unreadBytes + 1);
  much.pass(limits.hurriedReadStallMs);
  expect(much.cause()).toMatchObject({ code: 'ERR_PEER_STALLED' });
});

it('lets one be that reads slowly, or has nothing to read', () => {
  const { pass, newLeg, socket, questions, peer } = createWorld();
  const leg = newLeg();
  leg.countForwarded(limits.unreadBytes + 100);
  for (let second = 1; second <= 100; second += 1) {
    pass(1_000);
    leg.grants(second);
    const asked = questions().at(-1);
    if (asked === undefined) continue;
    const headers = new MessageHeaders().setI32(HeaderKey.replyFor, asked.sequence);
    peer.settle({ contentType: ContentType.result, sequence: 1, headers, body: new Uint8Array() });
  }
  leg.grants(limits.unreadBytes + 100);
  expect(leg.unreadBytes).toBe(0);
  pass(limits.readStallMs + 1_000);
  expect(socket.isClosed).toBe(false);
});
