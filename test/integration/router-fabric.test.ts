import { connect as tcpConnect, type Socket } from 'node:net';
import type { Circuit, CloseReason, EdgeConnection } from '@postern/shared/protocol/edge';
import type { AppError } from '@postern/shared/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { routerLimitsSchema } from '@postern/router';
import { RouterNetwork } from '../harness/router-network.ts';
import { sendPattern } from '../harness/router-peers.ts';
import { startTcpProxy } from '../harness/router-tcp-proxy.ts';

let network: RouterNetwork;
beforeEach(async () => {
  network = await RouterNetwork.create();
});
afterEach(() => network.close());

const idle = (): void => undefined;
const closed = (circuit: Circuit): Promise<CloseReason> =>
  new Promise((resolve) => (circuit.onClose = resolve));
const echo = (circuit: Circuit): void => {
  circuit.onMessage = async (message) => {
    await circuit.ready(message.length);
    circuit.send(message.slice());
  };
};

async function roundTrip(circuit: Circuit): Promise<void> {
  const answer = new Promise<number[]>((resolve) => (circuit.onMessage = (m) => resolve([...m])));
  circuit.send(Uint8Array.of(1, 2, 3));
  expect(await answer).toEqual([1, 2, 3]);
}

async function dial(routerId: string): Promise<Circuit> {
  const { edge } = await network.browser(routerId);
  return edge.dial(await network.dialGrant());
}

/** The path of the circuit as its first router reported it. */
async function pathOf(circuit: Circuit): Promise<readonly string[]> {
  const find = () =>
    network.controller.circuitEvents.find(({ circuitId }) => circuitId === circuit.circuitId);
  await network.controller.changed.until(() => find() !== undefined, 'circuit event');
  return find()?.path ?? [];
}

