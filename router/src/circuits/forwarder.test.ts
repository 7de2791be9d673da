import {
  ContentType,
  encodeCredit,
  encodeData,
  peekConnectionId,
  peekContentType,
} from '@postern/shared/protocol/channel';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeFrameSocket } from '../../../test/harness/router-frame-socket.ts';
import { routerLimitsSchema } from '../config.ts';
import { BufferBudget } from '../net/buffer-budget.ts';
import { Peer, type PeerKind } from '../net/peer.ts';
import { CircuitTable } from './circuit-table.ts';
import type { RouterCircuit } from './circuit.ts';
import { Forwarder } from './forwarder.ts';

const limits = routerLimitsSchema.parse({ bufferedBytes: 1000, bufferedBytesPerPeer: 500 });
const subject = { circuitId: 'c', serviceId: 's', callerId: 'i', sessionId: 'x' };
const LABEL = 5;

let codes: string[];
let table: CircuitTable;
let budget: BufferBudget;
let forwarder: Forwarder;
/** Kinds of peer that give credits. */
type OwnKind = Exclude<PeerKind, 'sdk'>;
let sockets: Record<OwnKind, FakeFrameSocket>;
let peers: Record<OwnKind, Peer>;

beforeEach(() => {
  codes = [];
  table = new CircuitTable({ opened: () => undefined, closed: (_, why) => codes.push(why.code) });
  budget = new BufferBudget(limits.bufferedBytes);
  forwarder = new Forwarder(table, budget, limits);
  sockets = {
    client: new FakeFrameSocket(),
    host: new FakeFrameSocket(),
    link: new FakeFrameSocket(),
  };
  const options = { accepting: true, nowMs: 0, maxQueuedBytes: 1e9 };
  peers = {
    client: new Peer('client', 'i', sockets.client, options),
    host: new Peer('host', 'h', sockets.host, options),
    link: new Peer('link', 'r', sockets.link, options),
  };
});

function join(to: OwnKind = 'host'): RouterCircuit {
  const circuit = table.begin(subject, peers.client, LABEL, true, () => undefined);
  table.extend(circuit, peers[to]);
  table.join(circuit);
  return circuit;
}

