/**
 * The application's own service workers, beside ours and never in its place. Browsers let one worker
 * answer for a page, and that is ours; the application's run in shared web workers of its pages, apart
 * from our memory (docs/threat-model.md, "Decisions"), and are led the events that they would get.
 */
import { isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import {
  appWorkerNoticeSchema,
  appWorkerRequestSchema,
  type AppWorkerReply,
  type AppWorkerRequest,
  type WorkerCall,
} from '../../messages/app-worker.ts';
import {
  APP_WORKER_RUNTIME_PATH,
  EVENT_BODY_PATH,
  parsePassed,
  parseScriptTag,
} from '../../messages/app-worker-tag.ts';
import { workerRuntimeScript } from '../documents/worker-script.ts';
import type { AppRequests } from '../fetch/app-requests.ts';
import type { ResponseSource } from '../fetch/response-source.ts';
import type { Store } from '../storage/store.ts';
import { AppWorkerError, toFailure } from './errors.ts';
import { FetchEvents, type FetchEventsOptions } from './fetch-events.ts';
import { Lifecycle } from './lifecycle.ts';
import { AppPages } from './pages.ts';
import { MAX_IMPORTS, Registry, type RegistrationRecord } from './registry.ts';
import type { AppResponder, FetchIds } from './responder.ts';
import { ScriptStore } from './scripts.ts';
import type { Look } from '../pages/look.ts';
import { starterPage } from './starter-page.ts';
import { WorkerClients } from './worker-clients.ts';
import { WorkerHosts } from './worker-hosts.ts';

/** A document that was to start a worker is not answered by another such page this soon. */
const STARTER_PAUSE_MS = 15_000;

export interface AppWorkersOptions extends FetchEventsOptions {
  scope: Pick<ServiceWorkerGlobalScope, 'clients' | 'caches' | 'navigator' | 'location'>;
  store: Store;
  app: AppRequests;
  /** Text of the runtime that goes before the worker's script. */
  runtime: string;
  starterScript: string;
  /** How pages of ours look. */
  look: () => Promise<Look>;
  /** Nobody's worker answers while nobody is signed in. */
  hasSession(): Promise<boolean>;
  logger: Logger;
  nowMs: () => number;
}

export class AppWorkers implements AppResponder {
  readonly #options: AppWorkersOptions;
  readonly #registry: Registry;
  readonly #pages: AppPages;
  readonly #scripts: ScriptStore;
  readonly #hosts: WorkerHosts;
  readonly #lifecycle: Lifecycle;
  readonly #events: FetchEvents;
  readonly #clients: WorkerClients;
  #loading: Promise<void> | undefined;
  #starterAtMs = -Infinity;

  constructor(options: AppWorkersOptions) {
    const { scope, store, app, logger, nowMs } = options;
    const { origin } = scope.location;
    this.#options = options;
    this.#registry = new Registry(store, nowMs);
    this.#clients = new WorkerClients(scope.clients);
    this.#pages = new AppPages(scope.clients, origin, this.#registry);
    this.#scripts = new ScriptStore({
      caches: scope.caches,
      origin,
      ask: async (url, main, cache) => {
        const request = new Request(url, {
          cache,
          mode: 'same-origin',
          ...(main && { headers: { 'service-worker': 'script' } }),
        });
        const destination = main ? 'serviceworker' : 'script';
        const answer = await app.ask(request, '', { destination });
        if (answer instanceof Response) throw new AppWorkerError('TypeError', 'No script came.');
        return answer;
      },
    });
    this.#hosts = new WorkerHosts({
      pages: async ({ scriptUrl }) => this.#hostsFor(scriptUrl),
      onCall: (worker, call, ports) => this.#call(worker, call, ports),
      locks: scope.navigator.locks,
    });
    this.#lifecycle = new Lifecycle({
      registry: this.#registry,
      scripts: this.#scripts,
      hosts: this.#hosts,
      pages: this.#pages,
      origin,
      logger,
      nowMs,
    });
    this.#events = new FetchEvents(options);
  }

  /** Answers a request for the application, through its own worker where one is in charge. */
  async respond(request: Request, ids: FetchIds): Promise<Response> {
    const { app } = this.#options;
    await this.#load();
    if (this.#registry.isEmpty) return app.fetch(request, ids.clientId);
    const own = await this.#ofWorker(request, ids);
    if (own !== undefined) return own;
    const isNavigation = request.mode === 'navigate';
    if (isNavigation && !(await this.#options.hasSession()))
      return app.fetch(request, ids.clientId);
    const registration = await this.#inChargeOf(request, ids);
    const answer =
      (registration && (await this.#fromWorker(registration, request, ids))) ??
      (await app.ask(request, ids.clientId));
    if (answer instanceof Response) return answer;
    const state = isNavigation ? this.#registry.state(ids.resultingClientId) : undefined;
    return app.present(request, answer, state);
  }

  /** Answers below our own paths; `undefined` for what is not of this part. */
  respondOwn({ pathname }: URL): Promise<Response> | undefined {
    if (pathname === APP_WORKER_RUNTIME_PATH) {
      return Promise.resolve(workerRuntimeScript(this.#options.runtime));
    }
    return pathname.startsWith(EVENT_BODY_PATH)
      ? this.#events.body(pathname.slice(EVENT_BODY_PATH.length))
      : undefined;
  }

  /** True if `data` was a message of this part. Never rejects. */
  async take(data: unknown, source: Client, ports: readonly MessagePort[]): Promise<boolean> {
    const request = appWorkerRequestSchema.safeParse(data).data;
    const [port] = ports;
    if (request !== undefined) {
      await this.#load();
      const reply = await this.#reply(request, source);
      port?.postMessage(reply);
      return true;
    }
    const notice = appWorkerNoticeSchema.safeParse(data).data;
    switch (notice?.type) {
      case undefined:
        return false;
      case 'postern.app-worker.connected':
        if (port !== undefined) this.#hosts.connected(notice.token, source.id, port);
        return true;
      case 'postern.app-worker.failed':
        this.#hosts.failed(notice.token, source.id);
        return true;
      case 'postern.app-worker.post':
        await this.#post(notice.worker, notice.data, source, ports);
        return true;
    }
  }

  /** Another person, or none: nothing stays of the one before. */
  async clear(): Promise<void> {
    const { store, scope } = this.#options;
    await this.#load();
    for (const { installing, waiting, active } of this.#registry.all) {
      for (const worker of [installing, waiting, active]) {
        if (worker === null) continue;
        const running = await this.#hosts.find(worker.id)?.catch(() => undefined);
        running?.post({ kind: 'close' });
      }
    }
    this.#registry.clear();
    await store.delete('appWorkers');
    // What workers answer from is as personal as what our own cache holds.
    for (const name of await scope.caches.keys()) {
      if (!name.startsWith('postern')) await scope.caches.delete(name);
    }
    await this.#scripts.clear();
  }

  #load(): Promise<void> {
    this.#loading ??= this.#registry.load().then(() => this.#lifecycle.resume());
    return this.#loading;
  }

  async #hostsFor(scriptUrl: string): Promise<WindowClient[]> {
    const windows = [...(await this.#pages.windows())];
    const folder = new URL('./', scriptUrl).href;
    // Pages near the script first: others may lie beyond its say.
    return windows.sort(
      (a, b) => Number(b.url.startsWith(folder)) - Number(a.url.startsWith(folder)),
    );
  }

  /** Answers what comes from the application's workers themselves. */
  async #ofWorker(request: Request, ids: FetchIds): Promise<Response | undefined> {
    const { app } = this.#options;
    const { destination, url } = request;
    const started = destination === 'sharedworker' ? parseScriptTag(url) : undefined;
    this.#clients.note(ids.resultingClientId, {
      worker: started,
      isWebWorker: destination === 'worker' || destination === 'sharedworker',
    });
    if (started !== undefined) return this.#script(started, request);
    const id = await this.#clients.workerOf(ids.clientId);
    if (id === undefined) return undefined;
    const passed = parsePassed(new URL(request.url).hash);
    if (passed !== undefined) {
      const answer = await this.#events.pass(request, passed);
      if (answer !== undefined) return answer;
    }
    if (request.destination === 'script') return this.#import(id, request);
    return this.#events.plain(await app.ask(request, ids.clientId));
  }

  async #script(id: string, request: Request): Promise<Response> {
    const found = this.#registry.worker(id);
    const script = found && (await this.#scripts.get(id, found.worker.scriptUrl));
    if (script === undefined) return new Response(null, { status: 404 });
    return this.#options.app.present(request, sourceOf(script), undefined, {
      source: this.#options.runtime,
      path: APP_WORKER_RUNTIME_PATH,
    });
  }

  /** What a worker imports is kept with it; once it is installed nothing new can be imported. */
  async #import(id: string, request: Request): Promise<Response> {
    const found = this.#registry.worker(id);
    if (found === undefined) return Response.error();
    const { worker, registration } = found;
    const url = request.url.replace(/#.*$/, '');
    const known = await this.#scripts.get(id, url);
    if (known !== undefined) return this.#events.plain(sourceOf(known));
    if (worker.state !== 'installing' || worker.imports.length >= MAX_IMPORTS) {
      return Response.error();
    }
    const cache = registration.updateViaCache === 'none' ? 'no-cache' : 'default';
    try {
      const script = await this.#scripts.fetch(url, false, cache);
      await this.#scripts.put(id, url, script);
      worker.imports.push(url);
      return this.#events.plain(sourceOf(script));
    } catch {
      return Response.error();
    }
  }

  /** The registration whose worker a request goes to, and what a navigation changes about it. */
  async #inChargeOf(request: Request, ids: FetchIds): Promise<RegistrationRecord | undefined> {
    if (request.mode !== 'navigate') {
      const known = this.#registry.controllerOf(ids.clientId);
      if (known !== undefined) return known;
      // A page that is not controlled stays so; web workers are under the scope of their script.
      const isWorker = await this.#clients.isWebWorker(ids.clientId);
      return isWorker ? this.#registry.match(request.referrer) : undefined;
    }
    await this.#lifecycle.tidy();
    const registration = this.#registry.match(request.url.replace(/#.*$/, ''));
    if (registration?.active == null) return undefined;
    this.#registry.control(ids.resultingClientId, registration);
    await this.#registry.save();
    return registration;
  }

  async #fromWorker(
    registration: RegistrationRecord,
    request: Request,
    ids: FetchIds,
  ): Promise<ResponseSource | Response | undefined> {
    await this.#lifecycle.activated(registration);
    const { active, preload } = registration;
    if (active?.handlesFetch !== true) return undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        const running = await this.#hosts.run(active);
        const value =
          preload.enabled && isPlainNavigation(request) ? preload.headerValue : undefined;
        return await this.#events.dispatch(running, request, ids, value);
      } catch (error) {
        if (!isAppError(error, 'ERR_SW_APP_WORKER')) throw error;
        // It may just have ended with its last page: the one that comes starts it anew.
        if (attempt === 0 && request.mode !== 'navigate') continue;
        if (attempt === 0 && this.#mayStart(request)) {
          this.#registry.release(ids.resultingClientId);
          return starterPage(await this.#options.look(), this.#options.starterScript, active);
        }
        this.#options.logger.warn('app-worker.passed-over', { error });
        return undefined;
      }
    }
  }

  /** True if a page of ours may come first, whose only use is to start the worker. */
  #mayStart(request: Request): boolean {
    const { nowMs } = this.#options;
    const isDue = nowMs() - this.#starterAtMs > STARTER_PAUSE_MS;
    if (!isDue || !isPlainNavigation(request) || request.destination !== 'document') return false;
    this.#starterAtMs = nowMs();
    return true;
  }

  async #reply(request: AppWorkerRequest, source: Client): Promise<AppWorkerReply> {
    const state = () => this.#pages.state(source.id);
    try {
      switch (request.type) {
        case 'postern.app-worker.register': {
          const { id } = await this.#lifecycle.register(request);
          return { ok: true, registration: id, state: state() };
        }
        case 'postern.app-worker.look':
          return { ok: true, state: state() };
        case 'postern.app-worker.start': {
          const found = this.#registry.worker(request.worker);
          if (found === undefined) throw new AppWorkerError('InvalidStateError', 'It is gone.');
          await this.#hosts.run(found.worker);
          return { ok: true, state: state() };
        }
        default:
          return await this.#change(request, state);
      }
    } catch (error) {
      return { ok: false, error: toFailure(error), state: state() };
    }
  }

  async #change(
    request: Exclude<
      AppWorkerRequest,
      { type: `postern.app-worker.${'register' | 'look' | 'start'}` }
    >,
    state: () => AppWorkerReply['state'],
  ): Promise<AppWorkerReply> {
    const registration = this.#registry.registration(request.registration);
    switch (request.type) {
      case 'postern.app-worker.unregister': {
        const removed = registration ? await this.#lifecycle.unregister(registration) : false;
        return { ok: true, removed, state: state() };
      }
      case 'postern.app-worker.update':
        if (registration === undefined)
          throw new AppWorkerError('TypeError', 'It is unregistered.');
        await this.#lifecycle.update(registration);
        return { ok: true, state: state() };
      case 'postern.app-worker.preload':
        await this.#setPreload(registration, request);
        return { ok: true, state: state() };
    }
  }

  async #setPreload(
    registration: RegistrationRecord | undefined,
    { enabled, headerValue }: { enabled?: boolean | undefined; headerValue?: string | undefined },
  ): Promise<void> {
    if (registration?.active == null) {
      throw new AppWorkerError('InvalidStateError', 'There is no active worker.');
    }
    if (enabled !== undefined) registration.preload.enabled = enabled;
    if (headerValue !== undefined) registration.preload.headerValue = headerValue;
    await this.#registry.save();
    await this.#pages.tell();
  }

  /** `worker.postMessage` of a page. */
  async #post(
    worker: string,
    data: unknown,
    source: Client,
    ports: readonly MessagePort[],
  ): Promise<void> {
    await this.#load();
    const found = this.#registry.worker(worker);
    const facts = await this.#pages.get(source.id);
    if (found === undefined || facts === undefined) return;
    const { origin } = this.#options.scope.location;
    try {
      const running = await this.#hosts.run(found.worker);
      const event = { type: 'message', data, source: facts, origin } as const;
      await running.dispatch(crypto.randomUUID(), event, [...ports]).done;
    } catch (error) {
      this.#options.logger.warn('app-worker.message', { error });
    }
  }

  /** What a worker asks of the browser. */
  async #call(id: string, call: WorkerCall, ports: readonly MessagePort[]): Promise<unknown> {
    const found = this.#registry.worker(id);
    if (found === undefined)
      throw new AppWorkerError('InvalidStateError', 'The worker is redundant.');
    const { registration, worker } = found;
    switch (call.method) {
      case 'skipWaiting':
        return this.#lifecycle.skipWaiting(registration, worker);
      case 'claim':
        return this.#lifecycle.claim(registration, worker);
      case 'matchAll':
        return this.#pages.match(call, registration);
      case 'getClient':
        return this.#pages.get(call.client);
      case 'post': {
        const message = {
          type: 'postern.app-worker.message',
          worker: id,
          data: call.data,
        } as const;
        return this.#pages.post(call.client, message, [...ports]);
      }
      case 'navigate':
        return this.#pages.navigate(call.client, call.url, registration);
      case 'focus':
        return this.#pages.focus(call.client);
      case 'openWindow':
        throw new AppWorkerError('InvalidAccessError', 'Not allowed to open a window.');
      case 'update':
        return this.#lifecycle.update(registration);
      case 'unregister':
        return this.#lifecycle.unregister(registration);
      case 'preload':
        return this.#setPreload(registration, call);
    }
  }
}

function isPlainNavigation({ mode, method }: Request): boolean {
  return mode === 'navigate' && method === 'GET';
}

function sourceOf({
  fields,
  bytes,
}: {
  fields: ResponseSource['fields'];
  bytes: Uint8Array;
}): ResponseSource {
  let rest: Uint8Array | undefined = bytes.length > 0 ? bytes : undefined;
  return {
    status: 200,
    fields,
    read: () => {
      const chunk = rest;
      rest = undefined;
      return Promise.resolve(chunk);
    },
    cancel: () => undefined,
  };
}
