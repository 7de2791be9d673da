import {
  ContentType,
  EDGE_LIMITS,
  HeaderKey,
  MessageHeaders,
  decodeMessage,
  type Message,
} from '@postern/shared/protocol/channel';
import { describe, expect, it, vi } from 'vitest';
import { FakeFrameSocket } from '../../../test/harness/router-frame-socket.ts';
import { RouterCircuit } from '../circuits/circuit.ts';
import { Leg } from '../circuits/leg.ts';
import { ACCEPTOR_LABELS_FROM, Peer } from './peer.ts';

const subject = { circuitId: 'c', serviceId: 's', callerId: 'i', sessionId: 'x' };

function newPeer(accepting = true): { peer: Peer; socket: FakeFrameSocket } {
  const socket = new FakeFrameSocket();
  return {
    socket,
    peer: new Peer('link', 'p', socket, { accepting, nowMs: 0, maxQueuedBytes: 100 }),
  };
}

const sentMessage = (socket: FakeFrameSocket, index: number): Message =>
  decodeMessage(socket.sent[index]!, EDGE_LIMITS);

const replyTo = (sequence: number): Message => ({
  contentType: ContentType.result,
  sequence: 1,
  headers: new MessageHeaders().setI32(HeaderKey.replyFor, sequence),
  body: new Uint8Array(0),
});

describe('labels', () => {
  it('come from the half of the side that gives them', () => {
    const accepting = newPeer(true).peer;
    const dialing = newPeer(false).peer;
    expect(accepting.allocateLabel()).toBe(ACCEPTOR_LABELS_FROM);
    expect(dialing.allocateLabel()).toBe(1);
    expect([accepting.isPeerLabel(1), accepting.isPeerLabel(ACCEPTOR_LABELS_FROM)]).toEqual([
      true,
      false,
    ]);
    expect([dialing.isPeerLabel(1), dialing.isPeerLabel(ACCEPTOR_LABELS_FROM)]).toEqual([
      false,
      true,
    ]);
  });

  it('skip those in use and are not given again soon', () => {
    const { peer } = newPeer(false);
    const circuit = new RouterCircuit(subject, true, () => undefined);
    peer.legs.set(2, new Leg(circuit, peer, 2));
    expect([peer.allocateLabel(), peer.allocateLabel()]).toEqual([1, 3]);
    peer.legs.clear();
    expect(peer.allocateLabel()).toBe(4);
  });
});

describe('requests', () => {
  it('are answered once, by the reply that names them', () => {
    const { peer, socket } = newPeer();
    const answer = vi.fn();
    peer.request(ContentType.dial, new MessageHeaders(), undefined, 10, answer);
    const { sequence } = sentMessage(socket, 0);
    expect(peer.settle(replyTo(sequence + 1))).toBe(false);
    expect(peer.settle(replyTo(sequence))).toBe(true);
    expect(peer.settle(replyTo(sequence))).toBe(false);
    peer.expireRequests(20);
    peer.failRequests();
    expect(answer).toHaveBeenCalledTimes(1);
  });

  it('fail when due, and all when the connection is lost', () => {
    const { peer } = newPeer();
    const due = vi.fn();
    const later = vi.fn();
    peer.request(ContentType.dial, new MessageHeaders(), undefined, 10, due);
    peer.request(ContentType.dial, new MessageHeaders(), undefined, 30, later);
    peer.expireRequests(10);
    expect([due.mock.calls, later.mock.calls]).toEqual([[[undefined]], []]);
    peer.failRequests();
    expect(later.mock.calls).toEqual([[undefined]]);
    const after = vi.fn();
    peer.request(ContentType.dial, new MessageHeaders(), undefined, 99, after);
    expect(after).toHaveBeenCalledWith(undefined);
  });
});

describe('a peer that does not read', () => {
  it('is cut off instead of being answered without bound', () => {
    const { peer, socket } = newPeer();
    socket.bufferedBytes = 101;
    peer.sendMessage(ContentType.result, new MessageHeaders());
    expect([socket.isClosed, socket.sent.length]).toEqual([true, 0]);
  });
});

it('replies name the request and copy its trace id', () => {
  const { peer, socket } = newPeer();
  const trace = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const headers = new MessageHeaders().setBytes(HeaderKey.uuid, trace);
  peer.answerLatency({
    contentType: ContentType.latency,
    sequence: 7,
    headers,
    body: new Uint8Array(0),
  });
  const reply = sentMessage(socket, 0);
  expect(reply.headers.i32(HeaderKey.replyFor)).toBe(7);
  expect(reply.headers.bool(HeaderKey.success)).toBe(true);
  expect([...reply.headers.bytes(HeaderKey.uuid)!]).toEqual([...trace]);
});
