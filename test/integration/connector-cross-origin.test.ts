/** What a connector lets pages of another origin do, whatever their service worker says or leaves out. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Field } from '@postern/shared/protocol/http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { openWebSocket, request } from '../harness/connector-client.ts';
import { startConnectorWorld, type ConnectorWorld } from '../harness/connector-world.ts';

const VIA = 'https://notes.example.com';
const grantClaims = { aud: 'postern:dial-cross-origin', via: VIA };
const allow = { 'access-control-allow-origin': VIA };
const allowCredentials = { ...allow, 'access-control-allow-credentials': 'true' };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
const last = (method: string) => seen.findLast((one) => one.method === method);
/** Answers, by path, with these fields. */
const answers: Record<string, Record<string, string | string[]>> = {
  '/open': { 'access-control-allow-origin': '*', 'x-own': 'kept from script', 'x-shown': 'a' },
  '/exposed': {
    ...allow,
    'access-control-expose-headers': 'X-Shown',
    'x-shown': 'a',
    'x-own': 'b',
  },
  '/theirs': { 'access-control-allow-origin': 'https://other.example.com' },
  '/closed': {},
  '/cookies': {
    ...allowCredentials,
    'set-cookie': [
      'third=1; Secure; SameSite=None; Path=/',
      'hidden=2; HttpOnly; Secure; SameSite=None; Path=/',
      'lax=3; SameSite=Lax',
      'plain=4',
      'insecure=5; SameSite=None',
    ],
  },
  '/embeddable': { 'cross-origin-resource-policy': 'cross-origin' },
  '/own-only': {
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'same-origin',
  },
  '/preflighted': {
    ...allowCredentials,
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'X-One, Content-Type',
    'access-control-max-age': '60',
  },
  '/wild': {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': '*',
    'access-control-allow-headers': '*',
  },
};
const redirects: Record<string, [number, string]> = {
  '/to-open': [302, '/open'],
  '/to-same': [307, 'https://wiki.example.com/open'],
  '/to-elsewhere': [302, 'https://elsewhere.example.com/callback?code=secret'],
  '/in-circles': [302, '/in-circles'],
  '/silent-redirect': [302, '/open'],
};

const app: Handler = (incoming, response) => {
  const { method = '', url = '', headers } = incoming;
  seen.push({ method, url, headers });
  const [path = ''] = url.split('?');
  incoming.resume();
  const redirect = redirects[path];
  if (redirect) {
    const cors = path === '/silent-redirect' ? {} : { 'access-control-allow-origin': '*' };
    response.writeHead(redirect[0], { location: redirect[1], ...cors }).end();
    return;
  }
  response.writeHead(path === '/failing' ? 500 : 200, {
    'content-type': 'text/plain',
    ...answers[path],
  });
  response.end(`secret of ${path}`);
};

