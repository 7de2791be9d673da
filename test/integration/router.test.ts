import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Circuit, CloseReason } from '@postern/shared/protocol/edge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST, RouterNetwork, SERVICE, SESSION, USER } from '../harness/router-network.ts';
import { receivePattern, sendPattern } from '../harness/router-peers.ts';
import { startTcpProxy } from '../harness/router-tcp-proxy.ts';

const MB = 1_000_000;
const WINDOW_BYTES = 4 * 1024 * 1024;

let network: RouterNetwork;
beforeEach(async () => {
  network = await RouterNetwork.create();
});
afterEach(() => network.close());

const closed = (circuit: Circuit): Promise<CloseReason> =>
  new Promise((resolve) => (circuit.onClose = resolve));
const idle = (): void => undefined;
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

async function dial(routerId = 'r1'): Promise<Circuit> {
  const { edge } = await network.browser(routerId);
  return edge.dial(await network.dialGrant());
}

/** One figure of `/metrics`; 0 if it is not there. */
async function metric(routerId: string, name: string): Promise<number> {
  const text = await (await fetch(`${network.router(routerId).metricsUrl}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`postern_router_${name}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const refusal = (code: string) => expect.objectContaining({ code }) as Error;

describe('two routers', () => {
  beforeEach(async () => {
    await network.startRouter('r1');
    await network.startRouter('r2');
    await network.linked('r1', 'r2');
  });

  it('join a circuit across their link and report it', async () => {
    await network.startHost('r2', echo);
    const circuit = await dial();
    await roundTrip(circuit);
    circuit.close();
    const events = network.controller.circuitEvents;
    await network.controller.changed.until(() => events.length === 2, 'two circuit events');
    expect(events).toMatchObject([
      { kind: 'opened', circuitId: circuit.circuitId, serviceId: SERVICE, path: ['r1', 'r2'] },
      { kind: 'closed', reason: 'OK', bytesToHost: 3, bytesToClient: 3 },
    ]);
  });

  it('carry 50 MB both ways at once, intact', async () => {
    const total = 50 * MB;
    let atHost: Promise<unknown> = Promise.resolve();
    await network.startHost('r2', (circuit) => {
      atHost = Promise.all([receivePattern(circuit, total), sendPattern(circuit, total)]);
    });
    const circuit = await dial();
    await Promise.all([receivePattern(circuit, total), sendPattern(circuit, total)]);
    await atHost;
  });

  it('let a slow reader stall only itself, with bounded buffers', async () => {
    let sent = 0;
    await network.startHost('r2', (circuit) => {
      const flood = async (): Promise<void> => {
        for (;;) {
          await circuit.ready(60_000);
          circuit.send(new Uint8Array(60_000));
          sent += 60_000;
        }
      };
      circuit.onMessage = ([kind]) => {
        if (kind === 0) circuit.send(Uint8Array.of(0));
        else void flood().catch(idle);
      };
    });
    const slow = await dial();
    const quick = await dial();
    const stuck = new Promise<void>((resolve) => {
      let received = 0;
      // The first message is never consumed; by then the rest of the window is on its way.
      slow.onMessage = (message) => {
        received += message.length;
        if (received > WINDOW_BYTES / 2) resolve();
        return new Promise(idle);
      };
    });
    slow.send(Uint8Array.of(1));
    await stuck;
    for (let i = 0; i < 20; i++) {
      const answer = new Promise((resolve) => (quick.onMessage = resolve));
      quick.send(Uint8Array.of(0));
      await answer;
    }
    expect(sent).toBeLessThanOrEqual(WINDOW_BYTES);
    expect(await metric('r1', 'buffered_bytes')).toBeLessThan(WINDOW_BYTES);
  });

  it.each([
    [
      'the dial policy is deleted',
      'ERR_ACCESS_REMOVED',
      () => network.controller.delete('servicePolicy', 'dial'),
    ],
    [
      'the service is deleted',
      'ERR_ACCESS_REMOVED',
      () => network.controller.delete('service', SERVICE),
    ],
    [
      'routers are withdrawn',
      'ERR_ACCESS_REMOVED',
      () => network.controller.delete('edgeRouterPolicy', 'erp'),
    ],
    [
      'the identity is disabled',
      'ERR_IDENTITY_DISABLED',
      () =>
        network.controller.put('identity', {
          id: USER,
          name: 'User',
          disabled: true,
          roleAttributes: ['users'],
        }),
    ],
    [
      'the session ends',
      'ERR_SESSION_ENDED',
      () => network.controller.put('revocation', { id: SESSION, expiresAtMs: Date.now() + 60_000 }),
    ],
  ])('close a running circuit within a second when %s', async (_, code, change) => {
    await network.startHost('r2', echo);
    const circuit = await dial();
    await roundTrip(circuit);
    const ended = closed(circuit);
    const startMs = performance.now();
    change();
    expect((await ended).code).toBe(code);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  it('leave circuits alone that a change does not touch', async () => {
    await network.startHost('r2', echo);
    const circuit = await dial();
    network.controller.put('revocation', { id: 'other', expiresAtMs: Date.now() + 60_000 });
    network.controller.put('identity', { id: 'x', name: 'x', disabled: true, roleAttributes: [] });
    await roundTrip(circuit);
  });

  it('end a binding whose policy was deleted', async () => {
    await network.startHost('r2', echo);
    network.controller.delete('servicePolicy', 'bind');
    await network.controller.changed.until(
      () => network.controller.all('terminator').length === 0,
      'terminator withdrawn',
    );
    await network.inSync();
    await expect(dial()).rejects.toThrow(refusal('ERR_SERVICE_NOT_HOSTED'));
  });

  it('tell both ends when a router closes, and link again when it is back', async () => {
    let atHost: Promise<CloseReason> | undefined;
    await network.startHost('r2', (circuit) => {
      echo(circuit);
      atHost = closed(circuit);
    });
    const circuit = await dial();
    const ended = closed(circuit);
    await network.router('r2').close();
    expect((await ended).code).toBe('ERR_CIRCUIT_LOST');
    expect((await atHost)?.code).toBe('ERR_CIRCUIT_LOST');
    await network.controller.changed.until(
      () => !network.hasLink('r1', 'r2'),
      'link reported lost',
    );
    await network.startRouter('r2');
    await network.linked('r1', 'r2');
    await network.startHost('r2', echo);
    await roundTrip(await dial());
  });

  it('go on dialing while the controller is gone, also after a restart', async () => {
    await network.startHost('r2', echo);
    const running = await dial();
    await network.controller.stop();
    await roundTrip(running);
    await roundTrip(await dial());
    await network.router('r1').close();
    await network.startRouter('r1');
    await expect
      .poll(() => metric('r1', 'link_latency_seconds'), { timeout: 10_000 })
      .toBeGreaterThan(0);
    await roundTrip(await dial());
    await network.controller.start();
    await network.controller.changed.until(
      () => network.controller.isConnected('r1'),
      'reconnected',
    );
    await roundTrip(await dial());
  });

  it('accept expired tokens and grants only while the controller is gone', async () => {
    await network.startHost('r2', echo);
    const now = Math.floor(Date.now() / 1000);
    const expired = { iat: now - 600, exp: now - 120, out: now + 600 };
    const attempt = async (): Promise<Circuit> => {
      const { edge } = await network.browser('r1', expired);
      return edge.dial(await network.dialGrant(expired));
    };
    await expect(attempt()).rejects.toThrow(refusal('ERR_TOKEN_INVALID'));
    const { edge } = await network.browser('r1');
    await expect(edge.dial(await network.dialGrant(expired))).rejects.toThrow(
      refusal('ERR_GRANT_INVALID'),
    );
    await network.controller.stop();
    await expect.poll(() => metric('r1', 'controller_connected'), { timeout: 5_000 }).toBe(0);
    await roundTrip(await attempt());
  });
});

describe('a link', () => {
  it('that is cut ends its circuits at both ends and comes back by itself', async () => {
    const proxy = await startTcpProxy();
    await network.startRouter('r1');
    const r2 = await network.startRouter('r2', {
      fabric: { host: '127.0.0.1', port: 0, advertise: proxy.address },
    });
    proxy.target = r2.fabricPort;
    await network.linked('r1', 'r2');
    let atHost: Promise<CloseReason> | undefined;
    await network.startHost('r2', (circuit) => {
      echo(circuit);
      atHost = closed(circuit);
    });
    const circuit = await dial();
    await roundTrip(circuit);
    const ended = closed(circuit);
    proxy.cut();
    expect((await ended).code).toBe('ERR_CIRCUIT_LOST');
    expect((await atHost)?.code).toBe('ERR_CIRCUIT_LOST');
    await network.linked('r1', 'r2');
    await expect
      .poll(() => metric('r1', 'link_latency_seconds'), { timeout: 5_000 })
      .toBeGreaterThan(0);
    await proxy.close();
  });
});

describe('one router', () => {
  it('joins client and host that are both its own', async () => {
    await network.startRouter('r1');
    await network.startHost('r1', echo);
    await roundTrip(await dial());
  });

  it('keeps its state where only its user can read it', async () => {
    const router = await network.startRouter('r1');
    await network.startHost('r1', echo);
    await router.close();
    const saved: unknown = JSON.parse(
      await readFile(join(network.stateDir('r1'), 'snapshot.json'), 'utf8'),
    );
    expect(saved).toMatchObject({ timeline: 'test' });
  });

  it.each([
    ['of another identity', { sub: HOST }],
    ['for another key', { cnf: { jkt: 'A'.repeat(43) } }],
    ['of another session', { sid: 'other' }],
    ['for another service', { svc: 'other' }],
  ])('refuses a grant %s', async (_, claims) => {
    await network.startRouter('r1');
    await network.startHost('r1', echo);
    const { edge } = await network.browser('r1');
    await expect(edge.dial(await network.dialGrant(claims))).rejects.toThrow(
      refusal('ERR_GRANT_INVALID'),
    );
  });

  it('dials only hosts that the grant permits', async () => {
    await network.startRouter('r1');
    await network.startHost('r1', echo);
    const { edge } = await network.browser('r1');
    const grant = await network.dialGrant({ hosts: ['another'] });
    await expect(edge.dial(grant)).rejects.toThrow(refusal('ERR_SERVICE_NOT_HOSTED'));
  });

  it('dials one of the permitted hosts only, when asked to', async () => {
    await network.startRouter('r1');
    await network.startHost('r1', echo);
    const browser = await network.browser('r1');
    const grant = await network.dialGrant({ hosts: [HOST, 'host2'] });
    await expect(browser.edge.dial(grant, { hostId: 'host2' })).rejects.toMatchObject({
      code: 'ERR_SERVICE_NOT_HOSTED',
    });
    // Naming one does not permit it.
    await expect(
      browser.edge.dial(await network.dialGrant({ hosts: ['host2'] }), { hostId: HOST }),
    ).rejects.toMatchObject({ code: 'ERR_SERVICE_NOT_HOSTED' });
    (await browser.edge.dial(grant, { hostId: HOST })).close();
  });

  it('refuses who has no policy', async () => {
    await network.startRouter('r1');
    await network.startHost('r1', echo);
    const { edge } = await network.browser('r1');
    await edge.opened;
    network.controller.delete('servicePolicy', 'dial');
    await network.inSync();
    await expect(edge.dial(await network.dialGrant())).rejects.toThrow(
      refusal('ERR_ACCESS_NO_POLICY'),
    );
  });

  it('refuses bind grants of another host', async () => {
    await network.startRouter('r1');
    const host = await network.startHost('r1', echo);
    const bindGrant = await network.bindGrant({ sub: USER });
    await expect(host.bind({ bindGrant }, idle)).rejects.toThrow(refusal('ERR_GRANT_INVALID'));
  });

  it('extends a connection by a token of the same session only', async () => {
    await network.startRouter('r1');
    const { edge } = await network.browser('r1');
    await edge.updateToken(await network.appToken());
    await expect(edge.updateToken(await network.appToken({ sid: 'other' }))).rejects.toThrow(
      refusal('ERR_TOKEN_INVALID'),
    );
  });

  it('closes a connection when its session ends, and refuses the next', async () => {
    await network.startRouter('r1');
    const { edge, socket } = await network.browser('r1');
    await edge.opened;
    const end = new Promise((resolve) =>
      socket.once('close', (code, text) => resolve([code, text.toString()])),
    );
    network.controller.put('revocation', { id: SESSION, expiresAtMs: Date.now() + 60_000 });
    expect(await end).toEqual([4401, 'ERR_SESSION_ENDED']);
    await expect((await network.browser('r1')).edge.opened).rejects.toThrow(
      refusal('ERR_SESSION_ENDED'),
    );
  });

  it('closes a connection whose token ran out', async () => {
    await network.startRouter('r1', { limits: { sweepMs: 50 } });
    const now = Math.floor(Date.now() / 1000);
    // Expired but for the clock tolerance of 30 s.
    const { edge, socket } = await network.browser('r1', { iat: now - 300, exp: now - 28 });
    await edge.opened;
    const end = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    expect(await end).toBe(4401);
  });

  it('holds no more circuits for a client than allowed', async () => {
    await network.startRouter('r1', { limits: { circuitsPerClient: 2 } });
    await network.startHost('r1', echo);
    const { edge } = await network.browser('r1');
    const first = await edge.dial(await network.dialGrant());
    await edge.dial(await network.dialGrant());
    await expect(edge.dial(await network.dialGrant())).rejects.toThrow(
      refusal('ERR_ROUTER_OVERLOADED'),
    );
    first.close();
    await edge.dial(await network.dialGrant());
  });
});

describe('a dark router', () => {
  it('is the first hop of circuits over a link it dialed itself', async () => {
    // "a" would wait for "z" to dial if "z" could; here "z" has the larger id and no listener.
    await network.startRouter('a');
    await network.startRouter('z', { fabric: undefined });
    await network.linked('a', 'z');
    expect(network.router('z').fabricAddresses).toEqual([]);
    await network.startHost('a', echo);
    await roundTrip(await dial('z'));
  });
});
