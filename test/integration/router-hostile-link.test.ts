/**
 * A router that turned against the others (threat model, "Compromised router"): what it invents on a link is
 * refused by the next router, and what it does to circuits of others it cannot even name.
 */
import { ContentType, encodeCredit, encodeData, HeaderKey } from '@postern/shared/protocol/channel';
import type { Circuit } from '@postern/shared/protocol/edge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostileLink, type RouteRequest } from '../harness/hostile-link.ts';
import { HOST, RouterNetwork, SERVICE, SESSION, USER } from '../harness/router-network.ts';

let network: RouterNetwork;
let link: HostileLink;
let honest: RouteRequest;
/** Circuits that reached the host. */
let hosted: Circuit[];

beforeEach(async () => {
  network = await RouterNetwork.create();
  hosted = [];
  await network.startRouter('r1');
  await network.startHost('r1', (circuit) => {
    hosted.push(circuit);
    circuit.onMessage = (message) => {
      circuit.send(message.slice());
    };
  });
  link = await HostileLink.open(network, 'r0', 'r1');
  const [terminator] = network.controller.all('terminator');
  honest = {
    circuitId: 'circuit-1',
    serviceId: SERVICE,
    terminatorId: terminator?.id ?? '',
    callerId: USER,
    sessionId: SESSION,
    path: [],
  };
});
afterEach(async () => {
  link.destroy();
  await network.close();
});

describe('a hostile router', () => {
  it.each([
    ['a caller that is nobody', { callerId: 'nobody' }, 'ERR_IDENTITY_DISABLED'],
    ['a caller who may only host', { callerId: HOST }, 'ERR_ACCESS_NO_POLICY'],
    ['a service that is none', { serviceId: 'none' }, 'ERR_ACCESS_NO_POLICY'],
    ['a terminator that is none', { terminatorId: 'none' }, 'ERR_SERVICE_NOT_HOSTED'],
    ['a way over a router that is none', { path: ['none'] }, 'ERR_NO_PATH'],
    ['a way back to itself', { path: ['r1'] }, 'ERR_NO_PATH'],
  ])('opens nothing by inventing %s', async (_, invented, code) => {
    expect(await link.route(1, { ...honest, ...invented })).toBe(code);
    expect(hosted).toEqual([]);
  });

  it('opens nothing for a session that has ended', async () => {
    network.controller.put('revocation', { id: SESSION, expiresAtMs: Date.now() + 60_000 });
    await network.inSync();
    expect(await link.route(1, honest)).toBe('ERR_SESSION_ENDED');
    expect(hosted).toEqual([]);
  });

  it('gets as far as the host with what policy allows, where the handshake asks for a grant', async () => {
    expect(await link.route(1, honest)).toBeUndefined();
    expect(hosted).toHaveLength(1);
  });

  it('cannot open a circuit twice, nor under a label in use', async () => {
    expect(await link.route(1, honest)).toBeUndefined();
    expect(await link.route(2, honest)).toBe('ERR_NO_PATH');
    void link.route(1, { ...honest, circuitId: 'circuit-2' });
    await link.closed;
    expect(hosted).toHaveLength(1);
  });

  it('reaches no circuit of others, whatever labels it names', async () => {
    const { edge } = await network.browser('r1');
    const circuit = await edge.dial(await network.dialGrant());
    const ended: string[] = [];
    circuit.onClose = ({ code }) => void ended.push(code);
    for (const label of [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff]) {
      link.write(encodeData(label, 1, 1, Uint8Array.of(66)));
      link.write(encodeCredit(label, 1_000_000, 1, 2));
    }
    // Behind all of it on the same link: when this is answered, the rest was looked at.
    expect(await link.route(5, honest)).toBeUndefined();
    const answer = new Promise<number[]>((resolve) => {
      circuit.onMessage = (message) => {
        resolve([...message]);
      };
    });
    circuit.send(Uint8Array.of(1, 2, 3));
    expect(await answer).toEqual([1, 2, 3]);
    expect(ended).toEqual([]);
  });

  it.each([
    ['nothing of it', []],
    ['the same twice', [1, 1]],
    ['the second first', [2, 1]],
  ])('that hands on %s of what it was given is noticed at the end', async (_, sequences) => {
    expect(await link.route(1, honest)).toBeUndefined();
    const [circuit] = hosted;
    const messages: number[] = [];
    const ended = new Promise<string>((resolve) => {
      if (circuit === undefined) return;
      circuit.onMessage = (message) => void messages.push(...message);
      circuit.onClose = ({ code }) => resolve(code);
    });
    for (const sequence of sequences)
      link.write(encodeData(1, sequence, sequence, Uint8Array.of(sequence)));
    if (sequences.length === 0) link.destroy();
    expect(await ended).toBe('ERR_CIRCUIT_LOST');
    expect(messages).toEqual(sequences[0] === 1 ? [1] : []);
  });

  it('that sends more than a window on a link is stopped where windows are known', async () => {
    expect(await link.route(1, honest)).toBeUndefined();
    const [circuit] = hosted;
    const ended = new Promise<string>((resolve) => {
      if (circuit === undefined) return;
      circuit.onMessage = () => new Promise<void>(() => undefined);
      circuit.onClose = ({ code }) => resolve(code);
    });
    for (let i = 1; i <= 80; i += 1) link.write(encodeData(1, i, i, new Uint8Array(65_000)));
    expect(await ended).toBe('ERR_CIRCUIT_FLOW_CONTROL');
    const closed = await link.next(
      ({ contentType, headers }) =>
        contentType === ContentType.stateClosed && headers.u32(HeaderKey.connId) === 1,
    );
    expect(closed).toBeDefined();
  });
});
