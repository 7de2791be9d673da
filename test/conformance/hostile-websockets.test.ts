/**
 * What hostile programs may try on a router's WebSocket listener: those of `hostile-clients.test.ts` that apply to
 * it, by the same numbers, and what only browsers' proofs invite. Each is refused, none harms the router or the
 * circuits of others. Garbage, wrong origins and silence are in `test/integration/router-hostile.test.ts`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RouterNetwork, SESSION } from '../harness/router-network.ts';
import { createAppKey } from '../harness/router-peers.ts';
import { createTestSigner, ISSUER } from '../harness/router-pki.ts';
import { text, u32, u64, type WireMessage } from './sdk-wire.ts';
import { SocketClient, type HelloParts } from './websocket-wire.ts';

const CONNECT = 60783;
const CONNECTED = 60784;
const CLOSED = 60785;
const DATA = 60786;
const CREDIT = 61101;

let network: RouterNetwork;
let witness: { client: SocketClient; id: number };
let witnessed = 0;
let nextId = 100;
const clients: SocketClient[] = [];

const open = (): SocketClient => {
  const client = new SocketClient(network.router('r1').edgeUrls[0] ?? '');
  clients.push(client);
  return client;
};

/** Greets; what the router answers, and with which code it closes if it refuses. */
async function greet(parts: Partial<HelloParts> = {}) {
  const client = open();
  const token = await network.appToken();
  const challenge = await client.challenge();
  const hello = await client.helloHeaders(challenge, { token, key: network.appKey, ...parts });
  const result = await client.answerTo(client.send(0, hello));
  return { client, accepted: result.headers[2]?.[0] === 1, code: codeOf(result) };
}

/** The code in the structured error of a refusal. */
function codeOf({ headers }: WireMessage): unknown {
  return headers[1033] && (JSON.parse(headers[1033].toString()) as { code: unknown }).code;
}

/** A client that was let in. */
async function enter(): Promise<SocketClient> {
  const { client, accepted } = await greet();
  expect(accepted).toBe(true);
  return client;
}

async function dial(client: SocketClient, grant?: string, id = nextId++) {
  const body = grant ?? (await network.dialGrant());
  return { id, answer: await client.answerTo(client.send(CONNECT, { 1000: u32(id) }, body)) };
}

async function join(client: SocketClient): Promise<{ client: SocketClient; id: number }> {
  const { id, answer } = await dial(client);
  expect(answer.type).toBe(CONNECTED);
  return { client, id };
}

beforeAll(async () => {
  network = await RouterNetwork.create();
  await network.startRouter('r1', {
    limits: { helloTimeoutMs: 5_000, sweepMs: 50, unauthenticatedPerAddress: 1000 },
  });
  await network.startHost('r1', (circuit) => {
    circuit.onMessage = (message) => circuit.send(message.slice());
  });
  witness = await join(await enter());
});
afterAll(async () => {
  for (const client of clients) client.close();
  await network?.close();
});
/** The circuit that was open before still works. */
afterEach(async () => {
  const { client, id } = witness;
  witnessed += 1;
  client.send(DATA, { 1000: u32(id), 1001: u32(witnessed) }, 'still here');
  expect((await client.ofType(DATA)).body.toString()).toBe('still here');
});

