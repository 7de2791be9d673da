/** What kind of client a request comes from: the application's own worker, another web worker, or a page. */
import { parseScriptTag } from '../../messages/app-worker-tag.ts';

/** Clients remembered; the oldest is forgotten first. */
const MAX_KNOWN = 4_096;
/** Firefox answers for a client only once its script ran, which may be waiting for this very answer. */
const FIND_TIMEOUT_MS = 250;

export interface ClientKind {
  /** The application's own worker that it is. */
  worker: string | undefined;
  isWebWorker: boolean;
}

export class WorkerClients {
  readonly #clients: Pick<Clients, 'get'>;
  readonly #known = new Map<string, ClientKind>();

  constructor(clients: Pick<Clients, 'get'>) {
    this.#clients = clients;
  }

  /** A client that is being made. */
  note(client: string, kind: ClientKind): void {
    if (client === '') return;
    this.#known.set(client, kind);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  async workerOf(client: string): Promise<string | undefined> {
    return (await this.#kindOf(client))?.worker;
  }

  async isWebWorker(client: string): Promise<boolean> {
    return (await this.#kindOf(client))?.isWebWorker === true;
  }

  async #kindOf(client: string): Promise<ClientKind | undefined> {
    const known = this.#known.get(client);
    if (client === '' || known !== undefined) return known;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, FIND_TIMEOUT_MS));
    const found = await Promise.race([this.#clients.get(client), late]);
    const kind = {
      worker: found === undefined ? undefined : parseScriptTag(found.url),
      isWebWorker: found !== undefined && found.type !== 'window',
    };
    this.note(client, kind);
    return kind;
  }
}
