/**
 * A fake controller: a real control listener over mutual TLS that pushes the entities a test holds and
 * passes on what routers report, as the real one does.
 */
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { FrameSplitter } from '@postern/shared/protocol/channel';
import { ControlChannel, ROUTER_SENDS } from '@postern/shared/protocol/control';
import {
  CONTROL_ALPN,
  entityKey,
  entitySchemas,
  type Change,
  type CircuitEvent,
  type Entity,
  type EntityKind,
  type Inspect,
  type Inspection,
  type Snapshot,
} from '@postern/shared/schemas';
import type { Credential } from './router-pki.ts';
import { Waiters } from './router-waiters.ts';

type Entities = Snapshot['entities'];

export class FakeController {
  readonly circuitEvents: CircuitEvent[] = [];
  /** Wakes whoever waits whenever a router reported or (dis)connected. */
  readonly changed = new Waiters();
  readonly #credential: Credential;
  readonly #ca: string;
  readonly #channels = new Map<string, { channel: ControlChannel; socket: TLSSocket }>();
  readonly #tables = new Map<EntityKind, Map<string, Entity<EntityKind>>>();
  #server: ReturnType<typeof createServer> | undefined;
  readonly #answers = new Map<number, Inspection>();
  #asked = 0;
  #index = 1;
  #port = 0;

  constructor(credential: Credential, ca: string) {
    this.#credential = credential;
    this.#ca = ca;
  }

  get address(): string {
    return `tls:127.0.0.1:${this.#port}`;
  }

  get isRunning(): boolean {
    return this.#server !== undefined;
  }

  /** Index of the last change made. */
  get index(): number {
    return this.#index;
  }

  /** Listens; again on the same port after {@link stop}. */
  async start(): Promise<void> {
    const { key, cert } = this.#credential;
    const server = createServer({
      key,
      cert,
      ca: this.#ca,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [CONTROL_ALPN],
    });
    server.on('secureConnection', (socket) => this.#accept(socket));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** As if killed: listener and connections are gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const { socket } of this.#channels.values()) socket.destroy();
    this.#channels.clear();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  all<K extends EntityKind>(kind: K): Entity<K>[] {
    return [...this.#table(kind).values()] as Entity<K>[];
  }

  isConnected(routerId: string): boolean {
    return this.#channels.has(routerId);
  }

  put<K extends EntityKind>(kind: K, value: Entity<K>): void {
    this.#table(kind).set(entityKey(kind, value), value);
    this.#push([{ op: 'put', kind, value } as Change]);
  }

  /** Asks a connected router. */
  async ask(routerId: string, question: Omit<Inspect, 'requestId'>): Promise<Inspection> {
    const requestId = ++this.#asked;
    this.#channels.get(routerId)?.channel.send('inspect', { requestId, ...question });
    await this.changed.until(() => this.#answers.has(requestId), 'answer to Inspect');
    const answer = this.#answers.get(requestId);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  delete(kind: EntityKind, key: string): void {
    this.#table(kind).delete(key);
    this.#push([{ op: 'delete', kind, key }]);
  }

  #table(kind: EntityKind): Map<string, Entity<EntityKind>> {
    const table = this.#tables.get(kind) ?? new Map<string, Entity<EntityKind>>();
    this.#tables.set(kind, table);
    return table;
  }

  #snapshot(): Snapshot {
    const kinds = Object.keys(entitySchemas) as EntityKind[];
    const entities = Object.fromEntries(kinds.map((kind) => [kind, this.all(kind)]));
    return { timeline: 'test', index: this.#index, entities: entities as unknown as Entities };
  }

  #push(changes: Change[]): void {
    const previousIndex = this.#index++;
    for (const { channel } of this.#channels.values()) {
      if (!channel.isOpen) continue;
      channel.send('delta', { timeline: 'test', previousIndex, index: this.#index, changes });
    }
  }

  #accept(socket: TLSSocket): void {
    const uri = socket.getPeerX509Certificate()?.subjectAltName ?? '';
    const routerId = uri.slice(uri.lastIndexOf('/') + 1);
    const channel = new ControlChannel({
      pipe: {
        send: (frame) => socket.write(frame),
        get bufferedBytes() {
          return socket.writableLength;
        },
        close: () => socket.end(),
      },
      role: 'server',
      ownId: 'controller',
      accepts: ROUTER_SENDS,
      onMessage: (message) => {
        if (message.type === 'subscribe') {
          this.#channels.set(routerId, { channel, socket });
          channel.send('snapshot', this.#snapshot());
        } else if (message.type === 'routerStatus') {
          const router = this.all('router').find(({ id }) => id === routerId);
          if (router !== undefined)
            this.put('router', { ...router, ...message.value, isOnline: true });
        } else if (message.type === 'routerTerminators') {
          this.#replaceTerminators(routerId, message.value.terminators);
        } else if (message.type === 'circuitEvent') {
          this.circuitEvents.push(message.value);
        } else if (message.type === 'inspected') {
          this.#answers.set(message.value.requestId, message.value.answer);
        }
        this.changed.wake();
      },
    });
    const splitter = new FrameSplitter(channel.limits, (frame) => {
      channel.receive(frame);
      splitter.limits = channel.limits;
    });
    socket.on('data', (chunk: Buffer) => splitter.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      channel.pipeClosed({ code: 'OK', message: 'closed', retryable: true });
      if (this.#channels.get(routerId)?.channel === channel) this.#channels.delete(routerId);
      this.changed.wake();
    });
  }

  #replaceTerminators(routerId: string, reported: Omit<Entity<'terminator'>, 'routerId'>[]): void {
    const now = new Map(reported.map((terminator) => [terminator.id, { ...terminator, routerId }]));
    for (const { id, routerId: of } of this.all('terminator')) {
      if (of === routerId && !now.has(id)) this.delete('terminator', id);
    }
    for (const terminator of now.values()) this.put('terminator', terminator);
  }
}
