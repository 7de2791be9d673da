import { beforeAll, describe, expect, it } from 'vitest';
import {
  createGrantFixture,
  NOW_MS,
  type GrantFixture,
} from '../../../../test/harness/grant-fixture.ts';
import {
  memoryCircuitPair,
  type MemoryCircuitOptions,
  type Tamper,
} from '../../../../test/harness/memory-circuit.ts';
import { concatBytes, encodeUtf8 } from '../../bytes/index.ts';
import { generateP256KeyPair, jwkFromPoint, offerKeyExchange } from '../../crypto/index.ts';
import type { AppError } from '../../errors/index.ts';
import { serviceResource } from '../../grants/index.ts';
import type { SecureSession, SessionStream } from '../session/index.ts';
import { acceptSecure } from './accept.ts';
import { connectSecure } from './connect.ts';
import { HOST_HELLO_BYTES, decodeClientHello, encodeClientHello } from './messages.ts';
import type { AcceptSecureOptions, ConnectSecureOptions } from './options.ts';

let fixture: GrantFixture;
beforeAll(async () => {
  fixture = await createGrantFixture();
});

const clock = { nowMs: () => NOW_MS, schedule: () => () => undefined };

interface Attempt {
  circuit?: MemoryCircuitOptions;
  client?: Partial<ConnectSecureOptions>;
  host?: Partial<AcceptSecureOptions>;
}

/** Both sides of one handshake, and what each came to. */
async function attempt({ circuit, client, host }: Attempt = {}) {
  const [a, b] = memoryCircuitPair(circuit);
  const streams: SessionStream[] = [];
  const common = { serviceId: 'wiki', keys: fixture.keys, clock };
  const [dialGrant, bindGrant, assertion] = await Promise.all([
    fixture.dialGrant(),
    fixture.bindGrant(),
    fixture.assertion(),
  ]);
  const connecting = connectSecure({
    ...common,
    circuit: a,
    dialGrant,
    assertion,
    key: fixture.caller,
    ...client,
  });
  connecting.catch(() => undefined);
  const accepting = acceptSecure({
    ...common,
    circuit: b,
    hostId: 'host-1',
    bindGrant,
    privateKey: fixture.host.privateKey,
    time: () => ({ nowMs: NOW_MS, connected: true }),
    assertionAudience: serviceResource('wiki'),
    onStream: (stream) => streams.push(stream),
    ...host,
  });
  accepting.catch(() => undefined);
  // A client that is done sends at once: nothing of it may reach a host that refuses.
  void connecting
    .then((session) => session.openStream('tcp', encodeUtf8('secret')))
    .catch(() => undefined);
  const outcomes = await Promise.allSettled([connecting, accepting]);
  return { a, b, client: outcomes[0], host: outcomes[1], streams };
}

type Outcome = PromiseSettledResult<SecureSession>;

/** The precise cause inside ERR_HANDSHAKE_FAILED. */
function causeOf(outcome: Outcome): AppError {
  expect(outcome.status).toBe('rejected');
  const error = (outcome as PromiseRejectedResult).reason as AppError;
  expect(error.code).toBe('ERR_HANDSHAKE_FAILED');
  return error.cause as AppError;
}

/** The side refused by itself, and the other learned only that it failed. */
function expectRefused(by: Outcome, other: Outcome, message?: RegExp): void {
  const cause = causeOf(by);
  if (message) expect(cause.message).toMatch(message);
  if (other.status === 'rejected') {
    expect((other.reason as AppError).code).toBe('ERR_HANDSHAKE_FAILED');
  }
}

const flip =
  (at: number, messageIndex = 0): Tamper =>
  (message, index) => {
    if (index === messageIndex) message[at] = (message[at] as number) ^ 1;
    return [message];
  };

