import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ResetCode, type SecureSession } from '@postern/shared/protocol/session';
import { afterEach, describe, expect, it } from 'vitest';
import { openWebSocket, request } from '../harness/connector-client.ts';
import { startConnectorWorld } from '../harness/connector-world.ts';
import { createSampleApp } from '../apps/sample/app.mjs';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function sampleWorld(options?: Parameters<typeof startConnectorWorld>[1]) {
  const app = createSampleApp();
  app.server.listen(0, '127.0.0.1');
  await once(app.server, 'listening');
  cleanups.push(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const connector = await startConnectorWorld({ target: `http://127.0.0.1:${port}` }, options);
  cleanups.push(() => connector.close());
  return connector;
}

/** The caller may learn of a refusal only after its own last message: then its session ends. */
async function expectRefused(opening: Promise<SecureSession>): Promise<void> {
  const reason = await opening.then(
    (session) => session.closed,
    (error: unknown) => error,
  );
  expect(reason).toMatchObject({ code: 'ERR_HANDSHAKE_FAILED' });
}

describe('revocation', () => {
  it.each([
    ['identity', { identityId: 'alice', code: 'ERR_IDENTITY_DISABLED' }],
    [
      'service and identity',
      { serviceId: 'svc-1', identityId: 'alice', code: 'ERR_ACCESS_REMOVED' },
    ],
    ['service', { serviceId: 'svc-1', code: 'ERR_ACCESS_REMOVED' }],
  ])('by %s ends a download and a WebSocket with its code', async (_what, revocation) => {
    const connector = await sampleWorld();
    const session = await connector.open(await connector.newCaller('alice'));
    const download = await request(session, '/download?mb=1000');
    await download.stream.read();
    const { socket } = await openWebSocket(session, '/ws');
    connector.revoke(revocation);
    await expect(download.bytes()).rejects.toMatchObject({ code: revocation.code });
    await expect(socket.next()).rejects.toMatchObject({ code: revocation.code });
    expect(await session.closed).toMatchObject({ code: revocation.code, retryable: false });
    await expect.poll(() => connector.host.openStreams).toBe(0);
    expect(connector.host.openSessions).toBe(0);
  });

  it('by sign-in session leaves other sessions alone', async () => {
    const connector = await sampleWorld();
    const [ended, other] = [await connector.newCaller(), await connector.newCaller()];
    const endedSession = await connector.open(ended);
    const otherSession = await connector.open(other);
    connector.revoke({ sessionId: ended.sid, code: 'ERR_SESSION_ENDED' });
    expect(await endedSession.closed).toMatchObject({ code: 'ERR_SESSION_ENDED' });
    expect((await request(otherSession, '/api/whoami')).status).toBe(200);
  });

  it('holds for grants from before it, and not for newer ones', async () => {
    let now = Date.now();
    const connector = await sampleWorld({ now: () => now });
    const caller = await connector.newCaller('alice');
    const iat = Math.floor(now / 1000);
    now += 2000;
    connector.revoke({ serviceId: 'svc-1', identityId: 'alice', code: 'ERR_ACCESS_REMOVED' });
    const late = await connector.open(caller, { grantClaims: { iat } });
    expect(await late.closed).toMatchObject({ code: 'ERR_ACCESS_REMOVED' });
    now += 2000;
    const again = await connector.open(caller);
    expect((await request(again, '/api/whoami')).status).toBe(200);
  });
});

describe('admission', () => {
  it.each<[string, Record<string, unknown>]>([
    ['for another service', { svc: 'svc-2' }],
    ['for other hosts', { hosts: ['host-2'] }],
    ['for another key', { cnf: { jkt: 'A'.repeat(43) } }],
    ['that expired', { iat: 1, exp: 2, out: 3 }],
  ])('refuses a grant %s', async (_what, grantClaims) => {
    const connector = await sampleWorld();
    await expectRefused(connector.open(undefined, { serviceId: 'svc-1', grantClaims }));
    expect(connector.log.map(({ event }) => event)).toEqual(['session.refused']);
  });

  it('accepts a grant within its outage time only while no controller is connected', async () => {
    let isConnected = false;
    const connector = await sampleWorld({ isConnected: () => isConnected });
    const nowSeconds = Math.floor(Date.now() / 1000);
    const grantClaims = { iat: nowSeconds - 300, exp: nowSeconds - 180, out: nowSeconds + 600 };
    const during = await connector.open(undefined, { grantClaims });
    expect((await request(during, '/api/whoami')).status).toBe(200);
    isConnected = true;
    await expect(connector.open(undefined, { grantClaims })).rejects.toThrow();
  });

  it('refuses someone else’s assertion', async () => {
    const connector = await sampleWorld();
    const assertion = await connector.assertion(await connector.newCaller('mallory'));
    await expectRefused(connector.open(await connector.newCaller('alice'), { assertion }));
    expect(connector.log.map(({ event }) => event)).toEqual(['session.refused']);
  });

  it('refuses services it does not host', async () => {
    const connector = await sampleWorld();
    await expect(connector.open(undefined, { serviceId: 'svc-9' })).rejects.toMatchObject({
      code: 'ERR_SERVICE_NOT_HOSTED',
    });
  });

  it('limits the streams of a session', async () => {
    const connector = await sampleWorld();
    const session = await connector.open();
    const streams = await Promise.all(
      Array.from({ length: 256 }, () => request(session, '/api/events')),
    );
    expect(streams).toHaveLength(256);
    await expect(request(session, '/')).rejects.toMatchObject({ code: 'ERR_SESSION_STREAM_LIMIT' });
  });
});

describe('Unix sockets', () => {
  it('reach an app that has no port', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const app = createSampleApp();
    const path = join(folder, 'app.sock');
    app.server.listen(path);
    await once(app.server, 'listening');
    cleanups.push(() => app.close());
    const connector = await startConnectorWorld({ target: `unix:${path}` });
    cleanups.push(() => connector.close());
    const session = await connector.open();
    expect((await request(session, '/api/whoami')).status).toBe(200);
    const { answer, socket } = await openWebSocket(session, '/ws');
    expect(answer.status).toBe(101);
    await socket.send('text', Buffer.from('over a socket file'));
    expect((await socket.next())?.payload.toString()).toBe('over a socket file');
  });
});

