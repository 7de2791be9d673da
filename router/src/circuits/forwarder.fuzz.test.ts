import { encodeCredit, encodeData, peekConnectionId } from '@postern/shared/protocol/channel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeFrameSocket } from '../../../test/harness/router-frame-socket.ts';
import { routerLimitsSchema } from '../config.ts';
import { BufferBudget } from '../net/buffer-budget.ts';
import { Peer, type PeerKind } from '../net/peer.ts';
import { CircuitTable } from './circuit-table.ts';
import { Forwarder } from './forwarder.ts';

const CIRCUITS = 4;
const limits = routerLimitsSchema.parse({});

/** A client with some circuits: to a host and over a link, in turn. */
function createWorld() {
  const table = new CircuitTable({ opened: () => undefined, closed: () => undefined });
  const forwarder = new Forwarder(table, new BufferBudget(limits.bufferedBytes), limits);
  const peerOf = (kind: PeerKind) => {
    const socket = new FakeFrameSocket();
    const options = { accepting: kind === 'client', nowMs: 0, maxQueuedBytes: 1e9 };
    return { socket, peer: new Peer(kind, kind, socket, options) };
  };
  const peers = [peerOf('client'), peerOf('host'), peerOf('link')] as const;
  for (let i = 1; i <= CIRCUITS; i += 1) {
    const subject = { circuitId: `c${i}`, serviceId: 's', callerId: 'i', sessionId: 'x' };
    const circuit = table.begin(subject, peers[0].peer, i, true, () => undefined);
    table.extend(circuit, peers[1 + (i % 2)]!.peer);
    table.join(circuit);
  }
  return { table, forwarder, peers };
}

const label = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const frame = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(label, fc.nat(9), fc.nat(70_000))
      .map(([id, sequence, length]) => encodeData(id, sequence, 1, new Uint8Array(length))),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(label, fc.nat(200_000), fc.nat(9))
      .map(([id, bytes, sequence]) => encodeCredit(id, bytes, sequence, 1)),
  },
);
/** A frame within the limits of the channel, one of whose header bytes may be wrong. */
const step = fc.record({
  from: fc.nat(2),
  asCredit: fc.boolean(),
  frame,
  flip: fc.option(fc.tuple(fc.integer({ min: 20, max: 43 }), fc.integer({ min: 1, max: 255 }))),
});

it('any frames lead to labels of open circuits only, and never out of the tables', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { table, forwarder, peers } = createWorld();
      for (const { from, asCredit, frame, flip } of steps) {
        const bytes = frame.slice();
        if (flip) bytes[flip[0]] = (bytes[flip[0]] as number) ^ flip[1];
        const { peer } = peers[from]!;
        const before = new Map([...peer.legs].map(([id, leg]) => [id, leg.circuit]));
        const sent = peers.map(({ socket }) => socket.sent.length);
        const received = orUndefined(() => peekConnectionId(bytes));
        try {
          if (asCredit) forwarder.credit(peer, bytes);
          else forwarder.data(peer, bytes);
        } catch (error) {
          // The connection is closed for a frame whose headers don't fit.
          expect(error).toMatchObject({ code: 'ERR_CHANNEL_HEADER' });
        }
        const circuit = received === undefined ? undefined : before.get(received);
        peers.forEach(({ socket, peer: to }, i) => {
          for (const out of socket.sent.slice(sent[i])) {
            const leg = [circuit?.upstream, circuit?.downstream].find((each) => each?.peer === to);
            // Of a circuit that was closed the leg towards the host is gone.
            if (circuit?.state === 'open') expect(peekConnectionId(out)).toBe(leg?.label);
            else expect(circuit?.state).toBe('closed');
          }
        });
        const legs = peers.reduce((sum, { peer: each }) => sum + each.legs.size, 0);
        expect(legs).toBe(2 * table.size);
      }
    }),
    { numRuns: 300 },
  );
});

function orUndefined(peek: () => number | undefined): number | undefined {
  try {
    return peek();
  } catch {
    return undefined;
  }
}