let world: ConnectorWorld;
let target: string;
const server = createServer(app);
beforeAll(async () => {
  const sockets = new WebSocketServer({
    server,
    verifyClient: ({ origin, req }: { origin: string; req: IncomingMessage }) => {
      seen.push({ method: 'SOCKET', url: req.url ?? '', headers: req.headers });
      return origin === VIA && req.url !== '/refused';
    },
  });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world = await startConnectorWorld({ target });
});
afterAll(async () => {
  await world.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void (seen.length = 0));

interface Ask {
  method?: string;
  fields?: Field[];
  /** The service worker's word; `cors omit follow empty` unless said. */
  how?: string;
  body?: Uint8Array;
}
async function ask(
  path: string,
  { how = 'cors omit follow empty', fields = [], ...rest }: Ask = {},
) {
  const session = await world.open(undefined, { grantClaims });
  const answer = await request(session, path, {
    ...rest,
    fields: [['postern-cross-origin', how], ...fields],
  });
  return {
    status: answer.status,
    withheld: answer.field('postern-cross-origin'),
    names: answer.fields.map(([name]) => name),
    cookies: answer.fields.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
    text: await answer.text(),
  };
}

describe('the CORS check', () => {
  it.each([
    ['/open', 'omit', undefined],
    ['/open', 'include', 'no-allow-origin'],
    ['/exposed', 'omit', undefined],
    ['/exposed', 'include', 'no-allow-origin'],
    ['/cookies', 'include', undefined],
    ['/theirs', 'omit', 'no-allow-origin'],
    ['/closed', 'omit', 'no-allow-origin'],
    ['/failing', 'omit', 'no-allow-origin'],
  ])('%s with credentials %s: %s', async (path, credentials, withheld) => {
    const got = await ask(path, { how: `cors ${credentials} follow empty` });
    expect(got.withheld).toBe(withheld);
    expect(got.text).toBe(withheld === undefined ? `secret of ${path}` : '');
    if (withheld !== undefined) expect(got.status).toBe(403);
    expect(last('GET')!.headers.origin).toBe(VIA);
  });

  it('shows of the head what is safelisted or exposed', async () => {
    expect((await ask('/open')).names).toEqual(['content-type']);
    expect((await ask('/exposed')).names.sort()).toEqual(['content-type', 'x-shown']);
  });
});

describe('preflights', () => {
  const how = 'cors include follow empty';
  it.each<[string, Ask, boolean]>([
    ['/preflighted', { method: 'PUT' }, true],
    ['/preflighted', { method: 'DELETE' }, false],
    ['/preflighted', { method: 'PUT', fields: [['x-one', '1']] }, true],
    ['/preflighted', { method: 'PUT', fields: [['x-two', '1']] }, false],
    ['/preflighted', { method: 'POST', fields: [['content-type', 'application/json']] }, true],
    ['/closed', { method: 'DELETE' }, false],
    ['/closed', { method: 'POST', fields: [['content-type', 'application/json']] }, false],
    ['/closed', { fields: [['authorization', 'Bearer x']] }, false],
    ['/wild', { how: 'cors omit follow empty', method: 'PATCH', fields: [['x-any', '1']] }, true],
    ['/wild', { how: 'cors omit follow empty', fields: [['authorization', 'Basic x']] }, false],
    ['/wild', { method: 'PATCH' }, false],
  ])('%s, %o: allowed %s', async (path, options, isAllowed) => {
    // Each its own address: what is allowed is remembered.
    const got = await ask(`${path}?${JSON.stringify(options).length}`, { how, ...options });
    expect(got.withheld).toBe(isAllowed ? undefined : 'preflight');
    const [preflight, real] = [last('OPTIONS')!, last(options.method ?? 'GET')];
    expect(preflight.headers).toMatchObject({
      origin: VIA,
      'access-control-request-method': options.method ?? 'GET',
    });
    expect(preflight.headers.cookie).toBeUndefined();
    expect(real === undefined).toBe(!isAllowed);
  });

  it('are not asked again while the answer is good, by the same origin alone', async () => {
    const fields: Field[] = [['x-one', '1']];
    await ask('/preflighted?again', { how, method: 'PUT', fields });
    await ask('/preflighted?again', { how, method: 'PUT', fields });
    expect(seen.map(({ method }) => method)).toEqual(['OPTIONS', 'PUT', 'PUT']);
    const session = await world.open(undefined, {
      grantClaims: { ...grantClaims, via: 'https://third.example.com' },
    });
    const answer = await request(session, '/preflighted?again', {
      method: 'PUT',
      fields: [['postern-cross-origin', how], ...fields],
    });
    expect(answer.field('postern-cross-origin')).toBe('preflight');
  });

  it('are spared what browsers send by themselves', async () => {
    const fields: Field[] = [
      ['user-agent', 'Browser'],
      ['accept-encoding', 'gzip'],
      ['accept', 'text/html'],
      ['accept-language', 'de,en;q=0.9'],
      ['content-length', '1'],
      ['content-type', 'text/plain;charset=UTF-8'],
    ];
    const got = await ask('/open', { method: 'POST', fields, body: Buffer.from('x') });
    expect(got.status).toBe(200);
    expect(seen.map(({ method }) => method)).toEqual(['POST']);
  });
});

describe('requests without CORS', () => {
  const how = 'no-cors include follow image';
  it.each([
    ['/closed', 'opaque'],
    ['/theirs', 'opaque'],
    ['/failing', 'opaque'],
    ['/own-only', 'opaque'],
    ['/embeddable', undefined],
  ])('the answer of %s: %s', async (path, withheld) => {
    const got = await ask(path, { how });
    expect(got.withheld).toBe(withheld);
    expect(got.text).toBe(withheld === undefined ? `secret of ${path}` : '');
    expect(last('GET')!.headers).toMatchObject({
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'image',
    });
    expect(last('GET')!.headers.origin).toBeUndefined();
  });

  it('reach the application when they are simple, and lose what is not', async () => {
    const got = await ask('/closed', {
      how: 'no-cors omit follow empty',
      method: 'POST',
      fields: [
        ['content-type', 'application/json'],
        ['x-csrf-token', 'x'],
        ['authorization', 'Bearer x'],
        ['content-length', '2'],
      ],
      body: Buffer.from('{}'),
    });
    expect(got.withheld).toBe('opaque');
    const { headers } = last('POST')!;
    expect(headers.origin).toBe(VIA);
    for (const name of ['content-type', 'x-csrf-token', 'authorization']) {
      expect(headers[name]).toBeUndefined();
    }
    expect((await ask('/closed', { how, method: 'PUT' })).withheld).toBe('preflight');
    expect(last('PUT')).toBeUndefined();
  });
});

describe('what the application is told', () => {
  it('is not the browser’s, nor the page’s, to say', async () => {
    await ask('/wild', {
      how: 'cors omit follow empty',
      fields: [
        ['origin', 'https://wiki.example.com'],
        ['referer', 'https://wiki.example.com/admin'],
        ['cookie', 'session=forged'],
        ['sec-fetch-site', 'same-origin'],
        ['sec-fetch-mode', 'navigate'],
        ['postern-assertion', 'forged'],
        ['x-forwarded-for', 'forged'],
        ['via', 'forged'],
        ['access-control-request-method', 'PUT'],
      ],
    });
    const { headers } = last('GET')!;
    expect(headers).toMatchObject({ origin: VIA, 'sec-fetch-site': 'cross-site' });
    expect(headers.cookie).toBeUndefined();
    expect(headers.referer).toBeUndefined();
    expect(JSON.stringify(headers)).not.toContain('forged');
  });

  it('is no identity, even where the session shows an assertion', async () => {
    const caller = await world.newCaller();
    const session = await world.open(caller, {
      grantClaims,
      assertion: await world.assertion(caller),
    });
    await request(session, '/open', {
      fields: [['postern-cross-origin', 'cors include follow empty']],
    });
    expect(last('GET')!.headers['postern-assertion']).toBeUndefined();
  });

  it.each(['', 'cors', 'cors include follow document', 'navigate include follow empty', 'a b c d'])(
    'nothing, where the request does not say how it was made: "%s"',
    async (how) => {
      const got = await ask('/open', { how });
      expect(got.status).toBe(400);
      expect(seen).toEqual([]);
    },
  );
});

describe('cookies', () => {
  it('are those of other sites alone, sealed all, and come back to the same caller', async () => {
    const caller = await world.newCaller();
    const session = await world.open(caller, { grantClaims });
    const get = (fields: Field[]) => request(session, '/cookies', { fields });
    const answer = await get([['postern-cross-origin', 'cors include follow empty']]);
    const set = answer.fields.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
    expect(set.map((value) => value.split('=')[0])).toEqual(['third', 'hidden']);
    for (const value of set) expect(value).toMatch(/^\w+=~1\./);

    const cookie = set.map((value) => value.split(';')[0]).join('; ');
    await get([
      ['postern-cross-origin', 'cors include follow empty'],
      ['cookie', `${cookie}; made=up`],
    ]);
    expect(last('GET')!.headers.cookie).toBe('third=1; hidden=2');
    await get([
      ['postern-cross-origin', 'cors omit follow empty'],
      ['cookie', cookie],
    ]);
    expect(last('GET')!.headers.cookie).toBeUndefined();
    // Nor do they open for the application's own pages of the same person.
    const own = await world.open(await world.newCaller());
    await request(own, '/open', { fields: [['cookie', cookie]] });
    expect(last('GET')!.headers.cookie).toBeUndefined();
  });

  it('are not set without credentials', async () => {
    expect((await ask('/cookies')).cookies).toEqual([]);
  });

  it('are taken with an answer that the page does not get', async () => {
    const got = await ask('/cookies', { how: 'no-cors include follow empty', method: 'POST' });
    expect(got.cookies).toHaveLength(2);
  });
});

describe('redirects', () => {
  it.each([
    ['/to-open', 'cors omit follow empty', undefined],
    ['/to-same', 'cors omit follow empty', undefined],
    ['/to-open', 'cors omit error empty', 'elsewhere'],
    ['/to-open', 'cors omit manual empty', 'redirect'],
    ['/to-elsewhere', 'cors omit follow empty', 'elsewhere'],
    ['/in-circles', 'cors omit follow empty', 'elsewhere'],
    ['/silent-redirect', 'cors omit follow empty', 'no-allow-origin'],
  ])('%s, %s: %s', async (path, how, withheld) => {
    const got = await ask(path, { how });
    expect(got.withheld).toBe(withheld);
    expect(got.text).toBe(withheld === undefined ? 'secret of /open' : '');
    expect(JSON.stringify(got)).not.toContain('code=secret');
  });

  it('turn a form into a GET, and do not send a body twice', async () => {
    const body = Buffer.from('a=1');
    const fields: Field[] = [
      ['content-type', 'text/plain'],
      ['content-length', '3'],
    ];
    expect((await ask('/to-open', { method: 'POST', fields, body })).text).toBe('secret of /open');
    expect(last('GET')!.headers['content-length']).toBeUndefined();
    expect((await ask('/to-same', { method: 'POST', fields, body })).withheld).toBe('elsewhere');
  });
});

describe('WebSockets', () => {
  const fields: Field[] = [['postern-cross-origin', 'cors include follow empty']];
  it('have the page’s origin, whatever they say, and no identity', async () => {
    const session = await world.open(undefined, { grantClaims });
    const { answer, socket } = await openWebSocket(session, '/socket', [
      ...fields,
      ['origin', 'https://wiki.example.com'],
      ['cookie', 'session=forged'],
    ]);
    expect(answer.status).toBe(101);
    await socket.send('text', Buffer.from('hello'));
    expect((await socket.next())?.payload.toString()).toBe('hello');
    const { headers } = last('SOCKET')!;
    expect(headers.origin).toBe(VIA);
    expect(headers.cookie).toBeUndefined();
    expect(headers['postern-assertion']).toBeUndefined();
    await socket.close(1000, '');
  });

  it('say nothing of a refusal', async () => {
    const session = await world.open(undefined, { grantClaims });
    const { answer } = await openWebSocket(session, '/refused', fields);
    expect([answer.status, answer.field('postern-cross-origin'), await answer.text()]).toEqual([
      403,
      'no-allow-origin',
      '',
    ]);
  });
});

describe('a grant for pages of another origin', () => {
  it('is refused without the audience that says so, and the other way round', async () => {
    for (const claims of [{ via: VIA }, { aud: grantClaims.aud }, { ...grantClaims, via: 'a/b' }]) {
      await expect(world.open(undefined, { grantClaims: claims })).rejects.toMatchObject({
        code: /^ERR_/,
      });
    }
  });

  it('cannot be renewed into one of the application’s own pages', async () => {
    const caller = await world.newCaller();
    const session = await world.open(caller, { grantClaims });
    session.renew(await world.dialGrant(caller), '');
    expect((await session.closed).code).toMatch(/^ERR_/);
  });

  it('opens nothing where the operator refuses such requests', async () => {
    const closed = await startConnectorWorld({ target, crossOrigin: 'refuse' });
    const session = await closed.open(undefined, { grantClaims });
    const answer = await request(session, '/open', {
      fields: [['postern-cross-origin', 'cors omit follow empty']],
    });
    expect([answer.status, answer.field('postern-cross-origin')]).toEqual([403, 'refused']);
    expect(seen).toEqual([]);
    await closed.close();
  });
});