describe('tcp', () => {
  async function tcpWorld(serve: (socket: Socket) => void) {
    const server = createServer({ allowHalfOpen: true }, serve);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const connector = await startConnectorWorld({ target: `tcp://127.0.0.1:${port}` });
    cleanups.push(() => connector.close());
    return { connector, server };
  }

  it('carries bytes both ways and ends each direction on its own', async () => {
    const { connector } = await tcpWorld((socket) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('end', () => socket.end(`got ${Buffer.concat(chunks).toString()}`));
    });
    const stream = (await connector.open()).openStream('tcp', new Uint8Array());
    await stream.write(Buffer.from('hello'));
    await stream.end();
    const chunks: Uint8Array[] = [];
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('got hello');
    expect(await stream.closed).toEqual({});
  });

  it('resets the stream when the app breaks off', async () => {
    const { connector } = await tcpWorld((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const stream = (await connector.open()).openStream('tcp', new Uint8Array());
    await stream.write(Buffer.from('x'));
    expect((await stream.closed).reset).toMatchObject({ code: ResetCode.appFailed, byPeer: true });
  });

  it('closes the app’s side when the browser goes away', async () => {
    let closed: Promise<unknown> | undefined;
    const { connector } = await tcpWorld((socket) => {
      closed = once(socket, 'close');
      socket.on('end', () => socket.end());
      socket.on('error', () => undefined);
      socket.write('x');
      socket.resume();
    });
    const stream = (await connector.open()).openStream('tcp', new Uint8Array());
    await stream.read();
    stream.reset(ResetCode.cancelled);
    await closed;
    await expect.poll(() => connector.host.openStreams).toBe(0);
  });

  it('says that the app cannot be reached, and refuses the wrong kind of stream', async () => {
    const { connector, server } = await tcpWorld(() => undefined);
    server.close();
    await once(server, 'close');
    const session = await connector.open();
    const stream = session.openStream('tcp', new Uint8Array());
    expect((await stream.closed).reset).toMatchObject({ code: ResetCode.appUnreachable });
    await expect(request(session, '/')).rejects.toMatchObject({ code: 'ERR_STREAM_TYPE' });
  });
});
