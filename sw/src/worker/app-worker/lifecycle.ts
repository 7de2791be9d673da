/**
 * Registering, updating, installing, activating and unregistering the application's own workers, as
 * Service Workers §"Algorithms" has it for the browser's. Jobs of one scope run one after the other.
 */
import type { Logger } from '@postern/shared/log';
import type { AppWorkerRequest } from '../../messages/app-worker.ts';
import { AppWorkerError } from './errors.ts';
import {
  MAX_REGISTRATIONS,
  registrationFacts,
  type RegistrationRecord,
  type Registry,
  type WorkerRecord,
} from './registry.ts';
import { isSameScript, type Script, type ScriptStore } from './scripts.ts';
import { checkScope, checkUrls } from './urls.ts';
import { fieldValue } from '../fetch/response-fields.ts';
import type { WorkerHosts } from './worker-hosts.ts';
import type { RunningWorker } from './running-worker.ts';

/** After this long, scripts are asked for past the HTTP cache in any case (§"Update", step 8). */
const MAX_CACHED_SCRIPT_MS = 86_400_000;

export type RegisterOptions = Extract<AppWorkerRequest, { type: 'postern.app-worker.register' }>;

/** The application's pages. */
export interface LifecyclePages {
  windows(): Promise<readonly { id: string; url: string }[]>;
  tell(updateFound?: RegistrationRecord): Promise<void>;
  /** Forgets pages that are gone. */
  sweep(): Promise<void>;
}