describe('three routers', () => {
  it('reach a host over the one that accepts links, when two accept none', async () => {
    // Neither end accepts links, so that both can only dial the middle.
    await network.startRouter('m', { edge: undefined });
    await network.startRouter('x', { fabric: undefined });
    await network.startRouter('y', { fabric: undefined });
    await Promise.all([network.linked('m', 'x'), network.linked('m', 'y')]);
    expect(network.hasLink('x', 'y')).toBe(false);
    expect(network.router('m').edgeUrls).toEqual([]);
    await network.startHost('m', echo);
    for (const first of ['x', 'y']) {
      const circuit = await dial(first);
      await roundTrip(circuit);
      expect(await pathOf(circuit)).toEqual([first, 'm']);
    }
  });

  it('carry bytes through a dark router that dialed both others, which cannot reach each other', async () => {
    const toX = await startTcpProxy();
    const listen = { host: '127.0.0.1', port: 0 };
    const x = await network.startRouter('x', { fabric: { ...listen, advertise: toX.address } });
    toX.target = x.fabricPort;
    await network.startRouter('m', { edge: undefined, fabric: undefined });
    await network.linked('m', 'x');
    // From here on nobody reaches x anew: h, whose id is smaller, would dial it.
    toX.refuse();
    await network.startRouter('h');
    await network.linked('m', 'h');
    await network.startHost('h', echo);
    const circuit = await dial('x');
    await roundTrip(circuit);
    expect(network.hasLink('x', 'h')).toBe(false);
    expect(await pathOf(circuit)).toEqual(['x', 'm', 'h']);
    toX.cut();
  });

  it('carry bytes through a middle hop that is neither first nor last, and tell both ends when it dies', async () => {
    const ends = await chain();
    const circuit = await dial('x');
    await roundTrip(circuit);
    expect(await pathOf(circuit)).toEqual(['x', 'm', 'h']);
    const ended = closed(circuit);
    await network.router('m').close();
    expect((await ended).code).toBe('ERR_CIRCUIT_LOST');
    expect((await ends.atHost).code).toBe('ERR_CIRCUIT_LOST');
  });

  it('are named by a traceroute, nearest first, with the host at its end', async () => {
    await chain();
    const { edge } = await network.browser('x');
    const circuit = await edge.dial(await network.dialGrant());
    await roundTrip(circuit);
    const hops = await edge.traceRoute(circuit.circuitId, AbortSignal.timeout(10_000));
    expect(hops.map(({ kind, id }) => [kind, id])).toEqual([
      ['router', 'x'],
      ['router', 'm'],
      ['router', 'h'],
      ['host', ''],
    ]);
    for (const { roundTripMs } of hops) expect(roundTripMs).toBeGreaterThanOrEqual(0);
    await expect(edge.traceRoute('another', AbortSignal.timeout(10))).rejects.toMatchObject({
      code: 'ERR_CIRCUIT_CLOSED',
    });
    // The circuit goes on as before.
    await roundTrip(circuit);
  });

  it('answer no more traceroutes than one client needs, and keep its circuit', async () => {
    await chain();
    const { edge } = await network.browser('x');
    const circuit = await edge.dial(await network.dialGrant());
    const signal = AbortSignal.timeout(3_000);
    const looks = Array.from({ length: 20 }, () => edge.traceRoute(circuit.circuitId, signal));
    const answered = (await Promise.all(looks)).reduce((sum, hops) => sum + hops.length, 0);
    expect(answered).toBeGreaterThanOrEqual(20);
    expect(answered).toBeLessThan(80);
    await roundTrip(circuit);
  });

  it('avoid a router that may not be in the middle', async () => {
    await chain();
    const router = network.controller.all('router').find(({ id }) => id === 'm')!;
    network.controller.put('router', { ...router, noTraversal: true });
    await network.inSync();
    await expect(dial('x')).rejects.toMatchObject({ code: 'ERR_NO_PATH' });
  });

  it('avoid a link that one of its ends made dear', async () => {
    await network.startRouter('a', { links: { cost: 500 } });
    await network.startRouter('z');
    await network.startRouter('m');
    // Every link of a is dear; m and z are as near as ever.
    await Promise.all([
      network.linked('a', 'z'),
      network.linked('a', 'm'),
      network.linked('m', 'z'),
    ]);
    const costOf = (from: string, to: string) =>
      network.controller
        .all('router')
        .find(({ id }) => id === from)
        ?.links.find(({ peerId }) => peerId === to)?.staticCost;
    expect([costOf('a', 'z'), costOf('z', 'a'), costOf('m', 'z')]).toEqual([500, 500, undefined]);
    await network.startHost('a', echo);
    await network.startHost('m', echo);
    const circuit = await dial('z');
    expect(await pathOf(circuit)).toEqual(['z', 'm']);
  });

  it('move circuits to a better way, a few a cycle, and only those whose ends can resume', async () => {
    const cycle = { rerouteCycleMs: 100, reroutesPerCycle: 2 };
    await network.startRouter('in', { limits: cycle, links: { groups: ['west'] } });
    for (const id of ['m', 'n']) {
      await network.startRouter(id, { edge: undefined, links: { groups: ['west', 'east'] } });
    }
    await network.startRouter('out', { links: { groups: ['east'] } });
    await Promise.all(
      ['m', 'n'].flatMap((id) => [network.linked('in', id), network.linked(id, 'out')]),
    );
    await network.startHost('out', echo);
    const setCost = async (id: string, cost: number): Promise<void> => {
      const router = network.controller.all('router').find((candidate) => candidate.id === id)!;
      network.controller.put('router', { ...router, cost });
      await network.inSync();
    };
    await setCost('n', 1_000);
    const { edge } = await network.browser('in');
    const grant = await network.dialGrant();
    const fixed = await edge.dial(grant);
    const movable = await Promise.all(
      Array.from({ length: 5 }, () => edge.dial(grant, { movable: true })),
    );
    expect(await pathOf(fixed)).toEqual(['in', 'm', 'out']);
    const ends = movable.map((circuit) => closed(circuit).then(({ code }) => code));
    await setCost('m', 5_000);
    expect(new Set(await Promise.all(ends))).toEqual(new Set(['ERR_CIRCUIT_MOVED']));
    await roundTrip(fixed);
    expect(await pathOf(await edge.dial(grant, { movable: true }))).toEqual(['in', 'n', 'out']);
  });

  it('link only with routers that have a group of links in common', async () => {
    await network.startRouter('a', { links: { groups: ['west'] } });
    await network.startRouter('b', { links: { groups: ['east', 'west'] } });
    await network.startRouter('c', { links: { groups: ['east'] } });
    await Promise.all([network.linked('a', 'b'), network.linked('b', 'c')]);
    await network.startHost('c', echo);
    const circuit = await dial('a');
    await roundTrip(circuit);
    expect(await pathOf(circuit)).toEqual(['a', 'b', 'c']);
    expect([network.hasLink('a', 'c'), network.hasLink('c', 'a')]).toEqual([false, false]);
  });

  it('take the cheaper of two ways, and the other when that one is lost', async () => {
    await chain();
    await network.startRouter('n', { edge: undefined });
    await Promise.all([network.linked('n', 'x'), network.linked('n', 'h')]);
    const setCost = (id: string, cost: number): void => {
      const router = network.controller.all('router').find((candidate) => candidate.id === id)!;
      network.controller.put('router', { ...router, cost });
    };
    for (const [dear, cheap] of [
      ['m', 'n'],
      ['n', 'm'],
    ] as const) {
      setCost(dear, 10_000);
      setCost(cheap, 0);
      await network.inSync();
      expect(await pathOf(await dial('x'))).toEqual(['x', cheap, 'h']);
    }
    await network.router('m').close();
    await network.controller.changed.until(() => !network.hasLink('x', 'm'), 'link lost');
    const circuit = await dial('x');
    await roundTrip(circuit);
    expect(await pathOf(circuit)).toEqual(['x', 'n', 'h']);
  });

  /** x – m – h without a link x – h: x accepts none, and h, which dials m, has an address that leads nowhere. */
  async function chain(): Promise<{ atHost: Promise<CloseReason> }> {
    await network.startRouter('m', { edge: undefined });
    await network.startRouter('x', { fabric: undefined });
    const proxy = await startTcpProxy();
    const h = await network.startRouter('h', {
      fabric: { host: '127.0.0.1', port: 0, advertise: proxy.address },
    });
    await proxy.close();
    await Promise.all([network.linked('m', 'x'), network.linked('m', 'h')]);
    let ended: (reason: CloseReason) => void;
    const atHost = new Promise<CloseReason>((resolve) => (ended = resolve));
    await network.startHost(
      'h',
      (circuit) => {
        echo(circuit);
        circuit.onClose = (reason) => ended(reason);
      },
      `tls:127.0.0.1:${h.fabricPort}`,
    );
    expect(network.hasLink('x', 'h')).toBe(false);
    return { atHost };
  }
});

