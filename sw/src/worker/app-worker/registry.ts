/**
 * The registrations of the application's own workers, of whoever is signed in, and which of them
 * controls which page. Kept in one record between our worker's lives.
 */
import { z } from 'zod';
import type {
  AppRegistrationFacts,
  AppWorkerFacts,
  AppWorkerState,
} from '../../messages/app-worker.ts';
import type { Store } from '../storage/store.ts';
import { matchScope } from './urls.ts';

/** Registrations of one application. */
export const MAX_REGISTRATIONS = 32;
/** Scripts that one worker imports. */
export const MAX_IMPORTS = 256;

const url = z.string().max(8_192);
const workerSchema = z.strictObject({
  id: z.uuid(),
  scriptUrl: url,
  workerType: z.enum(['classic', 'module']),
  state: z.enum(['parsed', 'installing', 'installed', 'activating', 'activated', 'redundant']),
  handlesFetch: z.boolean(),
  skipsWaiting: z.boolean(),
  imports: z.array(url).max(MAX_IMPORTS),
});
export type WorkerRecord = z.infer<typeof workerSchema>;

const registrationSchema = z.strictObject({
  id: z.uuid(),
  scope: url,
  updateViaCache: z.enum(['imports', 'all', 'none']),
  preload: z.strictObject({ enabled: z.boolean(), headerValue: z.string().max(1_024) }),
  checkedAtMs: z.number(),
  /** Unregistered, and gone with the last page that it controls. */
  isLeaving: z.boolean(),
  installing: workerSchema.nullable(),
  waiting: workerSchema.nullable(),
  active: workerSchema.nullable(),
});
export type RegistrationRecord = z.infer<typeof registrationSchema>;

const recordSchema = z.strictObject({
  registrations: z.array(registrationSchema).max(MAX_REGISTRATIONS),
  clients: z.array(z.tuple([z.string().max(128), z.uuid()])).max(4_096),
});

/** A document that is being loaded is no client yet; how long it may take to become one. */
const LOADING_MS = 60_000;

const PLACES = ['installing', 'waiting', 'active'] as const;

export class Registry {
  readonly #store: Store;
  readonly #nowMs: () => number;
  /** Pages that were never seen open, and since when. */
  readonly #loadingSinceMs = new Map<string, number>();
  #registrations: RegistrationRecord[] = [];
  /** Page → registration that controls it. */
  #clients = new Map<string, string>();
  #loading: Promise<void> | undefined;
  #revision = 0;

  constructor(store: Store, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /** Reads what an earlier life left. Everything below may be used after it. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  get isEmpty(): boolean {
    return this.#registrations.length === 0;
  }

  get all(): readonly RegistrationRecord[] {
    return this.#registrations;
  }

  registration(id: string): RegistrationRecord | undefined {
    return this.#registrations.find((one) => one.id === id);
  }

  ofScope(scope: string): RegistrationRecord | undefined {
    return this.#registrations.find((one) => one.scope === scope && !one.isLeaving);
  }

  /** The registration for a page of that URL. */
  match(url: string): RegistrationRecord | undefined {
    return matchScope(
      this.#registrations.filter(({ isLeaving }) => !isLeaving),
      url,
    );
  }

  /** The worker of that id, and where it is. */
  worker(id: string): { registration: RegistrationRecord; worker: WorkerRecord } | undefined {
    for (const registration of this.#registrations) {
      for (const place of PLACES) {
        const worker = registration[place];
        if (worker?.id === id) return { registration, worker };
      }
    }
    return undefined;
  }

  controllerOf(clientId: string): RegistrationRecord | undefined {
    const id = this.#clients.get(clientId);
    return id === undefined ? undefined : this.registration(id);
  }

  /** Ids of pages that a registration controls, some of which may be gone. */
  controlledBy(registration: RegistrationRecord): string[] {
    return [...this.#clients].flatMap(([client, id]) => (id === registration.id ? [client] : []));
  }

  control(clientId: string, registration: RegistrationRecord): void {
    if (!this.#clients.has(clientId)) this.#loadingSinceMs.set(clientId, this.#nowMs());
    this.#clients.set(clientId, registration.id);
  }

  release(clientId: string): void {
    this.#clients.delete(clientId);
  }

  /** Forgets pages that are not among `open`, nor still loading. */
  keepClients(open: ReadonlySet<string>): void {
    const oldestMs = this.#nowMs() - LOADING_MS;
    for (const client of this.#clients.keys()) {
      if (open.has(client)) this.#loadingSinceMs.delete(client);
      else if ((this.#loadingSinceMs.get(client) ?? -Infinity) < oldestMs) {
        this.#clients.delete(client);
        this.#loadingSinceMs.delete(client);
      }
    }
  }

  add(registration: RegistrationRecord): void {
    this.#registrations.push(registration);
  }

  remove(registration: RegistrationRecord): void {
    this.#registrations = this.#registrations.filter((one) => one !== registration);
    for (const [client, id] of this.#clients) {
      if (id === registration.id) this.#clients.delete(client);
    }
  }

  clear(): void {
    this.#registrations = [];
    this.#clients.clear();
  }

  async save(): Promise<void> {
    await this.#store.put('appWorkers', {
      registrations: this.#registrations,
      clients: [...this.#clients].slice(-4_096),
    });
  }

  /** What a page is told. */
  state(clientId: string | undefined): AppWorkerState {
    // From the clock, so that it rises beyond that of the life before this one.
    this.#revision = Math.max(this.#revision + 1, this.#nowMs());
    return {
      revision: this.#revision,
      controller: (clientId === undefined ? undefined : this.controllerOf(clientId))?.id ?? null,
      registrations: this.#registrations.map(registrationFacts),
    };
  }

  async #load(): Promise<void> {
    const parsed = recordSchema.safeParse(await this.#store.get('appWorkers'));
    if (!parsed.success) return;
    this.#registrations = parsed.data.registrations;
    this.#clients = new Map(parsed.data.clients);
  }
}

export function registrationFacts(registration: RegistrationRecord): AppRegistrationFacts {
  const { id, scope, updateViaCache, preload, isLeaving } = registration;
  return {
    id,
    scope,
    updateViaCache,
    preload,
    isLeaving,
    installing: workerFacts(registration.installing),
    waiting: workerFacts(registration.waiting),
    active: workerFacts(registration.active),
  };
}

function workerFacts(worker: WorkerRecord): AppWorkerFacts;
function workerFacts(worker: WorkerRecord | null): AppWorkerFacts | null;
function workerFacts(worker: WorkerRecord | null): AppWorkerFacts | null {
  if (worker === null) return null;
  const { id, scriptUrl, workerType, state } = worker;
  return { id, scriptUrl, workerType, state };
}
