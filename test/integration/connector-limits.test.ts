/** What the operator of a connector limits, and what it keeps on record. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrometheusSink } from '@postern/node/metrics';
import { noTracer } from '@postern/node/tracing';
import { silentLogger } from '@postern/shared/log';
import { afterEach, describe, expect, it } from 'vitest';
import { AuditFile } from '../../connector/src/audit/audit-file.ts';
import { observersOf } from '../../connector/src/audit/observers.ts';
import { ConnectorMetrics } from '../../connector/src/metrics.ts';
import { request } from '../harness/connector-client.ts';
import { startConnectorWorld } from '../harness/connector-world.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
const webApp = async () =>
  `http://127.0.0.1:${await listen(createServer((_, r) => r.end('hello')))}`;

async function openAudit() {
  const folder = await mkdtemp(join(tmpdir(), 'postern-audit-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'audit.jsonl');
  const audit = await AuditFile.open(path, silentLogger);
  const metrics = new ConnectorMetrics(new PrometheusSink());
  return {
    observers: observersOf('wiki', { metrics, audit, tracer: noTracer }),
    records: async () => {
      await audit.close();
      const lines = (await readFile(path, 'utf8')).trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

describe('the rate of a service', () => {
  it('holds each caller to it, and says 429', async () => {
    const rate = { perSecond: 0.01, burst: 2 };
    const world = await startConnectorWorld({ target: await webApp(), rate });
    cleanups.push(() => world.close());
    const ann = await world.open(await world.newCaller('ann'));
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await request(ann, '/')).status);
    expect(statuses).toEqual([200, 200, 429]);
    // Another session of the same caller is the same caller; another caller is not.
    const again = await world.open(await world.newCaller('ann'));
    expect((await request(again, '/')).status).toBe(429);
    const bob = await world.open(await world.newCaller('bob'));
    expect((await request(bob, '/')).status).toBe(200);
  });
});

describe('the audit file', () => {
  it('says who asked for what, without queries', async () => {
    const { observers, records } = await openAudit();
    const rules = [{ methods: ['GET'] }];
    const world = await startConnectorWorld({ target: await webApp(), rules }, { observers });
    cleanups.push(() => world.close());
    const caller = await world.newCaller('ann');
    const session = await world.open(caller);
    await (await request(session, '/page?token=secret')).text();
    await (await request(session, '/page', { method: 'POST' })).text();
    await world.close();
    const who = { service: 'wiki', identityId: 'ann', sessionId: caller.sid };
    expect(await records()).toMatchObject([
      { ...who, kind: 'http', method: 'GET', path: '/page', status: 200, bytesToClient: 5 },
      { ...who, method: 'POST', path: '/page', status: 403, error: 'ERR_HTTP_RULE_DENIED' },
    ]);
  });

  it('counts the bytes of TCP streams', async () => {
    const { observers, records } = await openAudit();
    const echo = createTcpServer((socket) => socket.pipe(socket));
    const target = `tcp://127.0.0.1:${await listen(echo)}`;
    const world = await startConnectorWorld({ target }, { observers });
    cleanups.push(() => world.close());
    const session = await world.open(await world.newCaller('ann'));
    const stream = session.openStream('tcp', new Uint8Array());
    await stream.write(Buffer.from('ping'));
    await stream.end();
    while ((await stream.read()) !== undefined);
    await stream.closed;
    await world.close();
    expect(await records()).toMatchObject([
      { kind: 'tcp', identityId: 'ann', bytesToApp: 4, bytesToClient: 4 },
    ]);
  });
});

describe('TCP targets', () => {
  it('may be Unix sockets', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-socket-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'echo.sock');
    const echo = createTcpServer((socket) => socket.pipe(socket)).listen(path);
    await once(echo, 'listening');
    cleanups.push(() => echo.close());
    const world = await startConnectorWorld({ target: `tcp+unix:${path}` });
    cleanups.push(() => world.close());
    const stream = (await world.open()).openStream('tcp', new Uint8Array());
    await stream.write(Buffer.from('ping'));
    await stream.end();
    expect(Buffer.from((await stream.read()) ?? []).toString()).toBe('ping');
  });
});