describe('a link', () => {
  it('that is cut while data flows ends the circuit with an error at both ends, never as if complete', async () => {
    const proxy = await startTcpProxy();
    await network.startRouter('r1');
    const r2 = await network.startRouter('r2', {
      fabric: { host: '127.0.0.1', port: 0, advertise: proxy.address },
    });
    proxy.target = r2.fabricPort;
    await network.linked('r1', 'r2');
    let atHost: Promise<CloseReason> | undefined;
    await network.startHost(
      'r2',
      (circuit) => {
        atHost = closed(circuit);
        void sendPattern(circuit, 1e12).catch(idle);
      },
      `tls:127.0.0.1:${r2.fabricPort}`,
    );
    const circuit = await dial('r1');
    const ended = closed(circuit);
    await new Promise<void>((resolve) => {
      let received = 0;
      circuit.onMessage = (message) => {
        received += message.length;
        if (received > 20_000_000) resolve();
      };
    });
    proxy.cut();
    expect(await ended).toMatchObject({ code: 'ERR_CIRCUIT_LOST', retryable: true });
    expect((await atHost)?.code).toBe('ERR_CIRCUIT_LOST');
    await proxy.close();
  });
});

describe('limits', () => {
  it('refuse dials while the router holds all the bytes it may', async () => {
    await network.startRouter('r1', { limits: { bufferedBytes: 200_000 } });
    await network.startHost('r1', (circuit) => {
      circuit.onMessage = ([kind]) => {
        if (kind === 1) void sendPattern(circuit, 1e12).catch(idle);
      };
    });
    const { edge, socket } = await network.browser('r1');
    const circuits = await dialMany(edge);
    socket.pause();
    for (const circuit of circuits) circuit.send(Uint8Array.of(1));
    const other = await network.browser('r1');
    await expect
      .poll(
        async () =>
          other.edge.dial(await network.dialGrant()).then(
            (opened) => opened.close(),
            (error: unknown) => (error as AppError).code,
          ),
        { timeout: 10_000, interval: 100 },
      )
      .toBe('ERR_ROUTER_OVERLOADED');
    socket.terminate();
    // What waited for the lost browser is gone with it.
    await expect
      .poll(
        async () =>
          other.edge.dial(await network.dialGrant()).then(
            () => 'joined',
            () => 'refused',
          ),
        { timeout: 10_000, interval: 100 },
      )
      .toBe('joined');
  });

  it('close a connection whose peer stops reading, while bytes wait for it', async () => {
    await network.startRouter('r1', { limits: { writeStallMs: 400, sweepMs: 50 } });
    let atHost: Promise<CloseReason> | undefined;
    await network.startHost('r1', (circuit) => {
      atHost = closed(circuit);
      circuit.onMessage = () => void sendPattern(circuit, 1e12).catch(idle);
    });
    const { edge, socket } = await network.browser('r1');
    const circuits = await dialMany(edge);
    socket.pause();
    for (const circuit of circuits) circuit.send(Uint8Array.of(1));
    expect((await atHost)?.code).toBe('ERR_CIRCUIT_LOST');
  });

  it('close a connection whose peer is silent', async () => {
    await network.startRouter('r1', { limits: { pingAfterMs: 50, deadAfterMs: 300, sweepMs: 20 } });
    let atHost: Promise<CloseReason> | undefined;
    await network.startHost('r1', (circuit) => {
      atHost = closed(circuit);
    });
    const { edge, socket } = await network.browser('r1');
    await edge.dial(await network.dialGrant());
    const end = new Promise((resolve) => socket.once('close', resolve));
    // Hears the pings and answers none.
    socket.removeAllListeners('message');
    await end;
    expect((await atHost)?.code).toBe('ERR_CIRCUIT_LOST');
  });

  it('take what a dead connector hosts away, at once when its connection ends and soon when it is silent', async () => {
    const r1 = await network.startRouter('r1', {
      limits: { hostProbeMs: 50, hostDeadAfterMs: 400, sweepMs: 20 },
    });
    const proxy = await startTcpProxy();
    proxy.target = r1.fabricPort;
    const gone = (): Promise<void> =>
      network.controller.changed.until(
        () => network.controller.all('terminator').length === 0,
        'terminators gone',
      );
    await network.startHost('r1', idle, `tls:${proxy.address}`);
    proxy.cut();
    await gone();
    await network.startHost('r1', idle, `tls:${proxy.address}`);
    proxy.silence();
    await gone();
    await expect(dial('r1')).rejects.toMatchObject({ code: 'ERR_SERVICE_NOT_HOSTED' });
    // By default within 10 s.
    const { hostDeadAfterMs, sweepMs } = routerLimitsSchema.parse({});
    expect(hostDeadAfterMs + sweepMs).toBeLessThan(10_000);
    proxy.cut();
  });

  it('leave a link whose other end is silent, long before other connections', async () => {
    const proxy = await startTcpProxy();
    const r2 = await network.startRouter('r2', {
      fabric: { host: '127.0.0.1', port: 0, advertise: proxy.address },
      limits: { linkProbeMs: 50, linkDeadAfterMs: 300, sweepMs: 20 },
    });
    proxy.target = r2.fabricPort;
    await network.startRouter('r1', {
      fabric: undefined,
      limits: { linkProbeMs: 50, linkDeadAfterMs: 300, sweepMs: 20 },
    });
    await network.linked('r1', 'r2');
    proxy.silence();
    await network.controller.changed.until(
      () => !network.hasLink('r1', 'r2') && !network.hasLink('r2', 'r1'),
      'the link is gone at both ends',
    );
    proxy.cut();
  });

  it('hold for sockets that proved nothing in total, over all listeners', async () => {
    const limits = { unauthenticatedSockets: 3, unauthenticatedPerAddress: 3 };
    const { fabricPort, edgeUrls } = await network.startRouter('r1', { limits });
    const edgePort = Number(new URL(edgeUrls[0]!).port);
    const held = await Promise.all([open(fabricPort), open(fabricPort), open(edgePort)]);
    for (const port of [edgePort, fabricPort]) {
      const refused = await open(port);
      await new Promise((resolve) => refused.once('close', resolve));
    }
    for (const socket of held) expect(socket.closed).toBe(false);
    const freed = held.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of held) socket.destroy();
    await Promise.all(freed);
    await expect
      .poll(async () =>
        (await network.browser('r1')).edge.opened.then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });
});

/** A TCP connection that says nothing. */
function open(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = tcpConnect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', idle);
    socket.resume();
  });
}

/** Circuits whose windows together are more than the operating system takes for a peer that does not read. */
async function dialMany(edge: EdgeConnection): Promise<Circuit[]> {
  const grants = await Promise.all(Array.from({ length: 8 }, () => network.dialGrant()));
  return Promise.all(grants.map((grant) => edge.dial(grant)));
}
