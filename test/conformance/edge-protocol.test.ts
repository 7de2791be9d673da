/** Every message, header and trap of specs/edge-protocol.md, frame by frame. Titles name its sections. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterNetwork, SERVICE } from '../harness/router-network.ts';
import { HOST_KEY, PUBLIC_KEY, SdkPeers } from './sdk-peers.ts';
import { frame, no, parse, text, u16, u32, u64, yes, type WireClient } from './sdk-wire.ts';

const TYPE = {
  latency: 3,
  result: 2,
  posture: 10800,
  connect: 60783,
  connected: 60784,
  closed: 60785,
  data: 60786,
  dial: 60787,
  dialSuccess: 60788,
  dialFailed: 60789,
  bind: 60790,
  unbind: 60791,
  updateBind: 60794,
  health: 60795,
  trace: 60796,
  traceAnswer: 60797,
  inspected: 60799,
  bindSuccess: 60800,
  tokenTaken: 60801,
  tokenRefused: 60802,
  updateToken: 60803,
} as const;
const FIN = u32(1);

let network: RouterNetwork;
let peers: SdkPeers;
let host: WireClient;
let dialer: WireClient;
let nextId = 1;

beforeAll(async () => {
  network = await RouterNetwork.create();
  peers = await SdkPeers.create(network);
  // Each router alone knows what the tests dial often.
  const limits = { dialsPerSecondPerClient: 1000 };
  await network.startRouter('r1', { limits });
  await network.startRouter('r2', { limits });
  await network.linked('r1', 'r2');
  await network.inSync();
});
afterAll(async () => {
  peers?.close();
  await network?.close();
});
beforeEach(async () => {
  host?.close();
  dialer?.close();
  host = await peers.host();
  dialer = await peers.dialer();
});

interface Joined {
  dialerId: number;
  hostId: number;
  token: string;
}

/** Dials the service hosted by `host`, bound as 7; the host accepts as Go does. */
async function join(
  from = dialer,
  to = host,
  accept: Record<number, Buffer> = {},
  ask: Record<number, Buffer> = {},
  bind: Record<number, Buffer> = {},
): Promise<Joined> {
  const token = await peers.bind(to, 7, { 1003: HOST_KEY, ...bind });
  if (from !== dialer) {
    // The other router has to hear of the binding first.
    await network.controller.changed.until(
      () => network.controller.all('terminator').length === 1,
      'one terminator',
    );
    await network.inSync();
  }
  const dialerId = nextId++;
  const connect = from.send(
    TYPE.connect,
    { 1000: u32(dialerId), 1003: PUBLIC_KEY, ...ask },
    await peers.serviceToken('Dial'),
  );
  const dial = await to.ofType(TYPE.dial);
  const id = dial.headers[1012] as Buffer;
  to.send(TYPE.dialSuccess, { 1: u32(dial.sequence), 1000: u32(7), ...accept }, id);
  const connected = await from.answerTo(connect);
  expect(connected.type).toBe(TYPE.connected);
  expect(connected.headers[1000]).toEqual(u32(dialerId));
  return { dialerId, hostId: id.readUInt32LE(), token };
}

const refusedWith = (message: { headers: Record<number, Buffer>; body: Buffer }) => ({
  body: message.body.toString(),
  code: message.headers[1014]?.readUInt32LE(),
  ...(JSON.parse(String(message.headers[1033])) as object),
});

