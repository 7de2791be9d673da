import {
  CIRCUIT_WINDOW_BYTES,
  CIRCUIT_WINDOW_MESSAGES,
  ENFORCE_SLACK_BYTES,
  ENFORCE_SLACK_MESSAGES,
} from '@postern/shared/protocol/edge';
import { describe, expect, it } from 'vitest';
import { FakeFrameSocket } from '../../../test/harness/router-frame-socket.ts';
import { Peer } from '../net/peer.ts';
import { RouterCircuit } from './circuit.ts';
import { Leg } from './leg.ts';

const subject = { circuitId: 'c', serviceId: 's', callerId: 'i', sessionId: 'x' };
const options = { accepting: true, nowMs: 0, maxQueuedBytes: 1 };

function leg(kind: 'client' | 'link' = 'client'): Leg {
  const circuit = new RouterCircuit(subject, true, () => undefined);
  return new Leg(circuit, new Peer(kind, 'p', new FakeFrameSocket(), options), 1);
}

const ALL_BYTES = CIRCUIT_WINDOW_BYTES + ENFORCE_SLACK_BYTES;

describe('credit enforcement', () => {
  it('allows the window and its tolerance, and not a byte more', () => {
    const end = leg();
    expect(end.countSent(ALL_BYTES)).toBe(true);
    expect(end.countSent(1)).toBe(false);
  });

  it('allows as much again once it is covered', () => {
    const end = leg();
    end.countSent(ALL_BYTES);
    end.cover({ totalBytes: ALL_BYTES, sequence: 1 });
    expect(end.countSent(ALL_BYTES)).toBe(true);
    expect(end.countSent(1)).toBe(false);
  });

  it('refuses credit for what was never sent', () => {
    const end = leg();
    end.countSent(10);
    const refused = expect.objectContaining({ code: 'ERR_CIRCUIT_FLOW_CONTROL' }) as Error;
    expect(() => end.cover({ totalBytes: 11, sequence: 1 })).toThrow(refused);
    expect(() => end.cover({ totalBytes: 10, sequence: 2 })).toThrow(refused);
    end.cover({ totalBytes: 10, sequence: 1 });
  });

  it('counts messages too, and treats empty ones as a breach', () => {
    const end = leg();
    for (let i = 0; i < CIRCUIT_WINDOW_MESSAGES + ENFORCE_SLACK_MESSAGES; i++) end.countSent(1);
    expect(end.countSent(1)).toBe(false);
    expect(leg().countSent(0)).toBe(false);
    expect(leg().countSent(-4)).toBe(false);
  });

  it('relays only credit that says something new', () => {
    const end = leg();
    expect([0, 10, 10, 9, 11].map((total) => end.grants(total))).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('knows which legs are ends', () => {
    expect(leg('client').isEnd).toBe(true);
    expect(leg('link').isEnd).toBe(false);
  });
});
