import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeFields, encodeRequestHead, type Field } from '@postern/shared/protocol/http';
import { afterEach, describe, expect, it } from 'vitest';
import { request } from '../harness/connector-client.ts';
import { startConnectorWorld, type ConnectorWorld } from '../harness/connector-world.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type ServiceOptions = Partial<Parameters<typeof startConnectorWorld>[0]>;

async function world(app: RequestListener, options: ServiceOptions = {}): Promise<ConnectorWorld> {
  const target = await listen(createServer(app));
  return start({ target, ...options });
}

async function start(service: Parameters<typeof startConnectorWorld>[0]): Promise<ConnectorWorld> {
  const started = await startConnectorWorld(service);
  cleanups.push(() => started.close());
  return started;
}

/** An app that answers raw bytes to each connection, HTTP or not. */
async function rawApp(serve: (socket: Socket) => void): Promise<ConnectorWorld> {
  return start({
    target: await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => serve(socket));
      }),
    ),
  });
}

describe('requests', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'M-SEARCH'])(
    'passes %s with target, fields and body',
    async (method) => {
      const { open } = await world((incoming, response) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          response.setHeader('x-seen', `${incoming.method} ${incoming.url}`);
          response.end(Buffer.concat(chunks));
        });
      });
      const body = Buffer.from('héllo');
      const answer = await request(await open(), '/a%20b/c?x=1&y=%C3%A4', {
        method,
        fields: [['content-length', String(body.length)]],
        body,
      });
      expect(answer.status).toBe(200);
      expect(answer.field('x-seen')).toBe(`${method} /a%20b/c?x=1&y=%C3%A4`);
      expect(await answer.text()).toBe('héllo');
    },
  );

  it('sends no body where there is none, and a chunked one where its length is unknown', async () => {
    const { open } = await world((incoming, response) => {
      const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
      incoming.resume().on('end', () => response.end(`${length ?? '-'} ${encoding ?? '-'}`));
    });
    const session = await open();
    const seen = async (...args: Parameters<typeof request>) => (await request(...args)).text();
    expect(await seen(session, '/')).toBe('- -');
    expect(await seen(session, '/', { method: 'POST' })).toBe('0 -');
    expect(await seen(session, '/', { method: 'POST', body: Buffer.from('x') })).toBe('- chunked');
  });

  it('keeps the order and repetition of fields both ways', async () => {
    const { open } = await world((incoming, response) => {
      response.writeHead(200, [
        'x-b',
        '1',
        'x-a',
        '2',
        'X-B',
        '3',
        'set-cookie',
        'a=1',
        'set-cookie',
        'b=2',
      ]);
      response.end(incoming.rawHeaders.join('|'));
    });
    const fields: Field[] = [
      ['x-z', '1'],
      ['x-a', '2'],
      ['x-z', '3'],
    ];
    const answer = await request(await open(), '/', { fields });
    expect(await answer.text()).toContain('x-z|1|x-a|2|x-z|3');
    const own = answer.fields.filter(([name]) => name.startsWith('x-') || name === 'set-cookie');
    expect(own).toEqual([
      ['x-b', '1'],
      ['x-a', '2'],
      ['x-b', '3'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
  });

  it('adds who asks and where, and drops what a browser may not say', async () => {
    const connector = await world(
      (incoming, response) => response.end(JSON.stringify(incoming.rawHeaders)),
      { headers: { set: { 'x-connector-secret': 's3cret' }, remove: ['x-unwanted'] } },
    );
    const caller = await connector.newCaller();
    const assertion = await connector.assertion(caller);
    const session = await connector.open(caller, { assertion });
    const spoofed: Field[] = [
      ['postern-assertion', 'forged'],
      ['postern_assertion', 'forged'],
      ['postern-anything', 'forged'],
      ['x-forwarded-for', 'forged'],
      ['x_forwarded_host', 'forged'],
      ['forwarded', 'for=forged'],
      ['x-real-ip', 'forged'],
      ['x-connector-secret', 'forged'],
      ['x_connector_secret', 'forged'],
      ['x-unwanted', 'forged'],
      ['x-kept', 'kept'],
    ];
    const answer = await request(session, '/', { fields: spoofed });
    const text = await answer.text();
    expect(text).not.toContain('forged');
    const raw = JSON.parse(text) as string[];
    const value = (name: string) => raw[raw.indexOf(name) + 1];
    expect(value('host')).toBe('wiki.example.com');
    expect(value('postern-assertion')).toBe(assertion);
    expect(value('x-forwarded-proto')).toBe('https');
    expect(value('x-forwarded-host')).toBe('wiki.example.com');
    expect(value('x-connector-secret')).toBe('s3cret');
    expect(value('x-kept')).toBe('kept');
    expect(raw).not.toContain('x-forwarded-for');
  });

  it('uses the latest assertion after a renewal', async () => {
    const connector = await world((incoming, response) =>
      response.end(incoming.headers['postern-assertion']),
    );
    const caller = await connector.newCaller();
    const session = await connector.open(caller);
    const renewed = await connector.assertion(caller, { name: 'Renamed' });
    session.renew(await connector.dialGrant(caller), renewed);
    await session.ping();
    await expect
      .poll(async () => (await request(session, '/')).text(), { timeout: 5000 })
      .toBe(renewed);
  });

  it('can send the target’s own host', async () => {
    const { open } = await world((incoming, response) => response.end(incoming.headers.host), {
      forwardHost: 'target',
    });
    expect(await (await request(await open(), '/')).text()).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('refuses a body that is shorter than it said', async () => {
    const { open } = await world((incoming, response) => {
      incoming.resume().on('end', () => response.end());
    });
    const short = request(await open(), '/', {
      method: 'POST',
      fields: [['content-length', '10']],
      body: Buffer.from('short'),
    });
    const answer = await short;
    expect(answer.status).toBe(400);
  });

  it('limits request bodies where configured', async () => {
    const { open } = await world((incoming, response) => void incoming.pipe(response), {
      maxRequestBytes: 10,
    });
    const session = await open();
    const announced = await request(session, '/', {
      method: 'POST',
      fields: [['content-length', '11']],
      body: Buffer.alloc(11),
    });
    expect(announced.status).toBe(413);
    const streamed = await request(session, '/', { method: 'POST', body: Buffer.alloc(11) }).then(
      ({ status }) => status,
      (error: unknown) => (error as { code: string }).code,
    );
    expect([413, 'ERR_HTTP_BODY_TOO_LARGE']).toContain(streamed);
    expect((await request(session, '/', { method: 'POST', body: Buffer.alloc(10) })).status).toBe(
      200,
    );
  });
});

describe('smuggling', () => {
  const echoHeaders: RequestListener = (incoming, response) =>
    response.end(JSON.stringify(incoming.rawHeaders));

  it.each<[string, Field[]]>([
    [
      'two lengths',
      [
        ['content-length', '1'],
        ['content-length', '2'],
      ],
    ],
    [
      'the same length twice',
      [
        ['content-length', '1'],
        ['content-length', '1'],
      ],
    ],
    ['a list of lengths', [['content-length', '1, 1']]],
    ['a signed length', [['content-length', '+1']]],
    [
      'a length in disguise',
      [
        ['content_length', '5'],
        ['content-length', '1'],
      ],
    ],
    ['an encoding in disguise', [['transfer_encoding', 'chunked']]],
  ])('refuses %s', async (_what, fields) => {
    const connector = await world(echoHeaders);
    const answer = await request(await connector.open(), '/', {
      method: 'POST',
      fields,
      body: Buffer.from('x'),
    }).then(
      ({ status }) => status,
      (error: unknown) => (error as { code: string }).code,
    );
    expect([400, 'ERR_HTTP_REQUEST_INVALID']).toContain(answer);
  });

  it.each<[string, Field]>([
    ['transfer-encoding', ['transfer-encoding', 'chunked']],
    ['connection', ['connection', 'x-admin']],
    ['upgrade', ['upgrade', 'h2c']],
    ['CR LF in a value', ['x-a', 'b\r\nx-injected: 1']],
    ['LF in a value', ['x-a', 'b\nx-injected: 1']],
    ['NUL in a value', ['x-a', 'b\0']],
    ['CR LF in a name', ['x-a: b\r\nx-injected', '1']],
  ])('resets a stream whose head holds %s', async (_what, [name, value]) => {
    const connector = await world(echoHeaders);
    const session = await connector.open();
    // Our own encoder refuses, so a well-formed head of the same length is altered in place.
    const placeholder: Field = ['y'.repeat(name.length), 'z'.repeat(value.length)];
    const head = Buffer.from(
      encodeRequestHead({ method: 'GET', target: '/', fields: [placeholder], webSocket: false }),
    );
    head.write(name, head.indexOf(placeholder[0]), 'latin1');
    head.write(value, head.indexOf(placeholder[1]), 'latin1');
    const stream = session.openStream('http', head);
    await expect(stream.nextHead()).rejects.toMatchObject({ code: 'ERR_HTTP_REQUEST_INVALID' });
    expect((await request(session, '/')).status).toBe(200);
  });

  it.each(['/../x', '/a/./b', '/a/%2e%2e/b', '/a/.%2E', '/%00', '/a%5cb'])(
    'answers 400 to the target %s',
    async (target) => {
      const connector = await world(echoHeaders);
      const answer = await request(await connector.open(), target);
      expect(answer.status).toBe(400);
      expect(JSON.parse(await answer.text())).toMatchObject({ code: 'ERR_HTTP_TARGET_INVALID' });
    },
  );

  it('leaves encoded slashes, and dots in names or queries, alone', async () => {
    const { open } = await world((incoming, response) => response.end(incoming.url));
    const session = await open();
    for (const target of ['/@scope%2fname', '/a..b/.well-known/x', '/?q=../..', '//a']) {
      expect(await (await request(session, target)).text()).toBe(target);
    }
  });
});

describe('rules', () => {
  const rules = [{ methods: ['GET'], pathPrefix: '/docs' }, { pathPrefix: '/api/' }];
  const app: RequestListener = (incoming, response) => {
    incoming.resume();
    response.end('passed');
  };

  it.each([
    ['GET', '/docs', 200],
    ['GET', '/docs/page?x=/admin', 200],
    ['POST', '/api/items', 200],
    ['POST', '/docs', 403],
    ['GET', '/docsx', 403],
    ['GET', '/', 403],
    ['GET', '/api', 403],
    ['GET', '/DOCS', 403],
    ['GET', '/docs%2f..%2fadmin', 400],
    ['GET', '/docs//admin', 400],
    ['GET', '/docs/../admin', 400],
  ])('%s %s gives %i', async (method, target, status) => {
    const { open } = await world(app, { rules });
    const answer = await request(await open(), target, { method });
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect(JSON.parse(await answer.text())).toMatchObject({ code: 'ERR_HTTP_RULE_DENIED' });
    }
  });
});

describe('responses', () => {
  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('%s %i has no body, and no answer is taken for another', async (method, status) => {
    const sockets = new Set<unknown>();
    const { open } = await world((incoming, response) => {
      sockets.add(incoming.socket);
      response.writeHead(status, { etag: '"1"', ...(status === 200 && { 'content-length': 5 }) });
      response.end();
    });
    const session = await open();
    for (let i = 0; i < 3; i += 1) {
      const answer = await request(session, '/', { method });
      expect(answer.status).toBe(status);
      expect(answer.field('etag')).toBe('"1"');
      expect(await answer.bytes()).toHaveLength(0);
    }
    // A connection is not used again after HEAD: an app that sends a body all the same would be
    // misread from then on.
    expect(sockets.size).toBe(method === 'HEAD' ? 3 : 1);
  });

  it('passes informational heads and trailers', async () => {
    const { open } = await world((_incoming, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    });
    const answer = await request(await open(), '/');
    expect(answer.informational).toEqual([
      { status: 103, fields: [['link', '</a.css>; rel=preload']] },
    ]);
    expect(await answer.text()).toBe('body');
    expect(answer.stream.trailers).toEqual(encodeFields([['x-sum', '42']]));
  });

  it('drops what would act on our own layer, and nothing else', async () => {
    const { open } = await world((_incoming, response) => {
      response.writeHead(200, {
        'service-worker-allowed': '/',
        'clear-site-data': '"*"',
        'alt-svc': 'h3=":443"',
        'postern-assertion': 'x',
        'postern-timing': 'application;dur=forged',
        connection: 'x-hop',
        'x-hop': '1',
        nel: '{}',
        'content-security-policy': "default-src 'self'",
        'content-encoding': 'identity',
      });
      response.end();
    });
    const answer = await request(await open(), '/');
    const names = answer.fields.map(([name]) => name);
    // The connector's own, not the application's.
    expect(answer.fields.filter(([name]) => name === 'postern-timing')).toEqual([
      ['postern-timing', expect.stringMatching(/^application;dur=\d+\.\d$/)],
    ]);
    for (const gone of ['alt-svc', 'postern-assertion', 'connection', 'x-hop']) {
      expect(names).not.toContain(gone);
    }
    expect(names).toEqual(
      expect.arrayContaining([
        'nel',
        'content-security-policy',
        'content-encoding',
        // For the service worker, which obeys it within the application.
        'clear-site-data',
      ]),
    );
  });

  it('does not decode content', async () => {
    const bytes = randomBytes(100);
    const { open } = await world((_incoming, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(bytes);
    });
    const answer = await request(await open(), '/', { fields: [['accept-encoding', 'gzip']] });
    expect(await answer.bytes()).toEqual(bytes);
  });

  it('answers before the request ended', async () => {
    const { open } = await world((_incoming, response) => response.writeHead(413).end('too much'));
    let sent = 0;
    async function* endless() {
      for (; sent < 4096; sent += 1) yield Buffer.alloc(65_536);
    }
    const session = await open();
    const answer = await request(session, '/', { method: 'POST', body: endless() });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toBe('too much');
    expect(sent).toBeLessThan(4096);
    answer.stream.reset(1);
    expect((await request(session, '/')).status).toBe(413);
  });

  it('streams both ways at once', async () => {
    const { open } = await world((incoming, response) => void incoming.pipe(response));
    let release: (() => void) | undefined;
    async function* body() {
      yield Buffer.from('first');
      await new Promise<void>((resolve) => (release = resolve));
      yield Buffer.from('second');
    }
    const answer = await request(await open(), '/', { method: 'POST', body: body() });
    expect(Buffer.from((await answer.stream.read())!).toString()).toBe('first');
    release!();
    expect(await answer.text()).toBe('second');
  });

  it('carries 100 MB up and down unchanged, in bounded memory', async () => {
    const total = 100 * 1024 * 1024;
    const block = randomBytes(1024 * 1024);
    const expected = createHash('sha256');
    for (let sent = 0; sent < total; sent += block.length) expected.update(block);
    const digest = expected.digest('hex');
    const { open } = await world((incoming, response) => {
      if (incoming.method === 'POST') {
        const hash = createHash('sha256');
        incoming.on('data', (chunk: Buffer) => hash.update(chunk));
        incoming.on('end', () => response.end(hash.digest('hex')));
        return;
      }
      response.writeHead(200, { 'content-length': total });
      let sent = 0;
      const more = () => {
        while (sent < total) {
          sent += block.length;
          if (!response.write(block)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const session = await open();
    async function* body() {
      for (let sent = 0; sent < total; sent += block.length) yield block;
    }
    const before = process.memoryUsage().arrayBuffers;
    const up = await request(session, '/', { method: 'POST', body: body() });
    expect(await up.text()).toBe(digest);

    const down = await request(session, '/');
    const hash = createHash('sha256');
    let peak = 0;
    for (let chunk = await down.stream.read(); chunk; chunk = await down.stream.read()) {
      hash.update(chunk);
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }
    expect(hash.digest('hex')).toBe(digest);
    expect(peak).toBeLessThan(64 * 1024 * 1024);
  });

  it('holds the app back when nobody reads', async () => {
    let written = 0;
    const stalled = deferred();
    const { open } = await world((_incoming, response) => {
      const block = Buffer.alloc(65_536);
      const timer = setInterval(() => {
        if (response.writableNeedDrain) {
          stalled.resolve();
          return;
        }
        for (let i = 0; i < 16; i += 1) {
          written += block.length;
          if (!response.write(block)) return;
        }
      }, 1);
      response.on('close', () => clearInterval(timer));
    });
    const answer = await request(await open(), '/');
    await stalled.promise;
    // It stays held back although time passes.
    await delay(300);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    answer.stream.reset(1);
  });
});

describe('ends', () => {
  it('tells the app when the browser goes away', async () => {
    const gone = deferred();
    const { open } = await world((_incoming, response) => {
      response.write('x');
      response.on('close', () => gone.resolve());
    });
    const answer = await request(await open(), '/');
    answer.stream.reset(1);
    await gone.promise;
  });

  it('tells the app when the browser goes away while it waits for the head', async () => {
    const arrived = deferred();
    const gone = deferred();
    const { open } = await world((incoming) => {
      arrived.resolve();
      incoming.on('close', () => gone.resolve());
    });
    const session = await open();
    const head = encodeRequestHead({ method: 'GET', target: '/', fields: [], webSocket: false });
    const stream = session.openStream('http', head);
    await stream.end();
    await arrived.promise;
    stream.reset(1);
    await gone.promise;
  });

  it.each<[string, (socket: Socket) => void]>([
    [
      'ends a body with a length early',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort'),
    ],
    [
      'ends a chunked body early',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n'),
    ],
  ])('resets the stream when the app %s', async (_what, serve) => {
    const { open } = await rawApp(serve);
    const answer = await request(await open(), '/');
    expect(answer.status).toBe(200);
    await expect(answer.bytes()).rejects.toMatchObject({ code: 'ERR_APP_FAILED' });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['nothing', (socket) => socket.destroy()],
    ['something else', (socket) => socket.end('220 mail.example.com ESMTP\r\n')],
    [
      'two lengths',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
    ],
    [
      'length and chunks',
      (socket) =>
        socket.end(
          'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        ),
    ],
    [
      'too many fields',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\n${'x-a: 1\r\n'.repeat(101)}\r\n`),
    ],
  ])('resets the stream when the app answers %s', async (_what, serve) => {
    const { open } = await rawApp(serve);
    await expect(request(await open(), '/')).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(APP_FAILED|HTTP_TOO_LARGE)$/) as string,
    });
  });

  it('says that the app cannot be reached', async () => {
    const server = createTcpServer();
    const target = await listen(server);
    server.close();
    const connector = await start({ target });
    await expect(request(await connector.open(), '/')).rejects.toMatchObject({
      code: 'ERR_APP_UNREACHABLE',
    });
  });

  it('logs each request without its query, cookies or bodies', async () => {
    const connector = await world((_incoming, response) => response.end('secret-body'));
    const answer = await request(await connector.open(), '/page?token=secret-query', {
      fields: [['cookie', 'a=secret-cookie']],
    });
    await answer.bytes();
    await expect.poll(() => connector.log.some(({ event }) => event === 'http.request')).toBe(true);
    const line = connector.log.find(({ event }) => event === 'http.request');
    expect(line?.fields).toMatchObject({
      method: 'GET',
      path: '/page',
      status: 200,
      bytesToClient: 11,
      identityId: 'alice',
      serviceId: 'svc-1',
      circuitId: expect.any(String) as string,
      ms: expect.any(Number) as number,
    });
    expect(JSON.stringify(connector.log)).not.toContain('secret');
  });
});

describe('server-sent events', () => {
  it('arrive one by one', async () => {
    let send: ((text: string) => void) | undefined;
    const { open } = await world((_incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      send = (text) => void response.write(`data: ${text}\n\n`);
    });
    const answer = await request(await open(), '/');
    for (const text of ['one', 'two']) {
      send!(text);
      expect(Buffer.from((await answer.stream.read())!).toString()).toBe(`data: ${text}\n\n`);
    }
    answer.stream.reset(1);
  });
});

describe('cookies', () => {
  const app: RequestListener = (incoming, response) => {
    if (incoming.url === '/set') {
      response.setHeader('set-cookie', ['sid=top-secret; Path=/; HttpOnly', 'theme=dark; Path=/']);
    }
    response.end(incoming.headers.cookie ?? '');
  };

  it('keeps HttpOnly values from the browser and gives them back to the app', async () => {
    const connector = await world(app);
    const caller = await connector.newCaller();
    const session = await connector.open(caller);
    const set = await request(session, '/set');
    const cookies = set.fields.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
    expect(cookies[0]).toMatch(/^sid=~1\.[\w-]+; Path=\/; HttpOnly$/);
    expect(cookies[1]).toBe('theme=dark; Path=/');
    const sealed = cookies[0]!.split(';')[0]!;
    const echo = async (who: typeof session, cookie: string) =>
      (await request(who, '/', { fields: [['cookie', cookie]] })).text();
    expect(await echo(session, `${sealed}; theme=dark`)).toBe('sid=top-secret; theme=dark');

    const renamed = sealed.replace('sid=', 'theme=');
    expect(await echo(session, renamed)).toBe('');
    const other = await connector.open(await connector.newCaller('bob'));
    expect(await echo(other, `${sealed}; a=1`)).toBe('a=1');
    const otherKey = await connector.open(await connector.newCaller('alice'));
    expect(await echo(otherKey, sealed)).toBe('');
    const otherService = await connector.open(caller, { serviceId: 'svc-2' });
    expect(await echo(otherService, sealed)).toBe('');
    expect(await echo(session, sealed.slice(0, -2))).toBe('');
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