describe('before the Hello', () => {
  it('8: headers beyond the limit', async () => {
    const client = open();
    await client.challenge();
    client.send(0, { 1002: Buffer.alloc(20_000) });
    expect(await client.closed).toBeGreaterThan(1000);
    expect(client.messages).toEqual([]);
  });

  it('8: a length that is not the message’s', async () => {
    const client = open();
    await client.challenge();
    client.write(
      Buffer.concat([Buffer.from('0306090c', 'hex'), u32(0), u32(1), u32(1 << 30), u32(0)]),
    );
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('9: another message than Hello', async () => {
    const client = open();
    await client.challenge();
    client.send(CONNECT, { 1000: u32(1) }, await network.dialGrant());
    await client.closed;
    expect(client.messages).toEqual([]);
  });

  it('10: a second Hello before the first was answered', async () => {
    const client = open();
    const parts = { token: await network.appToken(), key: network.appKey };
    const hello = await client.helloHeaders(await client.challenge(), parts);
    client.send(0, hello);
    client.send(0, hello);
    await client.closed;
  });
});

describe('at the Hello', () => {
  const sign = (claims: Record<string, unknown>) => () => network.appToken(claims);
  it.each<[string, () => Promise<string>]>([
    [
      '11: a forged session',
      async () => (await createTestSigner('token')).sign('at+jwt', { sub: 'user1' }),
    ],
    ['12: an expired token', sign({ iat: 1000, exp: 2000, out: 2000 })],
    ['12: a token from the future', sign({ iat: 9_000_000_000, exp: 9_000_000_300 })],
    ['13: a token for another audience', sign({ aud: 'https://elsewhere.test' })],
    ['14: a dial grant as token', () => network.dialGrant()],
    ['16: an opaque token', () => Promise.resolve(crypto.randomUUID())],
    [
      '17: a token without signature',
      async () => {
        const [, payload = ''] = (await network.appToken()).split('.');
        return `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`;
      },
    ],
    ['18: a token from another issuer', sign({ iss: `${ISSUER}/other` })],
    ['20: the token of another key', sign({ cnf: { jkt: 'x'.repeat(43) } })],
    ['20: a token of no key', sign({ cnf: {} })],
  ])('%s', async (_, token) => {
    const { client, accepted, code } = await greet({ token: await token() });
    expect(accepted).toBe(false);
    expect(code).toBe('ERR_TOKEN_INVALID');
    expect(await client.closed).toBeGreaterThan(1000);
  });

  it.each<[string, () => Promise<Partial<HelloParts>>]>([
    ['a proof for another connection', async () => ({ nonce: (await open().challenge()).body })],
    ['a proof for another router', () => Promise.resolve({ routerId: 'r2' })],
    ['an old proof', () => Promise.resolve({ timeMs: Date.now() - 3_600_000 })],
    ['a proof from the future', () => Promise.resolve({ timeMs: Date.now() + 3_600_000 })],
    ['a proof by another key', async () => ({ key: await createAppKey() })],
    ['a key beside its proof', async () => ({ point: (await createAppKey()).publicPoint })],
    ['a point that is on no curve', () => Promise.resolve({ point: Buffer.alloc(65, 4) })],
    ['a proof of zeros', () => Promise.resolve({ proof: Buffer.alloc(64) })],
    ['a proof of no bytes', () => Promise.resolve({ proof: Buffer.alloc(0) })],
  ])('%s', async (_, parts) => {
    const { client, accepted, code } = await greet(await parts());
    expect(accepted).toBe(false);
    expect(code).toMatch(/^ERR_(TOKEN_INVALID|CHANNEL_HEADER)$/);
    await client.closed;
  });

  it('30: its token twice', async () => {
    const client = open();
    const token = await network.appToken();
    const hello = await client.helloHeaders(await client.challenge(), {
      token,
      key: network.appKey,
    });
    const headers = Object.entries(hello).map(([key, value]) => [Number(key), value] as const);
    client.send(0, [...headers, [1002, text(token)]]);
    await client.closed;
    expect(client.messages.some(({ headers: got }) => got[2]?.[0] === 1)).toBe(false);
  });
});

describe('once let in', () => {
  it('24: data before the circuit is joined goes nowhere', async () => {
    const client = await enter();
    const id = nextId++;
    client.send(DATA, { 1000: u32(id), 1001: u32(1) }, 'too early');
    const { answer } = await dial(client, undefined, id);
    expect(answer.type).toBe(CONNECTED);
    client.send(DATA, { 1000: u32(id), 1001: u32(1) }, 'in time');
    expect((await client.ofType(DATA)).body.toString()).toBe('in time');
  });

  it('25: a connection id that is in use', async () => {
    const { client, id } = await join(await enter());
    client.send(CONNECT, { 1000: u32(id) }, await network.dialGrant());
    await client.closed;
  });

  it('26: a connection id of the router’s half', async () => {
    const client = await enter();
    client.send(CONNECT, { 1000: u32(0x8000_0001) }, await network.dialGrant());
    await client.closed;
  });

  it('27: data whose second connection id is another circuit’s', async () => {
    const { client, id } = await join(await enter());
    client.send(
      DATA,
      [
        [1000, u32(id)],
        [1000, u32(witness.id)],
      ],
      'smuggled',
    );
    // Either the circuit or the connection ends; nothing reaches the other circuit, as `afterEach` shows.
    await Promise.race([client.closed, client.ofType(CLOSED)]);
  });

  it('29: a message beyond every limit', async () => {
    const { client, id } = await join(await enter());
    client.send(DATA, { 1000: u32(id), 1001: u32(0) }, Buffer.alloc(200_000));
    await client.closed;
  });

  it('30: a header twice', async () => {
    const client = await enter();
    client.send(3, [
      [128, u64(1n)],
      [128, u64(2n)],
    ]);
    await client.closed;
  });

  it('41: data and credit of circuits that are none', async () => {
    const client = await enter();
    for (const id of [5_000, witness.id, 0, 0xffff_ffff]) {
      client.send(DATA, { 1000: u32(id), 1001: u32(0) }, 'stray');
      client.send(CREDIT, { 1000: u32(id), 3101: u64(1n << 40n), 3102: u32(9) });
    }
    expect((await dial(client)).answer.type).toBe(CONNECTED);
  });

  it('32: a flood of dials', async () => {
    const client = await enter();
    const grant = await network.dialGrant();
    const answers = await Promise.all(Array.from({ length: 100 }, () => dial(client, grant)));
    const refused = answers.filter(({ answer }) => answer.type === CLOSED);
    expect(refused.length).toBeGreaterThan(50);
    for (const { answer } of refused) expect(codeOf(answer)).toBe('ERR_ROUTER_OVERLOADED');
  });

  const grant = (claims: Record<string, unknown>) => () => network.dialGrant(claims);
  it.each<[string, () => Promise<string>]>([
    [
      '33: a forged grant',
      async () => (await createTestSigner('grant')).sign('postern-dial+jwt', { svc: 'svc1' }),
    ],
    ['34: a grant of another session', grant({ sid: 'other' })],
    ['35: somebody else’s grant', grant({ sub: 'host1' })],
    ['35: a grant of another key', grant({ cnf: { jkt: 'x'.repeat(43) } })],
    ['36: a grant for hosting', () => network.bindGrant()],
    ['37: an expired grant', grant({ iat: 1, exp: 2, out: 2 })],
    ['38: a bare service id', () => Promise.resolve('svc1')],
    ['a grant for a service that the token is not for', grant({ svc: 'another' })],
    ['the app token as grant', () => network.appToken()],
  ])('%s', async (_, body) => {
    const { answer } = await dial(await enter(), await body());
    expect(answer.type).toBe(CLOSED);
    expect(codeOf(answer)).toBe('ERR_GRANT_INVALID');
  });

  it.each<[string, () => Promise<string>]>([
    ['of another session', () => network.appToken({ sid: `${SESSION}-2` })],
    ['of another service', () => network.appToken({ aud: 'urn:postern:service:another' })],
    ['of another key', () => network.appToken({ cnf: { jkt: 'x'.repeat(43) } })],
    ['that is forged', async () => (await createTestSigner('token')).sign('at+jwt', {})],
  ])('cannot go on with a token %s', async (_, token) => {
    const client = await enter();
    const answer = await client.answerTo(client.send(60803, {}, await token()));
    expect(answer.type).toBe(60802);
  });

  it('40: hosting, which browsers never do', async () => {
    const client = await enter();
    client.send(60790, { 1000: u32(7) }, await network.bindGrant());
    // What was answered to the Bind would have come before the answer to the dial.
    expect((await dial(client)).answer.type).toBe(CONNECTED);
    expect(client.messages).toEqual([]);
  });
});
