/** `Clients`, `Client` and `WindowClient` of an application's worker. */
import type { ClientFacts } from '../../../messages/app-worker.ts';
import { passFor } from '../event-handlers.ts';
import { transferOf } from '../registration.ts';
import type { ScopeLink } from './worker-link.ts';

class Client {
  readonly #facts: ClientFacts;
  readonly #link: ScopeLink;

  constructor(facts: ClientFacts, link: ScopeLink) {
    this.#facts = facts;
    this.#link = link;
  }

  get id(): string {
    return this.#facts.id;
  }
  get url(): string {
    return this.#facts.url;
  }
  get type(): ClientTypes {
    return this.#facts.type;
  }
  get frameType(): string {
    return this.#facts.frameType;
  }
  get visibilityState(): DocumentVisibilityState {
    return this.#facts.visibilityState;
  }
  get focused(): boolean {
    return this.#facts.focused;
  }

  postMessage(message: unknown, given?: Transferable[] | StructuredSerializeOptions): void {
    const transfer = transferOf(given);
    // What cannot be sent is to be told now, not when there is a port.
    if (transfer.length === 0) structuredClone(message);
    void this.#link
      .call({ method: 'post', client: this.id, data: message }, transfer)
      .catch(() => undefined);
  }
}
passFor(Client, 'Client');

export class WindowClient extends Client {
  readonly #link: ScopeLink;

  constructor(facts: ClientFacts, link: ScopeLink) {
    super(facts, link);
    this.#link = link;
  }

  async focus(): Promise<WindowClient> {
    const facts = await this.#link.call({ method: 'focus', client: this.id });
    return new WindowClient(facts as ClientFacts, this.#link);
  }

  async navigate(url: string): Promise<WindowClient | null> {
    const absolute = new URL(url, self.location.href).href;
    const call = { method: 'navigate', client: this.id, url: absolute } as const;
    const facts = (await this.#link.call(call)) as ClientFacts | null;
    return facts === null ? null : new WindowClient(facts, this.#link);
  }
}
passFor(WindowClient, 'WindowClient');

export class Clients {
  readonly #link: ScopeLink;

  constructor(link: ScopeLink) {
    this.#link = link;
  }

  async get(id: string): Promise<Client | undefined> {
    const facts = await this.#link.call({ method: 'getClient', client: id });
    return facts === undefined ? undefined : toClient(facts as ClientFacts, this.#link);
  }

  async matchAll(options: ClientQueryOptions = {}): Promise<Client[]> {
    const { type = 'window', includeUncontrolled = false } = options;
    const all = await this.#link.call({ method: 'matchAll', type, includeUncontrolled });
    return (all as ClientFacts[]).map((facts) => toClient(facts, this.#link));
  }

  async claim(): Promise<void> {
    await this.#link.call({ method: 'claim' });
  }

  async openWindow(url: string): Promise<null> {
    await this.#link.call({ method: 'openWindow', url: new URL(url, self.location.href).href });
    return null;
  }
}
passFor(Clients, 'Clients');

function toClient(facts: ClientFacts, link: ScopeLink): Client {
  return facts.type === 'window' ? new WindowClient(facts, link) : new Client(facts, link);
}
