/**
 * What hostile programs may try on a router's mutual-TLS listener. Each is refused, none harms the router
 * or the circuits of others. The WebSocket listener has its own in `hostile-websockets.test.ts`, links and the
 * control channel theirs in `test/integration/router-hostile.test.ts`.
 */
import { connect as tcpConnect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RouterNetwork } from '../harness/router-network.ts';
import { createTestPki, createTestSigner, ISSUER } from '../harness/router-pki.ts';
import { HOST_KEY, PUBLIC_KEY, SdkPeers } from './sdk-peers.ts';
import { frame, text, u32, u64, WireClient, yes } from './sdk-wire.ts';

const CONNECT = 60783;
const CONNECTED = 60784;
const CLOSED = 60785;
const DATA = 60786;
const DIAL = 60787;
const DIAL_SUCCESS = 60788;

let network: RouterNetwork;
let peers: SdkPeers;
let host: WireClient;
let witness: { client: WireClient; id: number };
let nextId = 100;

beforeAll(async () => {
  network = await RouterNetwork.create();
  peers = await SdkPeers.create(network);
  await network.startRouter('r1', {
    limits: { helloTimeoutMs: 2_000, sweepMs: 50, unauthenticatedPerAddress: 1000 },
  });
  host = await peers.host();
  await peers.bind(host, 7, { 1003: HOST_KEY });
  void echo(host);
  witness = await join(await peers.dialer());
});
afterAll(async () => {
  peers?.close();
  await network?.close();
});
/** The circuit that was open before still works. */
afterEach(async () => {
  const { client, id } = witness;
  client.send(DATA, { 1000: u32(id) }, 'still here');
  expect((await client.ofType(DATA)).body.toString()).toBe('still here');
});

/** Accepts every dial and sends back what comes. */
async function echo(on: WireClient): Promise<void> {
  for (;;) {
    const message = await on
      .next(({ type }) => type === DIAL || type === DATA)
      .catch(() => undefined);
    if (message === undefined) return;
    if (message.type === DIAL) {
      const answer = { 1: u32(message.sequence), 1000: u32(7) };
      on.send(DIAL_SUCCESS, answer, message.headers[1012]);
    } else on.send(DATA, { 1000: message.headers[1000] as Buffer }, message.body);
  }
}

async function dial(
  client: WireClient,
  { id = nextId++, token, headers = {} }: { id?: number; token?: string; headers?: object } = {},
) {
  const body = token ?? (await peers.serviceToken('Dial'));
  const sequence = client.send(CONNECT, { 1000: u32(id), 1003: PUBLIC_KEY, ...headers }, body);
  return { id, answer: await client.answerTo(sequence) };
}

async function join(client: WireClient): Promise<{ client: WireClient; id: number }> {
  const { id, answer } = await dial(client);
  expect(answer.type).toBe(CONNECTED);
  return { client, id };
}

/** What a Hello with this token on this connection is answered by: the text of the refusal. */
async function refusedHello(client: WireClient, token: string): Promise<string> {
  const result = await client.answerTo(client.send(0, { 1002: text(token) }));
  expect(result.headers[2]).toEqual(Buffer.from([0]));
  await client.closed;
  return result.body.toString();
}

