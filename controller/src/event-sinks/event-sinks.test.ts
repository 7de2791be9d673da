import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Logger } from '@postern/shared/log';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventLog } from '../live/event-log.ts';
import type { LiveEventType } from '../live/live-event.ts';
import { eventSinkSchema } from './config.ts';
import { startEventSinks, type EventSinks } from './event-sinks.ts';
import { createWebhook } from './webhook.ts';

const SECRET = 'a secret of some length';
const event = (n: number, type: LiveEventType = 'entity.created') => ({
  type,
  time: new Date(0).toISOString(),
  data: { n },
});

let folder: string;
let server: Server;
let url: string;
let statuses: number[];
const taken: { body: string; headers: Record<string, unknown> }[] = [];
let sinks: EventSinks | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-sinks-'));
  await writeFile(join(folder, 'secret'), `${SECRET}\n`);
  statuses = [];
  taken.length = 0;
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      taken.push({ body, headers: request.headers });
      response.writeHead(statuses.shift() ?? 204, { location: `${url}elsewhere` }).end();
      server.emit('taken');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await sinks?.close();
  sinks = undefined;
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('a webhook', () => {
  const signal = new AbortController().signal;
  const webhook = (maxAttempts: number) =>
    createWebhook({ url, secret: SECRET, maxAttempts, delayMs: () => 0 });

  it('signs each event with time and body', async () => {
    const hook = webhook(1);
    await hook.deliver({ ...event(1), id: 'x-1' }, signal);
    await hook.close();
    const [{ body, headers } = { body: '', headers: {} as Record<string, unknown> }] = taken;
    const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
      headers['postern-signature'] as string,
    )!;
    expect(mac).toBe(createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex'));
    expect(headers['postern-event-id']).toBe('x-1');
    expect(JSON.parse(body)).toMatchObject({ id: 'x-1', data: { n: 1 } });
  });

  it('is tried again after an error and a redirect, which is not followed', async () => {
    statuses = [500, 302, 204];
    const hook = webhook(3);
    await hook.deliver({ ...event(1), id: 'x-1' }, signal);
    await hook.close();
    expect(taken.map(({ headers }) => headers['postern-event-id'])).toEqual(['x-1', 'x-1', 'x-1']);
  });

  it('gives up after its attempts, and at once when it is stopped', async () => {
    statuses = [500, 500, 500];
    const hook = webhook(2);
    const wanted = { code: 'ERR_EVENTS_WEBHOOK', message: expect.stringContaining('status 500') };
    await expect(hook.deliver({ ...event(1), id: 'x-1' }, signal)).rejects.toMatchObject(wanted);
    expect(taken).toHaveLength(2);
    await expect(
      hook.deliver({ ...event(2), id: 'x-2' }, AbortSignal.abort()),
    ).rejects.toMatchObject({ name: 'AbortError' });
    await hook.close();
  });
});

describe('sinks', () => {
  it('get the kinds they want, in order', async () => {
    const log = new EventLog();
    const path = join(folder, 'events.jsonl');
    sinks = await startEventSinks(
      [
        eventSinkSchema.parse({ kind: 'file', path, kinds: ['circuit'] }),
        eventSinkSchema.parse({ kind: 'webhook', url, secretFile: join(folder, 'secret') }),
      ],
      { log, logger: silentLogger },
    );
    for (let n = 0; n < 3; n += 1) log.add(event(n, n === 1 ? 'circuit.opened' : 'router.online'));
    await vi.waitFor(() => expect(taken).toHaveLength(3));
    expect(taken.map(({ body }) => JSON.parse(body).data.n)).toEqual([0, 1, 2]);
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toContain('circuit.opened'));
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('that hang hold nobody up: what they miss is logged, and they go on', async () => {
    const log = new EventLog(10);
    const told: string[] = [];
    const logger = { ...silentLogger, error: (name: string) => void told.push(name) } as Logger;
    logger.child = () => logger;
    statuses = [500];
    sinks = await startEventSinks(
      [
        eventSinkSchema.parse({
          kind: 'webhook',
          url,
          secretFile: join(folder, 'secret'),
          maxAttempts: 1,
        }),
      ],
      { log, logger },
    );
    log.add(event(0));
    await once(server, 'taken');
    for (let n = 1; n < 100; n += 1) log.add(event(n));
    await vi.waitFor(() => expect(told).toEqual(['events.dropped', 'events.missed']));
    log.add(event(100));
    await vi.waitFor(() => expect(taken.map(({ body }) => JSON.parse(body).data.n)).toContain(100));
  });

  it('are refused without https, and without a secret worth its name', async () => {
    const at = { kind: 'webhook', secretFile: join(folder, 'short') };
    for (const [target, isGood] of [
      ['https://hooks.example.com/x', true],
      ['http://127.0.0.1:1/', true],
      ['http://hooks.example.com/x', false],
      ['http://127.0.0.1.example.com/', false],
      ['ftp://127.0.0.1/', false],
    ] as const)
      expect(eventSinkSchema.safeParse({ ...at, url: target }).success, target).toBe(isGood);
    await writeFile(join(folder, 'short'), 'short');
    const deps = { log: new EventLog(), logger: silentLogger };
    await expect(
      startEventSinks([eventSinkSchema.parse({ ...at, url })], deps),
    ).rejects.toMatchObject({ code: 'ERR_EVENTS_SECRET' });
  });
});
