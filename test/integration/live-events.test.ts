/** The stream of changes and events, as server-sent events and as a WebSocket. */
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MANAGEMENT, type EdgeCall } from '../harness/edge-client.ts';
import { LiveNetwork } from '../harness/live-network.ts';

let network: LiveNetwork;
const open: ClientRequest[] = [];
beforeAll(async () => {
  network = await LiveNetwork.start();
});
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});
afterAll(() => network.close());

const manage = (path: string, call: EdgeCall = {}) =>
  network.edge(MANAGEMENT + path, { session: network.admin, ...call });
async function create(plural: string, body: object): Promise<string> {
  const answer = await manage(`/${plural}`, { body });
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.data.id as string;
}

interface ServerSentEvent {
  id?: string;
  event?: string;
  data: string;
}

interface Stream {
  status: number;
  /** The next event that fits. */
  next(fits: (event: ServerSentEvent, data: any) => boolean): Promise<ServerSentEvent>;
}

/** Fields of one block (WHATWG HTML §9.2.6), as ours are: one line each. */
function parseEvent(block: string): ServerSentEvent {
  const fields = block.split('\n').map((line) => /^(\w+): (.*)$/.exec(line)!.slice(1));
  return Object.fromEntries(fields);
}

function watch(query = '', headers: Record<string, string> = {}): Promise<Stream> {
  const { admin, trustBundlePem } = network.controller;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: admin.port,
        path: `${MANAGEMENT}/events${query}`,
        ca: trustBundlePem,
        agent: false,
        headers: { 'zt-session': network.admin, ...headers },
      },
      (response) => {
        const seen: ServerSentEvent[] = [];
        let wake = (): void => undefined;
        let text = '';
        response.on('data', (chunk: Buffer) => {
          const blocks = (text + chunk.toString()).split('\n\n');
          text = blocks.pop() ?? '';
          seen.push(...blocks.filter((block) => !block.startsWith(':')).map(parseEvent));
          wake();
        });
        response.on('error', () => undefined);
        let at = 0;
        resolve({
          status: response.statusCode ?? 0,
          next: async (fits) => {
            for (;;) {
              for (; at < seen.length; at += 1) {
                const event = seen[at]!;
                if (fits(event, JSON.parse(event.data))) {
                  at += 1;
                  return event;
                }
              }
              await new Promise<void>((done) => (wake = done));
            }
          },
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
    open.push(outgoing);
  });
}