describe('§2 channel', () => {
  it('frames as the worked examples do', () => {
    expect(frame(0, 1, { 1002: text('tok'), 9: yes }, 'sdk').toString('hex')).toBe(
      '0306090c00000000010000001400000003000000' +
        '0900000001000000' +
        '01' +
        'ea03000003000000746f6b' +
        '73646b',
    );
    const fin =
      '0306090c72ed0000070000001800000000000000e80300000400000005000000f20300000400000001000000';
    expect(parse(Buffer.from(fin, 'hex'))?.message).toMatchObject({
      type: TYPE.data,
      sequence: 7,
      headers: { 1000: u32(5), 1010: FIN },
    });
  });

  it('answers Hello, whose sequence may be −1, with its id, version and no group', async () => {
    const client = await peers.connect();
    const headers = {
      1002: text(await peers.sessionToken()),
      9: yes,
      11: yes,
      7: text('edge.default'),
    };
    client.write(frame(0, -1, headers, 'any label'));
    const result = await client.ofType(TYPE.result);
    expect(result.headers).toMatchObject({ 1: u32(-1), 2: yes, 8: text('r1') });
    expect(result.headers[0]?.length).toBeGreaterThan(0);
    expect(JSON.parse(String(result.headers[4]))).toMatchObject({ Version: expect.any(String) });
    // Bits that we do not implement would change how SDKs dial (trap), and a group needs more connections.
    for (const key of [9, 10, 1024, 1032, 1039])
      expect(result.headers).not.toHaveProperty(`${key}`);
  });

  it.each([{ alpn: ['ziti-edge'] }, { alpn: undefined }])(
    'takes $alpn as ALPN',
    async ({ alpn }) => {
      const client = await peers.connect(undefined, alpn);
      const sequence = client.send(0, { 1002: text(await peers.sessionToken()) });
      expect((await client.answerTo(sequence)).headers[2]).toEqual(yes);
    },
  );

  it('takes the certificate of a session for that session', async () => {
    const path = 'identity/user1/apiSession/session1/apiSessionCertificate/c1';
    const client = await peers.connect(path);
    const sequence = client.send(0, { 1002: text(await peers.sessionToken()) });
    expect((await client.answerTo(sequence)).headers[2]).toEqual(yes);
  });

  it('answers Latency with Result and the same stamp', async () => {
    const stamp = u64(0x0102_0304_0506_0708n);
    const answer = await dialer.answerTo(dialer.send(TYPE.latency, { 128: stamp }));
    expect(answer).toMatchObject({ type: TYPE.result, headers: { 2: yes, 128: stamp } });
  });

  it('ignores heartbeats, posture responses and unknown types', async () => {
    dialer.send(5, { 5: u64(1n) });
    dialer.send(4);
    dialer.send(TYPE.posture, {}, Buffer.from('0a00', 'hex'));
    dialer.send(59_999, { 1000: u32(1) }, 'what');
    dialer.send(TYPE.inspected, { 1000: u32(1), 1022: yes }, 'text');
    expect((await dialer.answerTo(dialer.send(TYPE.latency))).type).toBe(TYPE.result);
  });
});

