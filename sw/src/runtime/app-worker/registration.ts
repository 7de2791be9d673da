/**
 * `ServiceWorkerRegistration` and `ServiceWorker` of the application's own workers, in pages and in the
 * workers themselves: views of what the service worker says (`messages/app-worker.ts`).
 */
import type {
  AppRegistrationFacts,
  AppWorkerFacts,
  AppWorkerState,
} from '../../messages/app-worker.ts';
import { addEventHandlers, passFor } from './event-handlers.ts';
import { createPushManager, createRefusingManager } from './refusals.ts';

/** What the objects do when they are called. */
export interface RegistrationActions {
  post(worker: string, data: unknown, transfer: Transferable[]): void;
  update(registration: string): Promise<void>;
  unregister(registration: string): Promise<boolean>;
  preload(registration: string, change: { enabled?: boolean; headerValue?: string }): Promise<void>;
  notify(title: string, options?: NotificationOptions): Promise<void>;
}

export class AppServiceWorker extends EventTarget {
  #facts: AppWorkerFacts;
  readonly #actions: RegistrationActions;

  constructor(facts: AppWorkerFacts, actions: RegistrationActions) {
    super();
    this.#facts = facts;
    this.#actions = actions;
  }

  get scriptURL(): string {
    return this.#facts.scriptUrl;
  }
  get state(): ServiceWorkerState {
    return this.#facts.state;
  }

  postMessage(message: unknown, given?: Transferable[] | StructuredSerializeOptions): void {
    this.#actions.post(this.#facts.id, message, transferOf(given));
  }

  /** True if the state changed. */
  static become(worker: AppServiceWorker, state: ServiceWorkerState): boolean {
    const isChanged = worker.#facts.state !== state;
    worker.#facts = { ...worker.#facts, state };
    return isChanged;
  }
}
addEventHandlers(AppServiceWorker.prototype, ['statechange', 'error']);
passFor(AppServiceWorker, 'ServiceWorker');

type Places = Record<'installing' | 'waiting' | 'active', AppServiceWorker | null>;

export class AppRegistration extends EventTarget {
  #facts: AppRegistrationFacts;
  readonly #actions: RegistrationActions;
  #places: Places = { installing: null, waiting: null, active: null };
  readonly #push = createPushManager();
  readonly #preload: object;

  constructor(facts: AppRegistrationFacts, actions: RegistrationActions) {
    super();
    this.#facts = facts;
    this.#actions = actions;
    this.#preload = {
      enable: () => actions.preload(facts.id, { enabled: true }),
      disable: () => actions.preload(facts.id, { enabled: false }),
      setHeaderValue: (value: unknown) => actions.preload(facts.id, { headerValue: String(value) }),
      getState: () => Promise.resolve({ ...this.#facts.preload }),
    };
  }

  get scope(): string {
    return this.#facts.scope;
  }
  get updateViaCache(): ServiceWorkerUpdateViaCache {
    return this.#facts.updateViaCache;
  }
  get installing(): AppServiceWorker | null {
    return this.#places.installing;
  }
  get waiting(): AppServiceWorker | null {
    return this.#places.waiting;
  }
  get active(): AppServiceWorker | null {
    return this.#places.active;
  }
  get navigationPreload(): object {
    return this.#preload;
  }
  get pushManager(): object {
    return this.#push;
  }

  async update(): Promise<this> {
    await this.#actions.update(this.#facts.id);
    return this;
  }
  unregister(): Promise<boolean> {
    return this.#actions.unregister(this.#facts.id);
  }
  showNotification(title: string, options?: NotificationOptions): Promise<void> {
    return this.#actions.notify(title, options);
  }
  getNotifications(): Promise<Notification[]> {
    return Promise.resolve([]);
  }

  static set(registration: AppRegistration, facts: AppRegistrationFacts, places: Places): void {
    registration.#facts = facts;
    registration.#places = places;
  }
  static empty(registration: AppRegistration): void {
    registration.#places = { installing: null, waiting: null, active: null };
  }
}
addEventHandlers(AppRegistration.prototype, ['updatefound']);
passFor(AppRegistration, 'ServiceWorkerRegistration');
for (const name of ['sync', 'periodicSync', 'backgroundFetch'] as const) {
  if (!(name in AppRegistration.prototype)) continue;
  const manager = createRefusingManager(name);
  Object.defineProperty(AppRegistration.prototype, name, {
    get: () => manager,
    configurable: true,
  });
}

/** All registrations of the origin, each always the same object. */
export class RegistrationView {
  readonly actions: RegistrationActions;
  readonly #registrations = new Map<string, AppRegistration>();
  readonly #workers = new Map<string, AppServiceWorker>();
  readonly #leaving = new Set<AppRegistration>();

  constructor(actions: RegistrationActions) {
    this.actions = actions;
  }

  /** Those that may be found by their scope. */
  get all(): AppRegistration[] {
    return [...this.#registrations.values()].filter((one) => !this.#leaving.has(one));
  }
  registration(id: string): AppRegistration | undefined {
    return this.#registrations.get(id);
  }
  worker(id: string): AppServiceWorker | undefined {
    return this.#workers.get(id);
  }

  /** Takes over a state. @returns tells listeners of what changed */
  apply(
    { registrations }: Pick<AppWorkerState, 'registrations'>,
    updateFound?: string,
  ): () => void {
    const changed: AppServiceWorker[] = [];
    const seen = new Set<string>();
    const place = (facts: AppWorkerFacts | null): AppServiceWorker | null => {
      if (facts === null) return null;
      seen.add(facts.id);
      let worker = this.#workers.get(facts.id);
      if (worker === undefined) {
        worker = new AppServiceWorker(facts, this.actions);
        this.#workers.set(facts.id, worker);
      } else if (AppServiceWorker.become(worker, facts.state)) changed.push(worker);
      return worker;
    };
    const known = new Set<string>();
    for (const facts of registrations) {
      known.add(facts.id);
      let registration = this.#registrations.get(facts.id);
      if (registration === undefined) {
        registration = new AppRegistration(facts, this.actions);
        this.#registrations.set(facts.id, registration);
      }
      if (facts.isLeaving) this.#leaving.add(registration);
      AppRegistration.set(registration, facts, {
        installing: place(facts.installing),
        waiting: place(facts.waiting),
        active: place(facts.active),
      });
    }
    for (const [id, registration] of this.#registrations) {
      if (known.has(id)) continue;
      AppRegistration.empty(registration);
      this.#registrations.delete(id);
    }
    for (const [id, worker] of this.#workers) {
      if (seen.has(id)) continue;
      this.#workers.delete(id);
      if (AppServiceWorker.become(worker, 'redundant')) changed.push(worker);
    }
    return () => {
      if (updateFound !== undefined) {
        this.#registrations.get(updateFound)?.dispatchEvent(new Event('updatefound'));
      }
      for (const worker of changed) worker.dispatchEvent(new Event('statechange'));
    };
  }
}

export function transferOf(
  given: Transferable[] | StructuredSerializeOptions | undefined,
): Transferable[] {
  return Array.isArray(given) ? given : (given?.transfer ?? []);
}