describe('server-sent events', () => {
  it('tell what is created, changed and deleted, by whom', async () => {
    const stream = await watch('?kinds=entity');
    expect(stream.status).toBe(200);
    const id = await create('services', { name: 'seen', encryptionRequired: true });
    await manage(`/services/${id}`, { method: 'PATCH', body: { name: 'renamed' } });
    await manage(`/services/${id}`, { method: 'DELETE' });
    for (const type of ['entity.created', 'entity.updated', 'entity.deleted']) {
      const event = await stream.next((_, data) => data.entityId === id);
      expect(event.event).toBe(type);
      const data = JSON.parse(event.data);
      expect(data).toMatchObject({ entityKind: 'services', actorKind: 'identity' });
      expect(Date.parse(data.time)).toBeGreaterThan(0);
    }
  });

  it('tell of log-ins, circuits and the end of sessions', async () => {
    const stream = await watch('?kinds=authentication,circuit,session');
    const person = await network.signIn();
    const circuit = await person.dial();
    await stream.next(
      ({ event }, data) => event === 'authentication' && data.actorId === network.ids.person,
    );
    const opened = await stream.next(({ event }) => event === 'circuit.opened');
    const { circuitId } = JSON.parse(opened.data);
    circuit.close();
    await stream.next(
      (one, data) => one.event === 'circuit.closed' && data.circuitId === circuitId,
    );
    const token = await network.login();
    await network.edge(`${MANAGEMENT}/current-api-session`, { method: 'DELETE', session: token });
    await stream.next(({ event }) => event === 'session.ended');
  });

  it('tell of signed audit heads', async () => {
    const stream = await watch('?kinds=audit');
    await create('services', { name: 'for a head', encryptionRequired: true });
    const { data } = await manage('/audit/head');
    const head = await stream.next(() => true);
    expect(JSON.parse(head.data)).toMatchObject({
      type: 'audit.head',
      seq: data.seq,
      jws: data.jws,
    });
  });

  it('go on after the last event that was seen, and say when that is not possible', async () => {
    const first = await watch('?kinds=entity');
    const id = await create('services', { name: 'before', encryptionRequired: true });
    const seen = await first.next((_, data) => data.entityId === id);
    const missed = await create('services', { name: 'missed', encryptionRequired: true });
    const again = await watch('?kinds=entity', { 'last-event-id': seen.id! });
    expect(JSON.parse((await again.next(() => true)).data).entityId).toBe(missed);
    const gap = await watch('', { 'last-event-id': '00000000-7' });
    const cut = await gap.next(({ event }) => event === 'cut');
    expect(JSON.parse(cut.data).code).toBe('ERR_EVENTS_GAP');
  });

  it('end when the session does', async () => {
    const identityId = await create('identities', {
      name: 'operator',
      type: 'Default',
      isAdmin: false,
      permissions: ['ops'],
    });
    await create('authenticators', {
      method: 'updb',
      identityId,
      username: 'operator',
      password: 'correct horse battery',
    });
    const body = { username: 'operator', password: 'correct horse battery' };
    const login = await network.edge(`${MANAGEMENT}/authenticate?method=password`, { body });
    const stream = await watch('', { 'zt-session': login.data.token as string });
    expect(stream.status).toBe(200);
    await manage(`/identities/${identityId}/disable`, { body: {} });
    const cut = await stream.next(({ event }) => event === 'cut');
    expect(JSON.parse(cut.data).code).toBe('ERR_SESSION_ENDED');
  });

  it('are for administrators and operators', async () => {
    const session = await network.login();
    expect((await watch('', { 'zt-session': session })).status).toBe(401);
    expect((await watch('', { 'zt-session': 'nonsense' })).status).toBe(401);
    expect((await watch('?kinds=moods')).status).toBe(400);
    expect((await watch('?after=nonsense')).status).toBe(400);
  });
});

describe('the WebSocket', () => {
  const connect = (protocols: string[], options: { origin?: string; query?: string } = {}) => {
    const { admin, trustBundlePem } = network.controller;
    const url = `wss://127.0.0.1:${admin.port}${MANAGEMENT}/events${options.query ?? ''}`;
    return new WebSocket(url, protocols, {
      ca: trustBundlePem,
      ...(options.origin !== undefined && { origin: options.origin }),
    });
  };
  const refused = (socket: WebSocket) =>
    new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message)));

  it('gives the same events', async () => {
    const socket = connect(['postern.events', `zt-session.${network.admin}`], {
      query: '?kinds=entity',
    });
    await new Promise((resolve) => socket.once('open', resolve));
    expect(socket.protocol).toBe('postern.events');
    const message = new Promise<any>((resolve) =>
      socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString()))),
    );
    const id = await create('services', { name: 'by socket', encryptionRequired: true });
    expect(await message).toMatchObject({ type: 'entity.created', entityId: id });
    socket.terminate();
  });

  it('opens for nobody without a session, and for no page of another origin', async () => {
    expect(await refused(connect(['postern.events']))).toContain('401');
    expect(await refused(connect(['postern.events', 'zt-session.nonsense']))).toContain('401');
    const person = await network.login();
    expect(await refused(connect(['postern.events', `zt-session.${person}`]))).toContain('401');
    const session = `zt-session.${network.admin}`;
    const origin = 'https://evil.example';
    expect(await refused(connect(['postern.events', session], { origin }))).toContain('403');
    expect(await refused(connect(['postern.events', session], { query: '?kinds=x' }))).toContain(
      '400',
    );
  });
});