describe('§4 dial and bind', () => {
  it('binds, with BindSuccess for those who ask for it', async () => {
    await peers.bind(host, 3);
    expect(host.messages.some(({ type }) => type === TYPE.bindSuccess)).toBe(false);
    await peers.bind(host, 4, { 1024: yes, 1004: u16(9), 1005: yes, 1023: yes, 1028: no });
    expect((await host.ofType(TYPE.bindSuccess)).headers).toEqual({ 1000: u32(4) });
  });

  it('hands a dial on with the host’s own token, a new id and who asks', async () => {
    const token = await peers.bind(host, 7);
    const connect = dialer.send(
      TYPE.connect,
      {
        1000: u32(nextId++),
        1001: u32(0),
        1003: PUBLIC_KEY,
        1008: text('somebody else'),
        1009: Buffer.from([0]),
        1011: text('app data'),
        1025: text('marker'),
        1028: yes,
        128: Buffer.alloc(16, 9),
      },
      await peers.serviceToken('Dial'),
    );
    const dial = await host.ofType(TYPE.dial);
    expect(dial.body.toString()).toBe(token);
    expect(dial.headers).toMatchObject({
      1000: u32(7),
      1003: PUBLIC_KEY,
      1008: text('User'),
      1011: text('app data'),
      1025: text('marker'),
      1034: text('user1'),
      1035: text('User'),
    });
    // Trap: never relayed, and xgress is never granted.
    expect(dial.headers).not.toHaveProperty('1009');
    expect(dial.headers).not.toHaveProperty('1028');
    const id = dial.headers[1012] as Buffer;
    expect(id.readUInt32LE()).toBeGreaterThanOrEqual(2 ** 31);
    host.send(
      TYPE.dialSuccess,
      { 1: u32(dial.sequence), 1000: u32(7), 1003: HOST_KEY, 1009: text('libsodium') },
      id,
    );
    const answer = await dialer.answerTo(connect);
    expect(answer).toMatchObject({
      type: TYPE.connected,
      headers: { 1003: HOST_KEY, 128: Buffer.alloc(16, 9) },
    });
    expect(answer.headers[1026]).toEqual(dial.headers[1026]);
    expect(answer.headers).not.toHaveProperty('1009');
    expect(answer.headers).not.toHaveProperty('1028');
  });

  it('gives the dialer the key of the binding when the answer has none, as Go does', async () => {
    await peers.bind(host, 7, { 1003: HOST_KEY });
    const connect = dialer.send(
      TYPE.connect,
      { 1000: u32(nextId++), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial'),
    );
    const dial = await host.ofType(TYPE.dial);
    host.send(TYPE.dialSuccess, { 1: u32(dial.sequence), 1000: u32(7) }, dial.headers[1012]);
    expect((await dialer.answerTo(connect)).headers[1003]).toEqual(HOST_KEY);
  });

  it('sends what the host sends at once behind StateConnected', async () => {
    await peers.bind(host, 7);
    const dialerId = nextId++;
    dialer.send(
      TYPE.connect,
      { 1000: u32(dialerId), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial'),
    );
    const dial = await host.ofType(TYPE.dial);
    const id = dial.headers[1012] as Buffer;
    host.write(
      Buffer.concat([
        frame(TYPE.dialSuccess, 50, { 1: u32(dial.sequence), 1000: u32(7) }, id),
        frame(TYPE.data, 51, { 1000: id }, 'first'),
      ]),
    );
    const order = [await dialer.next(() => true), await dialer.next(() => true)];
    expect(order.map(({ type }) => type)).toEqual([TYPE.connected, TYPE.data]);
    expect(order[1]?.headers[1000]).toEqual(u32(dialerId));
  });

  it('takes the id that an old host chose, whose Bind lacks 1012, and says so', async () => {
    const token = await peers.serviceToken('Bind');
    const bound = host.send(TYPE.bind, { 1000: u32(7), 1021: text('old') }, token);
    expect((await host.answerTo(bound)).type).toBe(TYPE.connected);
    const dialerId = nextId++;
    const connect = dialer.send(
      TYPE.connect,
      { 1000: u32(dialerId), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial'),
    );
    const dial = await host.ofType(TYPE.dial);
    expect(dial.headers).not.toHaveProperty('1012');
    const answer = { 1: u32(dial.sequence), 1000: u32(7), 1003: HOST_KEY };
    const success = host.send(TYPE.dialSuccess, answer, u32(9));
    expect(await host.answerTo(success)).toMatchObject({
      type: TYPE.connected,
      headers: { 1000: u32(9) },
    });
    expect((await dialer.answerTo(connect)).type).toBe(TYPE.connected);
    host.send(TYPE.data, { 1000: u32(9) }, 'hello');
    expect((await dialer.ofType(TYPE.data)).headers[1000]).toEqual(u32(dialerId));
  });

  it('tells the dialer why a host refused; such an answer need not have the bind id', async () => {
    await peers.bind(host, 7);
    const connect = dialer.send(
      TYPE.connect,
      { 1000: u32(nextId++), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial'),
    );
    const dial = await host.ofType(TYPE.dial);
    host.send(TYPE.dialFailed, { 1: u32(dial.sequence) }, 'not today');
    const answer = await dialer.answerTo(connect);
    expect(answer.type).toBe(TYPE.closed);
    expect(answer.body.toString()).toMatch(/not today/);
  });

  it('refuses with a body, a number and a hint', async () => {
    const connect = dialer.send(
      TYPE.connect,
      { 1000: u32(nextId++), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial', { sub: 'other' }),
    );
    const answer = await dialer.answerTo(connect);
    expect(answer.type).toBe(TYPE.closed);
    expect(refusedWith(answer)).toMatchObject({
      code: 14,
      retryHint: 3,
      body: /ERR_ACCESS_NO_POLICY/,
    });
  });

  it('refuses a dial without a key, which would go on in plain text', async () => {
    await peers.bind(host, 7);
    const connect = dialer.send(
      TYPE.connect,
      { 1000: u32(nextId++) },
      await peers.serviceToken('Dial'),
    );
    expect(refusedWith(await dialer.answerTo(connect))).toMatchObject({
      code: 11,
      body: /sent no key/,
    });
  });

  it('replaces a binding of the same listener', async () => {
    const listener = { 1021: text('the same') };
    await peers.bind(host, 11, listener);
    await peers.bind(host, 12, listener);
    expect((await host.ofType(TYPE.closed)).headers[1000]).toEqual(u32(11));
  });

  it('answers Unbind, and ends a binding by StateClosed too', async () => {
    const token = await peers.bind(host, 7);
    const unbound = await host.answerTo(host.send(TYPE.unbind, { 1000: u32(7) }, token));
    expect(unbound).toMatchObject({ type: TYPE.closed, headers: { 1000: u32(7) } });
    await peers.bind(host, 8);
    host.send(TYPE.closed, { 1000: u32(8) });
    await host.answerTo(host.send(TYPE.latency));
    const connect = dialer.send(
      TYPE.connect,
      { 1000: u32(nextId++), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial'),
    );
    expect(refusedWith(await dialer.answerTo(connect))).toMatchObject({ code: 8 });
  });

  it('takes UpdateBind and HealthEvent, which have no answer', async () => {
    const token = await peers.bind(host, 7);
    const seen = async (precedence: string, cost: number): Promise<void> =>
      network.controller.changed.until(
        () =>
          network.controller
            .all('terminator')
            .some((one) => one.precedence === precedence && one.cost === cost),
        `${precedence} ${cost}`,
      );
    await seen('default', 0);
    host.send(TYPE.updateBind, { 1000: u32(7), 1004: u16(300), 1005: yes }, token);
    await seen('required', 300);
    host.send(TYPE.health, { 1000: u32(7), 1013: no }, token);
    await seen('failed', 300);
    host.send(TYPE.health, { 1000: u32(7), 1013: yes }, token);
    await seen('required', 300);
    // Who says both ways that it is unhealthy and well again means one thing.
    host.send(TYPE.updateBind, { 1000: u32(7), 1005: Buffer.of(2) }, token);
    host.send(TYPE.health, { 1000: u32(7), 1013: no }, token);
    await seen('failed', 300);
    host.send(TYPE.updateBind, { 1000: u32(7), 1004: u16(301), 1005: Buffer.of(0) }, token);
    host.send(TYPE.health, { 1000: u32(7), 1013: yes }, token);
    host.send(TYPE.updateBind, { 1000: u32(7), 1004: u16(302) }, token);
    await seen('default', 302);
    expect(host.messages).toEqual([]);
  });

  it('dials the instance that is named, and none that is not', async () => {
    await peers.bind(host, 7, { 1003: HOST_KEY, 1006: text('one') });
    const dial = async (named: Record<number, Buffer>): Promise<number> =>
      dialer.send(
        TYPE.connect,
        { 1000: u32(nextId++), 1003: PUBLIC_KEY, ...named },
        await peers.serviceToken('Dial'),
      );
    for (const other of [{}, { 1006: text('two') }])
      expect(refusedWith(await dialer.answerTo(await dial(other)))).toMatchObject({ code: 8 });
    await join(dialer, host, {}, { 1006: text('one') }, { 1006: text('one') });
  });
});

describe('§4 data and close', () => {
  it('relays flags, trace ids and boundaries unchanged', async () => {
    const { dialerId, hostId } = await join();
    const flags = u32(4 | 8 | 2);
    const trace = Buffer.alloc(16, 5);
    dialer.send(
      TYPE.data,
      [
        [1010, flags],
        [1001, u32(0)],
        [128, trace],
        [1000, u32(dialerId)],
      ],
      'hello',
    );
    dialer.send(TYPE.data, { 1000: u32(dialerId), 1001: u32(1) }, Buffer.alloc(24, 1));
    dialer.send(TYPE.data, { 1000: u32(dialerId) }, Buffer.alloc(1_000_000, 2));
    const [first, second, third] = [
      await host.ofType(TYPE.data),
      await host.ofType(TYPE.data),
      await host.ofType(TYPE.data),
    ];
    expect(first).toMatchObject({
      body: text('hello'),
      headers: { 1000: u32(hostId), 1010: flags, 128: trace },
    });
    expect(second.body.length).toBe(24);
    expect(third.body.length).toBe(1_000_000);
  });

  it('closes one half by FIN, with or without a body, and leaves the other open', async () => {
    const { dialerId, hostId } = await join();
    dialer.send(TYPE.data, { 1000: u32(dialerId), 1010: FIN }, 'last');
    expect(await host.ofType(TYPE.data)).toMatchObject({
      body: text('last'),
      headers: { 1010: FIN },
    });
    host.send(TYPE.data, { 1000: u32(hostId) }, 'still');
    host.send(TYPE.data, { 1000: u32(hostId), 1010: FIN });
    expect((await dialer.ofType(TYPE.data)).body.toString()).toBe('still');
    expect(await dialer.ofType(TYPE.data)).toMatchObject({
      body: text(''),
      headers: { 1010: FIN },
    });
  });

  it.each(['dialer', 'host'] as const)(
    'relays StateClosed of the %s after its data',
    async (from) => {
      const { dialerId, hostId } = await join();
      const [sender, id, receiver, other] =
        from === 'dialer' ? [dialer, dialerId, host, hostId] : [host, hostId, dialer, dialerId];
      sender.send(TYPE.data, { 1000: u32(id) }, 'data');
      sender.send(TYPE.closed, { 1000: u32(id) }, 'done');
      const [data, closed] = [await receiver.next(() => true), await receiver.next(() => true)];
      expect(data.type).toBe(TYPE.data);
      expect(closed).toMatchObject({ type: TYPE.closed, headers: { 1000: u32(other) } });
      expect(closed.body.length).toBeGreaterThan(0);
    },
  );

  it('ends circuits of a connection that is lost, not the peer’s connection', async () => {
    const { hostId } = await join();
    dialer.close();
    expect((await host.ofType(TYPE.closed)).headers[1000]).toEqual(u32(hostId));
    expect((await host.answerTo(host.send(TYPE.latency))).type).toBe(TYPE.result);
  });

  it('carries all of it between routers, beyond every window', async () => {
    const far = await peers.dialer('r2');
    const { dialerId, hostId } = await join(far, host);
    const body = Buffer.alloc(2_000_000, 7);
    for (let sent = 0; sent < 10; sent++) far.send(TYPE.data, { 1000: u32(dialerId) }, body);
    far.send(TYPE.data, { 1000: u32(dialerId), 1010: FIN });
    for (let got = 0; got < 10; got++)
      expect((await host.ofType(TYPE.data)).body.equals(body)).toBe(true);
    expect((await host.ofType(TYPE.data)).headers[1010]).toEqual(FIN);
    host.send(TYPE.closed, { 1000: u32(hostId) }, 'bye');
    expect((await far.ofType(TYPE.closed)).body.toString()).toMatch(/bye/);
    far.close();
  });
});

describe('§4 other messages', () => {
  it('traces a route to its router and on to the host', async () => {
    const { dialerId, hostId } = await join();
    const near = dialer.send(TYPE.trace, { 1000: u32(dialerId), 1016: u32(1), 1015: u64(42n) });
    expect(await dialer.answerTo(near)).toMatchObject({
      type: TYPE.traceAnswer,
      headers: { 1015: u64(42n), 1016: u32(0), 1017: text('forwarder'), 1018: text('r1') },
    });
    const far = dialer.send(TYPE.trace, { 1000: u32(dialerId), 1016: u32(2), 1015: u64(43n) });
    const asked = await host.ofType(TYPE.trace);
    expect(asked.headers).toMatchObject({ 1000: u32(hostId), 1016: u32(1), 1019: u32(far) });
    host.send(TYPE.traceAnswer, {
      1: u32(asked.sequence),
      1000: u32(hostId),
      1015: u64(43n),
      1016: u32(0),
      1017: text('sdk/golang'),
      1019: u32(far),
    });
    expect((await dialer.answerTo(far)).headers).toMatchObject({
      1015: u64(43n),
      1017: text('sdk/golang'),
    });
  });

  it('takes a renewed token of the same session', async () => {
    const renewed = await peers.sessionToken({ z_t: 'a', aud: ['openziti', 'other'] });
    expect((await dialer.answerTo(dialer.send(TYPE.updateToken, {}, renewed))).type).toBe(
      TYPE.tokenTaken,
    );
  });

  it('refuses the token of another session, says why and closes', async () => {
    const other = await peers.sessionToken({ z_asid: 'other' });
    const answer = await dialer.answerTo(dialer.send(TYPE.updateToken, {}, other));
    expect(answer.type).toBe(TYPE.tokenRefused);
    expect(refusedWith(answer)).toMatchObject({ code: 2, retryHint: 2 });
    await dialer.closed;
  });

  it('closes when the session is revoked', async () => {
    await join();
    network.controller.put('revocation', { id: 'session1', expiresAtMs: Date.now() + 60_000 });
    await dialer.closed;
    expect((await host.ofType(TYPE.closed)).body.toString()).toMatch(/ERR_SESSION_ENDED/);
    network.controller.delete('revocation', 'session1');
    await network.inSync();
  });

  it('closes when the service no longer exists for the dialer', async () => {
    await join();
    network.controller.delete('servicePolicy', 'dial');
    expect((await dialer.ofType(TYPE.closed)).body.toString()).toMatch(/ERR_ACCESS_REMOVED/);
    network.controller.put('servicePolicy', {
      id: 'dial',
      type: 'Dial',
      semantic: 'AnyOf',
      identityRoles: ['#users'],
      serviceRoles: [`@${SERVICE}`],
      postureCheckRoles: [],
    });
    await network.inSync();
  });

  it('closes circuits and bindings when the service no longer accepts their encryption', async () => {
    await join();
    const service = {
      id: SERVICE,
      name: 'Service',
      roleAttributes: [],
      encryptionRequired: true,
      terminatorStrategy: 'smartrouting',
    };
    network.controller.put('service', service);
    const [circuit, binding] = [await dialer.ofType(TYPE.closed), await host.ofType(TYPE.closed)];
    for (const closed of [circuit, binding])
      expect(closed.body.toString()).toMatch(/ERR_ENCRYPTION_MISMATCH/);
    network.controller.put('service', { ...service, acceptedEncryption: ['ziti'] });
    await network.inSync();
  });
});