describe('handshake', () => {
  it('gives both sides a session that knows the other', async () => {
    const { client, host, streams } = await attempt();
    const opener = (client as PromiseFulfilledResult<SecureSession>).value;
    const accepted = (host as PromiseFulfilledResult<SecureSession>).value;
    expect(opener.peer).toMatchObject({ sub: 'host-1', svc: 'wiki' });
    expect(accepted.peer).toMatchObject({ sub: 'alice', sid: 'sid-1' });
    expect(accepted.assertion).toMatch(/^ey/);
    expect(opener.fingerprint).toMatch(/^(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}$/);
    expect(accepted.fingerprint).toBe(opener.fingerprint);
    await opener.ping();
    expect(opener.traffic.sentBytes).toBe(accepted.traffic.receivedBytes);
    expect(opener.traffic.receivedBytes).toBeGreaterThan(0);
    expect(new TextDecoder().decode(streams[0]!.openHead)).toBe('secret');
    opener.close();
  });

  it('works without an assertion', async () => {
    const { host } = await attempt({ client: { assertion: '' } });
    expect((host as PromiseFulfilledResult<SecureSession>).value.assertion).toBeUndefined();
  });

  it('never sends the grant of the host or the key of the client in clear', async () => {
    const bindGrant = await fixture.bindGrant();
    const { a, b } = await attempt({ host: { bindGrant } });
    const text = new TextDecoder('latin1');
    expect(b.sent.map((m) => text.decode(m)).join('')).not.toContain(bindGrant.slice(0, 60));
    const point = text.decode(fixture.caller.publicPoint);
    expect(a.sent.map((m) => text.decode(m)).join('')).not.toContain(point);
  });

  describe('a router that changes messages', () => {
    it('swaps the client share', async () => {
      const offer = await offerKeyExchange();
      const { client, host, streams } = await attempt({
        circuit: {
          toB: (message, index) =>
            index === 0
              ? [encodeClientHello({ ...decodeClientHello(message), share: offer.share })]
              : [message],
        },
      });
      expectRefused(client, host);
      expect(streams).toEqual([]);
    });

    it('swaps the KEM key', async () => {
      const offer = await offerKeyExchange();
      const { client, host } = await attempt({
        circuit: {
          toB: (message, index) =>
            index === 0
              ? [encodeClientHello({ ...decodeClientHello(message), kemKey: offer.kemKey })]
              : [message],
        },
      });
      expectRefused(client, host);
    });

    it('zeroes the client share', async () => {
      const { client, host } = await attempt({
        circuit: {
          toB: (message, index) =>
            index === 0
              ? [encodeClientHello({ ...decodeClientHello(message), share: new Uint8Array(32) })]
              : [message],
        },
      });
      expectRefused(host, client, /small order|unusable/);
    });

    it('swaps the host share, the KEM value, or the sealed proof', async () => {
      for (const at of [5, 3 + 32 + 5, HOST_HELLO_BYTES + 3]) {
        const { client, host, streams } = await attempt({ circuit: { toA: flip(at) } });
        expectRefused(client, host);
        expect(streams).toEqual([]);
      }
    });

    it('drops the key material of M2', async () => {
      for (const length of [0, 1, 3, 35, HOST_HELLO_BYTES, HOST_HELLO_BYTES + 15]) {
        const { client, host } = await attempt({
          circuit: { toA: (message) => [message.subarray(0, length)] },
        });
        expectRefused(client, host);
      }
    });

    it('cuts M1 or M3 anywhere', async () => {
      for (const length of [0, 1, 2, 3, 20, 700, 1300]) {
        const { client, host } = await attempt({
          circuit: { toB: (m, index) => [index === 0 ? m.subarray(0, length) : m] },
        });
        expectRefused(host, client);
      }
      for (const length of [0, 1, 17, 100]) {
        const { host, streams } = await attempt({
          circuit: { toB: (m, index) => [index === 1 ? m.subarray(0, length) : m] },
        });
        causeOf(host);
        expect(streams).toEqual([]);
      }
    });

    it('flips a bit anywhere in any message', async () => {
      const { a, b } = await attempt();
      const targets = [
        { direction: 'toB', index: 0, length: a.sent[0]!.length },
        { direction: 'toA', index: 0, length: b.sent[0]!.length },
        { direction: 'toB', index: 1, length: a.sent[1]!.length },
      ] as const;
      for (const { direction, index, length } of targets) {
        for (let step = 0; step < 12; step += 1) {
          const at = Math.floor((step * (length - 1)) / 11);
          const { host, client, streams } = await attempt({
            circuit: { [direction]: flip(at, index) },
          });
          // M3 is the client's last word: only the host can refuse it.
          if (index === 0) expect(client.status).toBe('rejected');
          expect(host.status).toBe('rejected');
          expect(streams).toEqual([]);
        }
      }
    });

    it('downgrades the suite', async () => {
      const offered = await attempt({
        circuit: {
          toB: (message, index) =>
            index === 0
              ? [encodeClientHello({ ...decodeClientHello(message), suites: [1, 9] })]
              : [message],
        },
      });
      expectRefused(offered.client, offered.host);
      const chosen = await attempt({
        circuit: {
          toA: (m) => [concatBytes(m.subarray(0, 1), Uint8Array.of(2, 0), m.subarray(3))],
        },
      });
      expectRefused(chosen.client, chosen.host, /not offered/);
      const none = await attempt({
        circuit: {
          toB: (message) => [encodeClientHello({ ...decodeClientHello(message), suites: [9] })],
        },
      });
      expectRefused(none.host, none.client, /no suite/);
    });

    it('splices the handshake into another circuit', async () => {
      const { client, host } = await attempt({ circuit: { otherCircuitId: 'circuit-2' } });
      expectRefused(client, host);
    });

    it('replays M1, and M1 with M3', async () => {
      const recorded = (await attempt()).a.sent;
      const m1 = recorded[0]!;
      const m3 = recorded[1]!;
      const { host, streams } = await attempt({
        circuit: { toB: (message, index) => [index === 0 ? m1 : index === 1 ? m3 : message] },
      });
      // The replayed caller has no matching secret: the honest client notices, or M3 does not open.
      expect(host.status).toBe('rejected');
      expect(streams).toEqual([]);
    });

    it('reflects messages', async () => {
      const [a, b] = memoryCircuitPair();
      b.onMessage = (message) => b.send(message);
      const connecting = connectSecure({
        circuit: a,
        serviceId: 'wiki',
        keys: fixture.keys,
        clock,
        dialGrant: await fixture.dialGrant(),
        assertion: '',
        key: fixture.caller,
      });
      await expect(connecting).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_FAILED' });
      expect(a.sent).toHaveLength(1);
    });
  });

  describe('a host that the caller may not trust', () => {
    it('is not among the hosts of the grant', async () => {
      const { client, host } = await attempt({
        host: { bindGrant: await fixture.bindGrant({ sub: 'host-2' }) },
      });
      expectRefused(client, host, /permitted host/);
    });

    it('has a bind grant for another service, another key, or an expired one', async () => {
      const stranger = jwkFromPoint((await generateP256KeyPair()).publicPoint);
      const refused = [
        [{ svc: 'mail' }, /svc/],
        [{ cnf: { jwk: stranger } }, /signature/],
        [{ exp: 1, out: 1 }, /expired/],
      ] as const;
      for (const [changes, message] of refused) {
        const bindGrant = await fixture.bindGrant(changes);
        const { client, host } = await attempt({ host: { bindGrant } });
        expectRefused(client, host, message);
      }
    });

    it('shows a bind grant that nobody signed', async () => {
      const { client, host } = await attempt({
        host: { bindGrant: (await fixture.bindGrant()).slice(0, -4) + 'AAAA' },
      });
      expectRefused(client, host);
    });
  });

  describe('a caller that the host may not trust', () => {
    it('shows a grant of another key, service, host or time', async () => {
      const refused = [
        [{ cnf: { jkt: 'x'.repeat(43) } }, /another key/],
        [{ svc: 'mail' }, /svc/],
        [{ hosts: ['host-9'] }, /hosts/],
        [{ exp: 1 }, /expired/],
      ] as const;
      for (const [changes, message] of refused) {
        const dialGrant = await fixture.dialGrant(changes);
        const { client, host, streams } = await attempt({ client: { dialGrant } });
        expectRefused(host, client, message);
        expect(streams).toEqual([]);
      }
    });

    it('is not the one the router announced', async () => {
      const { host, client } = await attempt({ host: { callerId: 'bob' } });
      expectRefused(host, client, /sub/);
    });

    it('holds a stolen grant but not its key', async () => {
      const { host, streams } = await attempt({ client: { key: await generateP256KeyPair() } });
      expect(causeOf(host).message).toMatch(/another key/);
      expect(streams).toEqual([]);
    });

    it('names the right key but cannot sign with it', async () => {
      const { privateKey } = await generateP256KeyPair();
      const key = { privateKey, publicPoint: fixture.caller.publicPoint };
      const { host, streams } = await attempt({ client: { key } });
      expect(causeOf(host).message).toMatch(/signature/);
      expect(streams).toEqual([]);
    });

    it('shows the assertion of somebody else, or of another sign-in', async () => {
      for (const changes of [{ sub: 'bob' }, { sid: 'sid-9' }, { aud: 'https://other.test' }]) {
        const assertion = await fixture.assertion(changes);
        const { host, streams } = await attempt({ client: { assertion } });
        causeOf(host);
        expect(streams).toEqual([]);
      }
    });

    it('has an old grant while the controller is away', async () => {
      const dialGrant = await fixture.dialGrant({ exp: NOW_MS / 1000 - 60 });
      const time = () => ({ nowMs: NOW_MS, connected: false });
      const { host } = await attempt({ client: { dialGrant }, host: { time } });
      expect(host.status).toBe('fulfilled');
    });
  });

  describe('a recording replayed to a host alone', () => {
    /** A host for which one circuit's messages from the client come from elsewhere. */
    const acceptAlone = async (circuitId: string, messages: readonly Uint8Array[]) => {
      const [a, b] = memoryCircuitPair({ circuitId });
      const streams: SessionStream[] = [];
      const accepting = acceptSecure({
        circuit: b,
        serviceId: 'wiki',
        keys: fixture.keys,
        clock,
        hostId: 'host-1',
        bindGrant: await fixture.bindGrant(),
        privateKey: fixture.host.privateKey,
        time: () => ({ nowMs: NOW_MS, connected: true }),
        assertionAudience: serviceResource('wiki'),
        onStream: (stream) => streams.push(stream),
      });
      for (const message of messages) a.send(message);
      const [outcome] = await Promise.allSettled([accepting]);
      return { outcome, streams };
    };

    it('is refused at M3, on the same circuit and on another', async () => {
      const { a, host } = await attempt();
      expect(host.status).toBe('fulfilled');
      for (const circuitId of ['circuit-1', 'circuit-2']) {
        const { outcome, streams } = await acceptAlone(circuitId, a.sent);
        expect(causeOf(outcome)).toBeInstanceOf(Error);
        expect(streams).toEqual([]);
      }
    });

    it('is refused when M1, or a record, comes where M3 is due', async () => {
      const { a } = await attempt();
      for (const second of [a.sent[0]!, a.sent[2]!]) {
        const { outcome, streams } = await acceptAlone('circuit-1', [a.sent[0]!, second]);
        causeOf(outcome);
        expect(streams).toEqual([]);
      }
    });
  });

  describe('a renewal of the session', () => {
    const renewed = async (grant: Record<string, unknown>, assertion: Record<string, unknown>) => {
      const { client, host } = await attempt();
      const opener = (client as PromiseFulfilledResult<SecureSession>).value;
      const accepted = (host as PromiseFulfilledResult<SecureSession>).value;
      opener.renew(await fixture.dialGrant(grant), await fixture.assertion(assertion));
      return { opener, accepted };
    };

    it('brings the new claims', async () => {
      const { opener, accepted } = await renewed({ jti: 'jti-2', sid: 'sid-2' }, { sid: 'sid-2' });
      await expect.poll(() => accepted.peer['jti']).toBe('jti-2');
      opener.close();
    });

    it.each([
      ['an expired grant', { exp: 1 }, {}],
      ['a grant for another host', { hosts: ['host-9'] }, {}],
      ['a grant of somebody else', { sub: 'bob' }, { sub: 'bob' }],
      ['the assertion of somebody else', {}, { sub: 'bob' }],
      ['the assertion of another sign-in', {}, { sid: 'sid-9' }],
    ])('ends it with %s', async (_, grant, assertion) => {
      const { opener, accepted } = await renewed(grant, assertion);
      expect((await accepted.closed).code).toBe('ERR_GRANT_INVALID');
      expect((await opener.closed).code).toBe('ERR_GRANT_INVALID');
    });
  });

  describe('the limits of time', () => {
    const connectAlone = async (options: Partial<ConnectSecureOptions>) => {
      const [a] = memoryCircuitPair();
      const connecting = connectSecure({
        circuit: a,
        serviceId: 'wiki',
        keys: fixture.keys,
        clock,
        dialGrant: await fixture.dialGrant(),
        assertion: '',
        key: fixture.caller,
        ...options,
      });
      return { a, connecting };
    };

    it('fails when the peer stays silent', async () => {
      let fire: () => void = () => undefined;
      const waiting = {
        nowMs: () => NOW_MS,
        schedule: (_: number, callback: () => void) => {
          fire = callback;
          return () => undefined;
        },
      };
      const { a, connecting } = await connectAlone({ clock: waiting });
      fire();
      await expect(connecting).rejects.toThrow(/too long/);
      expect(a.closedWith?.code).toBe('ERR_HANDSHAKE_FAILED');
    });

    it('fails when aborted, and keeps the code of a circuit that closed', async () => {
      const abort = new AbortController();
      const first = await connectAlone({ signal: abort.signal });
      abort.abort();
      await expect(first.connecting).rejects.toThrow(/aborted/);
      const second = await connectAlone({});
      second.a.peer.close({ code: 'ERR_ACCESS_REMOVED', message: '', retryable: false });
      await expect(second.connecting).rejects.toMatchObject({ code: 'ERR_ACCESS_REMOVED' });
    });
  });
});