describe('before the Hello', () => {
  it('1: ALPN of something else', async () => {
    const client = await peers.connect(undefined, ['h2', 'http/1.1']);
    await client.closed;
    expect(client.socket.authorized).toBe(false);
  });

  it('2: no certificate', async () => {
    const client = new WireClient({ port: network.router('r1').fabricPort, ca: network.pki.ca });
    client.send(0, { 1002: text(await peers.sessionToken()) });
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('3: a certificate of another authority', async () => {
    const foreign = await createTestPki();
    const client = new WireClient({
      port: network.router('r1').fabricPort,
      ca: network.pki.ca,
      ...(await foreign.issue('identity/user1')),
    });
    client.send(0, { 1002: text(await peers.sessionToken()) });
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('4: somebody else’s certificate as filler in the chain', async () => {
    const own = await network.pki.issue('identity/host1');
    const victim = await network.pki.issue('identity/user1');
    const client = new WireClient({
      port: network.router('r1').fabricPort,
      ca: network.pki.ca,
      key: own.key,
      cert: `${own.cert}\n${victim.cert}`,
    });
    const why = await refusedHello(client, await peers.sessionToken());
    expect(why).toMatch(/not about who the certificate is about/);
  });

  it('5: a router’s certificate on an edge connection', async () => {
    const client = await peers.connect('router/r9');
    client.send(0, { 1002: text(await peers.sessionToken()) });
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('6: plain text instead of TLS', async () => {
    const socket = tcpConnect(network.router('r1').fabricPort, '127.0.0.1');
    socket.on('error', () => undefined);
    const over = new Promise((resolve) => socket.on('close', resolve));
    socket.resume();
    socket.write(frame(0, 1, { 1002: text(await peers.sessionToken()) }));
    await over;
  });

  it('7: silence', async () => {
    const client = await peers.connect();
    await client.closed;
  });

  it('8: headers beyond the limit, refused before they come', async () => {
    const client = await peers.connect();
    client.write(
      Buffer.concat([Buffer.from('0306090c', 'hex'), u32(0), u32(1), u32(1 << 30), u32(0)]),
    );
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('9: another message than Hello', async () => {
    const client = await peers.connect();
    client.send(CONNECT, { 1000: u32(1) }, await peers.serviceToken('Dial'));
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('10: more messages before the Hello was answered', async () => {
    const client = await peers.connect();
    const hello = frame(0, 1, { 1002: text(await peers.sessionToken()) });
    client.write(Buffer.concat([hello, hello]));
    await client.closed;
  });
});

describe('at the Hello', () => {
  it.each([
    [
      '11: a forged session',
      async () => (await createTestSigner('session')).sign('JWT', { z_t: 'l' }),
    ],
    ['12: an expired JWT', () => peers.sessionToken({ iat: 1000, exp: 2000, out: 2000 })],
    ['13: a token for another audience', () => peers.sessionToken({ aud: 'elsewhere' })],
    ['14: a service token as session', () => peers.serviceToken('Dial')],
    ['15: a refresh token', () => peers.sessionToken({ z_t: 'r' })],
    ['16: an opaque token', () => Promise.resolve(crypto.randomUUID())],
    [
      '17: a token without signature',
      async () => {
        const [, payload = ''] = (await peers.sessionToken()).split('.');
        return `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`;
      },
    ],
    ['18: a token from another issuer', () => peers.sessionToken({ iss: `${ISSUER}/other` })],
    ['19: nothing at all as token', () => Promise.resolve('')],
  ])('%s', async (_, token) => {
    const why = await refusedHello(await peers.connect(), await token());
    expect(why).toMatch(/ERR_TOKEN_INVALID/);
  });

  it('20: the session of somebody else', async () => {
    const client = await peers.connect('identity/host1');
    expect(await refusedHello(client, await peers.sessionToken())).toMatch(/ERR_TOKEN_INVALID/);
  });

  it('21: a session’s certificate with the token of another session', async () => {
    const path = 'identity/user1/apiSession/other/apiSessionCertificate/c1';
    const client = await peers.connect(path);
    expect(await refusedHello(client, await peers.sessionToken())).toMatch(/ERR_TOKEN_INVALID/);
  });

  it('22: a session’s certificate as a connector', async () => {
    const client = await peers.connect('identity/host1/apiSession/s/apiSessionCertificate/c1');
    client.send(0, {}, 'postern-connector');
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('23: a disabled identity', async () => {
    const identity = { id: 'user2', name: 'Two', disabled: true, roleAttributes: ['users'] };
    network.controller.put('identity', identity);
    await network.inSync();
    const client = await peers.connect('identity/user2');
    const token = await peers.sessionToken({ sub: 'user2' });
    expect(await refusedHello(client, token)).toMatch(/ERR_IDENTITY_DISABLED/);
  });
});

describe('once connected', () => {
  it('24: data before the circuit is joined', async () => {
    const client = await peers.dialer();
    const id = nextId++;
    const connect = frame(
      CONNECT,
      5,
      { 1000: u32(id), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial'),
    );
    client.write(Buffer.concat([connect, frame(DATA, 6, { 1000: u32(id) }, 'early')]));
    const answer = await client.answerTo(5);
    expect(answer).toMatchObject({ type: CLOSED });
    expect(answer.body.toString()).toMatch(/data before the circuit was joined/);
  });

  it('25: a connection id that is in use', async () => {
    const { client, id } = await join(await peers.dialer());
    client.send(CONNECT, { 1000: u32(id), 1003: PUBLIC_KEY }, await peers.serviceToken('Dial'));
    await client.closed;
  });

  it('26: a connection id of the router’s half', async () => {
    const client = await peers.dialer();
    client.send(
      CONNECT,
      { 1000: u32(0x8000_0001), 1003: PUBLIC_KEY },
      await peers.serviceToken('Dial'),
    );
    await client.closed;
  });

  it('27: data whose second connection id is another circuit’s', async () => {
    const { client, id } = await join(await peers.dialer());
    client.send(
      DATA,
      [
        [1000, u32(id)],
        [1000, u32(witness.id)],
      ],
      'smuggled',
    );
    expect((await client.ofType(CLOSED)).body.toString()).toMatch(/given twice/);
  });

  it('28: data with more headers than body', async () => {
    const { client, id } = await join(await peers.dialer());
    client.send(DATA, { 1000: u32(id), 77: Buffer.alloc(8_000) }, 'x');
    expect((await client.ofType(CLOSED)).body.toString()).toMatch(/bytes of headers/);
  });

  it('29: a message beyond every limit', async () => {
    const { client, id } = await join(await peers.dialer());
    const headers = Buffer.concat([u32(1000), u32(4), u32(id)]);
    const prefix = [Buffer.from('0306090c', 'hex'), u32(DATA), u32(9), u32(12), u32(1 << 30)];
    client.write(Buffer.concat([...prefix, headers]));
    await client.closed;
  });

  it('30: a header twice', async () => {
    const client = await peers.dialer();
    client.send(3, [
      [128, u64(1n)],
      [128, u64(2n)],
    ]);
    await client.closed;
  });

  it('31: credits, which an SDK has none of', async () => {
    const { client, id } = await join(await peers.dialer());
    client.send(61101, [
      [1000, u32(id)],
      [3101, u64(1n << 40n)],
      [3102, u32(9)],
    ]);
    await client.closed;
  });

  it('32: a flood of dials', async () => {
    const client = await peers.dialer();
    const token = await peers.serviceToken('Dial');
    const answers = await Promise.all(Array.from({ length: 100 }, () => dial(client, { token })));
    const refused = answers.filter(({ answer }) => answer.type === CLOSED);
    expect(refused.length).toBeGreaterThan(50);
    for (const { answer } of refused)
      expect(JSON.parse(String(answer.headers[1033]))).toMatchObject({ code: 1, retryHint: 1 });
  });

  it.each([
    [
      '33: a forged service session',
      async () => (await createTestSigner('session')).sign('JWT', { sub: 'svc1' }),
    ],
    [
      '34: a service session of another API session',
      () => peers.serviceToken('Dial', { z_asid: 'other' }),
    ],
    ['35: somebody else’s service session', () => peers.serviceToken('Dial', { z_iid: 'host1' })],
    ['36: a service session for hosting', () => peers.serviceToken('Dial', { z_st: 'Bind' })],
    [
      '37: an expired service session',
      () => peers.serviceToken('Dial', { iat: 1, exp: 2, out: 2 }),
    ],
    ['38: a bare service id', () => Promise.resolve('svc1')],
  ])('%s', async (_, token) => {
    const { answer } = await dial(await peers.dialer(), { token: await token() });
    expect(answer.type).toBe(CLOSED);
    expect(answer.body.toString()).toMatch(/ERR_GRANT_INVALID/);
  });

  it('39: keys that are none', async () => {
    const { answer } = await dial(await peers.dialer(), { headers: { 1003: Buffer.alloc(31) } });
    expect(answer.type).toBe(CLOSED);
  });

  it('40: hosting what it may only dial', async () => {
    const client = await peers.dialer();
    const token = await peers.serviceToken('Bind', { z_iid: 'user1', z_asid: 'session1' });
    const answer = await client.answerTo(client.send(60790, { 1000: u32(1), 1012: yes }, token));
    expect(answer.type).toBe(CLOSED);
    expect(answer.body.toString()).toMatch(/ERR_ACCESS_NO_POLICY/);
  });

  it('41: an answer to a dial that nobody made, and data of circuits that are none', async () => {
    const client = await peers.dialer();
    client.send(DIAL_SUCCESS, { 1: u32(77), 1000: u32(7) }, u32(0x8000_0000));
    client.send(DATA, { 1000: u32(0x8000_0000) }, 'x');
    client.send(DATA, { 1000: u32(12_345) }, 'x');
    expect((await client.answerTo(client.send(3))).type).toBe(2);
  });
});
