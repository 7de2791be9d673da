/** A client and a host whose circuits a test cuts, tampers with and replays. */
import { randomUUID } from 'node:crypto';
import type { AppError } from '../../shared/src/errors/index.ts';
import { serviceResource } from '../../shared/src/grants/index.ts';
import type { Clock } from '../../shared/src/protocol/channel/index.ts';
import type { Circuit } from '../../shared/src/protocol/edge/index.ts';
import { acceptSecure, connectSecure } from '../../shared/src/protocol/handshake/index.ts';
import { Resumptions, type ResumptionsOptions } from '../../shared/src/protocol/resume/index.ts';
import type { SecureSession, SessionStream } from '../../shared/src/protocol/session/index.ts';
import { createGrantFixture, NOW_MS, type GrantFixture } from './grant-fixture.ts';
import {
  memoryCircuitPair,
  type MemoryCircuit,
  type MemoryCircuitOptions,
} from './memory-circuit.ts';
import { createSyncCipher } from './session-pair.ts';

/** Grants are judged at a fixed time; timers run. */
const clock: Clock = {
  nowMs: () => NOW_MS + performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface ResumeWorldOptions {
  resumptions?: ResumptionsOptions;
  /** How each circuit is made, by its number from 0; throw to refuse the dial. */
  circuit?: (number: number) => MemoryCircuitOptions;
  graceMs?: number;
  /** Identity ids that the dial grant permits. */
  hosts?: string[];
  /** Encrypt in the same turn, as connectors do. */
  sync?: boolean;
}

export class ResumeWorld {
  /** Every circuit so far: the client's end and the host's. */
  readonly circuits: [MemoryCircuit, MemoryCircuit][] = [];
  readonly streams: SessionStream[] = [];
  /** Errors of circuits that the host refused. */
  readonly refusals: AppError[] = [];
  readonly sessions: SecureSession[] = [];
  readonly fixture: GrantFixture;
  resumptions: Resumptions<SecureSession>;
  onStream: (stream: SessionStream) => void = (stream) => void this.streams.push(stream);
  readonly #options: ResumeWorldOptions;
  readonly #bindGrant: string;

  private constructor(fixture: GrantFixture, bindGrant: string, options: ResumeWorldOptions) {
    this.fixture = fixture;
    this.#bindGrant = bindGrant;
    this.#options = options;
    this.resumptions = new Resumptions({ clock, ...options.resumptions });
  }

  static async create(options: ResumeWorldOptions = {}): Promise<ResumeWorld> {
    const fixture = await createGrantFixture();
    return new ResumeWorld(fixture, await fixture.bindGrant(), options);
  }

  get current(): [MemoryCircuit, MemoryCircuit] {
    return this.circuits.at(-1)!;
  }

  /** The host's session, once there is one. */
  get host(): SecureSession {
    return this.sessions[0]!;
  }

  /** A new circuit, which the host accepts. */
  dial(callerId?: string, serviceId = 'wiki', circuitId?: string): Promise<MemoryCircuit> {
    const made = this.#options.circuit?.(this.circuits.length) ?? {};
    const pair = memoryCircuitPair({ circuitId: circuitId ?? randomUUID(), ...made });
    this.circuits.push(pair);
    void this.accept(pair[1], callerId, serviceId);
    return Promise.resolve(pair[0]);
  }

  /** In the same turn, so that no message comes before its handler. */
  async accept(circuit: Circuit, callerId?: string, serviceId = 'wiki'): Promise<void> {
    const { fixture } = this;
    await acceptSecure({
      clock,
      serviceId,
      keys: fixture.keys,
      circuit,
      hostId: 'host-1',
      bindGrant: this.#bindGrant,
      privateKey: fixture.host.privateKey,
      time: () => ({ nowMs: NOW_MS, connected: true }),
      assertionAudience: serviceResource('wiki'),
      onStream: (stream) => this.onStream(stream),
      resumptions: this.resumptions,
      ...(callerId !== undefined && { callerId }),
      ...(this.#options.sync && { createCipher: createSyncCipher }),
    }).then(
      (session) => {
        if (!this.sessions.includes(session)) this.sessions.push(session);
      },
      (error: unknown) => void this.refusals.push(error as AppError),
    );
  }

  /** A session that both ends have. */
  async connect(redial: () => Promise<Circuit> = () => this.dial()): Promise<SecureSession> {
    const { fixture } = this;
    const { graceMs } = this.#options;
    const session = await connectSecure({
      clock,
      time: () => ({ nowMs: NOW_MS, connected: true }),
      serviceId: 'wiki',
      keys: fixture.keys,
      circuit: await this.dial(),
      dialGrant: await fixture.dialGrant(this.#options.hosts ? { hosts: this.#options.hosts } : {}),
      assertion: await fixture.assertion(),
      key: fixture.caller,
      resume: { redial, ...(graceMs !== undefined && { graceMs }) },
      ...(this.#options.sync && { createCipher: createSyncCipher }),
    });
    // Until the host has the client's proof there is nothing to resume.
    await session.ping();
    return session;
  }
}
