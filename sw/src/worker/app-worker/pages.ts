/** The application's pages, as its own workers deal with them. */
import type {
  AppWorkerMessage,
  AppWorkerState,
  ClientFacts,
  WorkerCall,
} from '../../messages/app-worker.ts';
import { parseScriptTag } from '../../messages/app-worker-tag.ts';
import { AppWorkerError } from './errors.ts';
import type { LifecyclePages } from './lifecycle.ts';
import type { RegistrationRecord, Registry } from './registry.ts';

type Matching = Extract<WorkerCall, { method: 'matchAll' }>;

export class AppPages implements LifecyclePages {
  readonly #clients: Clients;
  readonly #origin: string;
  readonly #registry: Registry;

  constructor(clients: Clients, origin: string, registry: Registry) {
    this.#clients = clients;
    this.#origin = origin;
    this.#registry = registry;
  }

  /** Windows under our worker, and so with our runtime, as far as they are the application's. */
  windows(): Promise<readonly WindowClient[]> {
    return this.#clients.matchAll({ type: 'window' });
  }

  /** Tells every page how the registrations stand. */
  async tell(updateFound?: RegistrationRecord): Promise<void> {
    for (const page of await this.windows()) {
      page.postMessage({
        type: 'postern.app-worker.state',
        state: this.#registry.state(page.id),
        ...(updateFound && { updateFound: updateFound.id }),
      } satisfies AppWorkerMessage);
    }
  }

  /** Forgets pages that are gone. */
  async sweep(): Promise<void> {
    const open = await this.#clients.matchAll({ includeUncontrolled: true, type: 'all' });
    this.#registry.keepClients(new Set(open.map(({ id }) => id)));
  }

  state(clientId: string): AppWorkerState {
    return this.#registry.state(clientId);
  }

  /** `clients.matchAll` of a worker of `registration`. */
  async match(
    { type, includeUncontrolled }: Matching,
    registration: RegistrationRecord,
  ): Promise<ClientFacts[]> {
    const all = await this.#clients.matchAll({ type });
    return all
      .filter((client) => this.#isSeen(client, registration, includeUncontrolled))
      .map(factsOf);
  }

  /** `clients.get`. */
  async get(id: string): Promise<ClientFacts | undefined> {
    const client = await this.#find(id);
    return client === undefined ? undefined : factsOf(client);
  }

  async post(id: string, message: AppWorkerMessage, ports: Transferable[]): Promise<void> {
    (await this.#find(id))?.postMessage(message, ports);
  }

  async navigate(
    id: string,
    url: string,
    registration: RegistrationRecord,
  ): Promise<ClientFacts | null> {
    const client = await this.#find(id);
    if (this.#registry.controllerOf(id) !== registration || !isWindow(client)) {
      throw new AppWorkerError('TypeError', 'This service worker is not the client’s active one.');
    }
    const navigated = await client.navigate(url);
    return navigated === null ? null : factsOf(navigated);
  }

  async focus(id: string): Promise<ClientFacts> {
    const client = await this.#find(id);
    if (!isWindow(client)) throw new AppWorkerError('TypeError', 'The client was not found.');
    try {
      return factsOf(await client.focus());
    } catch {
      throw new AppWorkerError('InvalidAccessError', 'Not allowed to focus a window.');
    }
  }

  async #find(id: string): Promise<Client | undefined> {
    const client = await this.#clients.get(id);
    if (client === undefined) return undefined;
    return isAppWorker(client) || new URL(client.url).origin !== this.#origin ? undefined : client;
  }

  #isSeen(client: Client, registration: RegistrationRecord, includeUncontrolled: boolean): boolean {
    if (isAppWorker(client)) return false;
    return includeUncontrolled || this.#registry.controllerOf(client.id) === registration;
  }
}

/** One of the application's own workers: no client, for them. */
function isAppWorker(client: Pick<Client, 'url'>): boolean {
  return parseScriptTag(client.url) !== undefined;
}

function isWindow(client: Client | undefined): client is WindowClient {
  return client !== undefined && 'navigate' in client;
}

function factsOf(client: Client): ClientFacts {
  const { id, url, type } = client;
  return {
    id,
    url,
    type: type,
    frameType: (client as { frameType?: string }).frameType ?? 'none',
    visibilityState: isWindow(client) ? client.visibilityState : 'hidden',
    focused: isWindow(client) && client.focused,
  };
}