export interface LifecycleOptions {
  registry: Registry;
  scripts: ScriptStore;
  hosts: WorkerHosts;
  pages: LifecyclePages;
  origin: string;
  logger: Logger;
  nowMs: () => number;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #jobs = new Map<string, Promise<unknown>>();
  /** Workers whose activation is under way; fetch events wait for it. */
  readonly #activations = new Map<string, Promise<void>>();

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Resolves when the script ran; its installation goes on. */
  register(options: RegisterOptions): Promise<RegistrationRecord> {
    const { registry, origin } = this.#options;
    const { workerType, updateViaCache } = options;
    const urls = checkUrls(options, origin);
    return this.#job(urls.scope, async () => {
      const known = registry.ofScope(urls.scope);
      if (known !== undefined) {
        const newest = known.installing ?? known.waiting ?? known.active;
        const isSame =
          newest?.scriptUrl === urls.scriptUrl &&
          newest.workerType === workerType &&
          known.updateViaCache === updateViaCache;
        if (isSame) return known;
        known.updateViaCache = updateViaCache;
        await this.#update(known, urls.scriptUrl, workerType);
        return known;
      }
      if (registry.all.length >= MAX_REGISTRATIONS) {
        throw new AppWorkerError('TypeError', `No more than ${MAX_REGISTRATIONS} registrations.`);
      }
      const registration: RegistrationRecord = {
        id: crypto.randomUUID(),
        scope: urls.scope,
        updateViaCache,
        preload: { enabled: false, headerValue: 'true' },
        checkedAtMs: 0,
        isLeaving: false,
        installing: null,
        waiting: null,
        active: null,
      };
      registry.add(registration);
      try {
        await this.#update(registration, urls.scriptUrl, workerType);
      } catch (error) {
        registry.remove(registration);
        throw error;
      }
      return registration;
    });
  }

  /** Looks for a new script; resolves when it ran, or when there is none. */
  update(registration: RegistrationRecord): Promise<void> {
    return this.#job(registration.scope, () => {
      const newest = registration.installing ?? registration.waiting ?? registration.active;
      if (newest === null || this.#options.registry.registration(registration.id) === undefined) {
        throw new AppWorkerError('TypeError', 'The registration has no worker to update.');
      }
      return this.#update(registration, newest.scriptUrl, newest.workerType);
    });
  }

  /** False when it was unregistered before. Its pages keep it until they are gone. */
  unregister(registration: RegistrationRecord): Promise<boolean> {
    return this.#job(registration.scope, async () => {
      if (registration.isLeaving) return false;
      registration.isLeaving = true;
      await this.#changed(registration);
      await this.tidy();
      return true;
    });
  }

  /** Lets waiting workers take over, and unregistered ones go, where no page needs what is there. */
  async tidy(): Promise<void> {
    const { registry, pages } = this.#options;
    await pages.sweep();
    for (const registration of [...registry.all]) {
      if (registry.controlledBy(registration).length > 0) continue;
      if (registration.isLeaving) {
        registry.remove(registration);
        for (const place of ['installing', 'waiting', 'active'] as const) {
          await this.#retire(registration, place);
        }
        await this.#changed(registration);
      } else if (registration.waiting !== null) await this.#activate(registration);
    }
  }

  async skipWaiting(registration: RegistrationRecord, worker: WorkerRecord): Promise<void> {
    worker.skipsWaiting = true;
    if (registration.waiting === worker) await this.#activate(registration);
  }

  /** `clients.claim`: all pages in the scope that something else controls, or nothing. */
  async claim(registration: RegistrationRecord, worker: WorkerRecord): Promise<void> {
    const { registry, pages } = this.#options;
    if (registration.active !== worker) {
      throw new AppWorkerError('InvalidStateError', 'Only the active worker can claim clients.');
    }
    for (const page of await pages.windows()) {
      if (registry.match(page.url) === registration) registry.control(page.id, registration);
    }
    await this.#changed(registration);
  }

  /** Resolves when the active worker is activated: what comes for it waits so long. */
  async activated(registration: RegistrationRecord): Promise<void> {
    const { active } = registration;
    if (active?.state === 'activating') {
      await (this.#activations.get(active.id) ?? this.#runActivation(registration, active));
    }
  }

  /** Installations and activations that an earlier life of ours did not see the end of. */
  resume(): void {
    for (const registration of this.#options.registry.all) {
      const { installing, active } = registration;
      if (installing !== null) {
        void this.#job(registration.scope, () =>
          this.#install(registration, installing, undefined),
        );
      }
      if (active?.state === 'activating') void this.#runActivation(registration, active);
    }
  }

  async #update(
    registration: RegistrationRecord,
    scriptUrl: string,
    workerType: WorkerType,
  ): Promise<void> {
    const { scripts, nowMs } = this.#options;
    const newest = registration.installing ?? registration.waiting ?? registration.active;
    const isOld = nowMs() - registration.checkedAtMs > MAX_CACHED_SCRIPT_MS;
    const cacheFor = (main: boolean): RequestCache =>
      isOld ||
      registration.updateViaCache === 'none' ||
      (main && registration.updateViaCache === 'imports')
        ? 'no-cache'
        : 'default';
    const script = await scripts.fetch(scriptUrl, true, cacheFor(true));
    const { scope } = registration;
    checkScope({ scriptUrl, scope }, fieldValue(script.fields, 'service-worker-allowed') ?? null);
    registration.checkedAtMs = nowMs();
    const isChanged =
      newest === null ||
      newest.scriptUrl !== scriptUrl ||
      newest.workerType !== workerType ||
      !isSameScript(await scripts.get(newest.id, scriptUrl), script) ||
      (await this.#hasChangedImports(newest, cacheFor(false)));
    if (!isChanged) {
      await this.#options.registry.save();
      return;
    }
    await this.#begin(registration, { scriptUrl, workerType }, script);
  }

  async #hasChangedImports(newest: WorkerRecord, cache: RequestCache): Promise<boolean> {
    const { scripts } = this.#options;
    for (const url of newest.imports) {
      const script = await scripts.fetch(url, false, cache).catch(() => undefined);
      if (script === undefined) continue;
      if (!isSameScript(await scripts.get(newest.id, url), script)) return true;
    }
    return false;
  }

  /** Runs a new worker's script, and begins its installation. */
  async #begin(
    registration: RegistrationRecord,
    { scriptUrl, workerType }: Pick<WorkerRecord, 'scriptUrl' | 'workerType'>,
    script: Script,
  ): Promise<void> {
    const { registry, scripts, hosts } = this.#options;
    const worker: WorkerRecord = {
      id: crypto.randomUUID(),
      scriptUrl,
      workerType,
      state: 'installing',
      handlesFetch: false,
      skipsWaiting: false,
      imports: [],
    };
    await this.#retire(registration, 'installing');
    await scripts.put(worker.id, scriptUrl, script);
    registration.installing = worker;
    let running: RunningWorker;
    try {
      running = await hosts.run(worker);
      if (running.ready.error !== undefined) {
        throw new AppWorkerError(
          'TypeError',
          `ServiceWorker script evaluation failed: ${running.ready.error}`,
        );
      }
    } catch (error) {
      await this.#retire(registration, 'installing');
      throw error;
    }
    worker.handlesFetch = running.ready.handlesFetch;
    await registry.save();
    // After the answer to whoever registered it, who adds listeners only then.
    setTimeout(() => {
      void this.#changed(registration, true).then(() =>
        this.#install(registration, worker, running),
      );
    });
  }

  async #install(
    registration: RegistrationRecord,
    worker: WorkerRecord,
    started: RunningWorker | undefined,
  ): Promise<void> {
    const { registry, hosts, pages, logger } = this.#options;
    try {
      const running = started ?? (await hosts.run(worker));
      if (running.ready.installed !== true) {
        await running.dispatch(crypto.randomUUID(), { type: 'install' }).done;
      }
    } catch (error) {
      logger.warn('app-worker.not-installed', { error });
      if (registration.installing !== worker) return;
      await this.#retire(registration, 'installing');
      if (registration.waiting === null && registration.active === null) {
        registry.remove(registration);
      }
      await this.#changed(registration);
      return;
    }
    if (registration.installing !== worker) return;
    await this.#retire(registration, 'waiting');
    registration.installing = null;
    registration.waiting = worker;
    worker.state = 'installed';
    await this.#changed(registration);
    await pages.sweep();
    const isFree = registration.active === null || registry.controlledBy(registration).length === 0;
    if (worker.skipsWaiting || isFree) await this.#activate(registration);
  }

  async #activate(registration: RegistrationRecord): Promise<void> {
    const worker = registration.waiting;
    if (worker === null) return;
    registration.waiting = null;
    const before = registration.active;
    registration.active = worker;
    worker.state = 'activating';
    await this.#changed(registration);
    if (before !== null) await this.#discard(before);
    void this.#runActivation(registration, worker);
  }

  #runActivation(registration: RegistrationRecord, worker: WorkerRecord): Promise<void> {
    const { hosts, logger } = this.#options;
    const known = this.#activations.get(worker.id);
    if (known !== undefined) return known;
    const activation = (async () => {
      try {
        const running = await hosts.run(worker);
        if (running.ready.activated !== true) {
          await running.dispatch(crypto.randomUUID(), { type: 'activate' }).done;
        }
      } catch (error) {
        // A worker becomes active all the same (§"Activate", step 10).
        logger.warn('app-worker.activation', { error });
      }
      worker.state = 'activated';
      await this.#changed(registration);
    })().finally(() => this.#activations.delete(worker.id));
    this.#activations.set(worker.id, activation);
    return activation;
  }

  /** Keeps how a registration stands, and tells pages and its workers. */
  async #changed(registration: RegistrationRecord, isUpdateFound = false): Promise<void> {
    await this.#options.registry.save();
    await this.#options.pages.tell(isUpdateFound ? registration : undefined);
    for (const worker of [registration.installing, registration.waiting, registration.active]) {
      if (worker === null) continue;
      const running = await this.#options.hosts.find(worker.id)?.catch(() => undefined);
      running?.post({
        kind: 'state',
        registration: registrationFacts(registration),
        worker: worker.id,
      });
    }
  }

  async #retire(
    registration: RegistrationRecord,
    place: 'installing' | 'waiting' | 'active',
  ): Promise<void> {
    const worker = registration[place];
    registration[place] = null;
    if (worker !== null) await this.#discard(worker);
  }

  async #discard(worker: WorkerRecord): Promise<void> {
    worker.state = 'redundant';
    const running = await this.#options.hosts.find(worker.id)?.catch(() => undefined);
    running?.post({ kind: 'close' });
    await this.#options.scripts.delete(worker);
  }

  #job<T>(scope: string, work: () => Promise<T>): Promise<T> {
    const before = this.#jobs.get(scope) ?? Promise.resolve();
    const job = before.then(work, work);
    this.#jobs.set(scope, job);
    job
      .catch(() => undefined)
      .finally(() => {
        if (this.#jobs.get(scope) === job) this.#jobs.delete(scope);
      });
    return job;
  }
}