describe('Forwarder', () => {
  it('rewrites the label in place and hands the very frame on, both ways', () => {
    const circuit = join();
    const label = circuit.downstream!.label;
    const frame = encodeData(LABEL, 1, 1, Uint8Array.of(1, 2, 3));
    forwarder.data(peers.client, frame);
    expect(sockets.host.sent[0]).toBe(frame);
    expect(peekConnectionId(frame)).toBe(label);
    const back = encodeData(label, 1, 1, Uint8Array.of(4));
    forwarder.data(peers.host, back);
    expect(sockets.client.sent[0]).toBe(back);
    expect(peekConnectionId(back)).toBe(LABEL);
    expect([circuit.bytesToHost, circuit.bytesToClient]).toEqual([3, 1]);
  });

  it('drops frames for labels that are gone', () => {
    forwarder.data(peers.client, encodeData(LABEL, 1, 1, Uint8Array.of(1)));
    forwarder.credit(peers.client, encodeCredit(LABEL, 1, 1, 1));
    expect([sockets.client.sent, sockets.host.sent]).toEqual([[], []]);
  });

  it('closes a circuit on data before it was joined', () => {
    table.begin(subject, peers.client, LABEL, true, () => undefined);
    forwarder.data(peers.client, encodeData(LABEL, 1, 1, Uint8Array.of(1)));
    expect(codes).toEqual(['ERR_CIRCUIT_FLOW_CONTROL']);
    expect(table.size).toBe(0);
  });

  it('copies small frames out of their chunk once there is a backlog', () => {
    join();
    sockets.host.bufferedBytes = 100_000;
    const frame = encodeData(LABEL, 1, 1, Uint8Array.of(1));
    forwarder.data(peers.client, frame);
    expect(sockets.host.sent[0]).not.toBe(frame);
    expect(sockets.host.sent[0]).toEqual(frame);
  });

  it('relays credit once, and checks it against what was sent', () => {
    const label = join().downstream!.label;
    forwarder.data(peers.client, encodeData(LABEL, 1, 1, new Uint8Array(100)));
    forwarder.credit(peers.host, encodeCredit(label, 100, 1, 1));
    forwarder.credit(peers.host, encodeCredit(label, 100, 1, 2));
    expect(sockets.client.sent.map(peekContentType)).toEqual([ContentType.circuitCredit]);
    forwarder.credit(peers.host, encodeCredit(label, 101, 1, 3));
    expect(codes).toEqual(['ERR_CIRCUIT_FLOW_CONTROL']);
  });

  it('closes circuits that would grow a client’s backlog beyond its limit', () => {
    const label = join().downstream!.label;
    sockets.client.bufferedBytes = limits.bufferedBytesPerPeer + 1;
    forwarder.data(peers.host, encodeData(label, 1, 1, Uint8Array.of(1)));
    expect(codes).toEqual(['ERR_ROUTER_OVERLOADED']);
  });

  it('ends at the limit of the total what clients do not read, and spares those that do', () => {
    const label = join().downstream!.label;
    const share = limits.bufferedBytes / 100;
    for (let i = 0; i < 100; i += 1) budget.adjust(0, share);
    sockets.client.bufferedBytes = share / 2;
    forwarder.data(peers.host, encodeData(label, 1, 1, Uint8Array.of(1)));
    expect(codes).toEqual([]);
    sockets.client.bufferedBytes = share + 1;
    forwarder.data(peers.host, encodeData(label, 2, 2, Uint8Array.of(1)));
    expect(codes).toEqual(['ERR_ROUTER_OVERLOADED']);
  });

  it('spares circuits without a backlog when the total is far exceeded', () => {
    join();
    budget.adjust(0, 3 * limits.bufferedBytes);
    forwarder.data(peers.client, encodeData(LABEL, 1, 1, Uint8Array.of(1)));
    expect(codes).toEqual([]);
    sockets.host.bufferedBytes = 5 * 1024 * 1024;
    forwarder.data(peers.client, encodeData(LABEL, 2, 2, Uint8Array.of(1)));
    expect(codes).toEqual(['ERR_ROUTER_OVERLOADED']);
  });

  it('does not enforce windows on links: that is done beside the ends', () => {
    const label = join('link').downstream!.label;
    for (let i = 1; i <= 80; i++) {
      forwarder.data(peers.link, encodeData(label, i, i, new Uint8Array(65_000)));
    }
    expect(codes).toEqual([]);
  });
});

describe('CircuitTable', () => {
  it('sends StateClosed to both ends, after what was queued, and forgets the labels', () => {
    const circuit = join();
    forwarder.data(peers.client, encodeData(LABEL, 1, 1, Uint8Array.of(1)));
    table.close(circuit, { code: 'ERR_ACCESS_REMOVED', message: 'gone', retryable: false });
    table.close(circuit, { code: 'OK', message: 'again', retryable: false });
    expect(sockets.host.sent.map(peekContentType)).toEqual([
      ContentType.data,
      ContentType.stateClosed,
    ]);
    expect(sockets.client.sent.map(peekContentType)).toEqual([ContentType.stateClosed]);
    expect([peers.client.legs.size, peers.host.legs.size, codes]).toEqual([
      0,
      0,
      ['ERR_ACCESS_REMOVED'],
    ]);
  });

  it('does not answer the end that closed, and refuses a circuit still opening', () => {
    const circuit = join();
    table.close(circuit, { code: 'OK', message: 'bye', retryable: true }, circuit.upstream);
    expect([sockets.client.sent.length, sockets.host.sent.length]).toEqual([0, 1]);
    const refused: string[] = [];
    const opening = table.begin(subject, peers.client, LABEL, true, (why) =>
      refused.push(why.code),
    );
    table.close(opening, { code: 'ERR_NO_PATH', message: '', retryable: true });
    expect([refused, sockets.client.sent.length]).toEqual([['ERR_NO_PATH'], 0]);
  });

  it('closes all circuits of a lost connection', () => {
    join();
    table.dropPeer(peers.host);
    expect(codes).toEqual(['ERR_CIRCUIT_LOST']);
    expect(sockets.client.sent.map(peekContentType)).toEqual([ContentType.stateClosed]);
    expect(sockets.host.sent).toEqual([]);
  });
});
