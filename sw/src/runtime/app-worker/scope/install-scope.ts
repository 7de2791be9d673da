/**
 * Makes a shared worker's scope look and behave like a `ServiceWorkerGlobalScope` (Service Workers
 * §"ServiceWorkerGlobalScope"), led by the service worker through {@link ScopeLink}.
 */
import type { WorkerCommand, WorkerEventFacts } from '../../../messages/app-worker.ts';
import { addEventHandlers } from '../event-handlers.ts';
import { AppRegistration, RegistrationView } from '../registration.ts';
import { Clients, WindowClient } from './clients.ts';
import { installEventRequests } from './event-request.ts';
import { dispatchExtendable, ExtendableEvent, ExtendableMessageEvent } from './extendable-event.ts';
import { handleFetch } from './fetch-event.ts';
import { ScopeLink } from './worker-link.ts';

/** How long a worker that was replaced may go on with responses it is still giving. */
const CLOSE_DELAY_MS = 30_000;
const EVENTS = [
  'install',
  'activate',
  'fetch',
  'message',
  'messageerror',
  'push',
  'pushsubscriptionchange',
  'notificationclick',
  'notificationclose',
  'sync',
  'periodicsync',
];
/** What a service worker does not have. */
const ABSENT = ['XMLHttpRequest', 'Worker', 'SharedWorker', 'SharedWorkerGlobalScope', 'onconnect'];

/** What is needed of a `SharedWorkerGlobalScope`. */
export interface Scope extends EventTarget {
  readonly location: Pick<URL, 'href' | 'origin'>;
  fetch: typeof fetch;
  Request: typeof Request;
  close(): void;
}

/** @param worker the id that this worker goes by */
export function installScope(scope: Scope, worker: string): void {
  let handlesFetch = false;
  let scriptError: string | undefined;
  let isEvaluated = false;
  let installed: boolean | undefined;
  let activated: boolean | undefined;
  let underWay = 0;
  const aborts = new Map<string, AbortController>();

  hideTraces(scope);
  const requests = installEventRequests(scope);

  const link = new ScopeLink({
    worker,
    ready: () => ({
      kind: 'ready',
      handlesFetch,
      ...(scriptError !== undefined && { error: scriptError }),
      ...(installed !== undefined && { installed }),
      ...(activated !== undefined && { activated }),
    }),
    onCommand,
  });
  const view = new RegistrationView({
    post: () => {
      throw new DOMException('A worker cannot post to itself here.', 'NotSupportedError');
    },
    update: async () => {
      await link.call({ method: 'update' });
    },
    unregister: async () => (await link.call({ method: 'unregister' })) === true,
    preload: async (_, change) => {
      await link.call({ method: 'preload', ...change });
    },
    notify: () =>
      Promise.reject(
        new DOMException(
          'This application is opened through Postern: show notifications from its pages.',
          'NotAllowedError',
        ),
      ),
  });
  // What it is called until the service worker has said more.
  const early = new AppRegistration(
    {
      id: worker,
      scope: new URL('./', scope.location.href).href,
      updateViaCache: 'imports',
      preload: { enabled: false, headerValue: 'true' },
      isLeaving: false,
      installing: null,
      waiting: null,
      active: null,
    },
    view.actions,
  );
  let registration = early;

  define(scope, {
    clients: new Clients(link),
    skipWaiting: async () => {
      await link.call({ method: 'skipWaiting' });
    },
    ServiceWorkerGlobalScope: scopeInterface(scope),
  });
  Object.defineProperty(scope, 'registration', { get: () => registration, configurable: true });
  Object.defineProperty(scope, 'serviceWorker', {
    get: () => view.worker(worker) ?? null,
    configurable: true,
  });

  scope.addEventListener('error', (event) => {
    if (!isEvaluated) scriptError ??= (event as ErrorEvent).message.slice(0, 1_024);
  });
  scope.addEventListener('connect', (event) => {
    event.stopImmediatePropagation();
    isEvaluated = true;
    const [port] = (event as MessageEvent).ports;
    if (port === undefined) return;
    port.onmessage = ({ ports: [channel] }) => {
      if (channel !== undefined) void link.connect(channel);
    };
  });
  noteFetchListeners(scope, () => {
    handlesFetch = true;
  });
  addEventHandlers(scope, EVENTS);

  function onCommand(
    command: Exclude<WorkerCommand, { kind: 'reply' | 'refused' | 'adopted' }>,
    ports: readonly MessagePort[],
  ): void {
    switch (command.kind) {
      case 'state':
        view.apply({ registrations: [command.registration] })();
        registration = view.registration(command.registration.id) ?? early;
        return;
      case 'abort':
        aborts.get(command.id)?.abort();
        return;
      case 'close':
        closeWhenDone();
        return;
      case 'event':
        void take(command.id, command.event, ports);
    }
  }

  async function take(
    id: string,
    event: WorkerEventFacts,
    ports: readonly MessagePort[],
  ): Promise<void> {
    underWay++;
    link.report({ kind: 'taken', id });
    try {
      await dispatch(id, event, ports);
      link.report({ kind: 'done', id });
    } catch (error) {
      link.report({ kind: 'done', id, error: String(error).slice(0, 1_024) });
    } finally {
      underWay--;
      aborts.delete(id);
    }
  }

  async function dispatch(
    id: string,
    event: WorkerEventFacts,
    ports: readonly MessagePort[],
  ): Promise<void> {
    switch (event.type) {
      case 'install':
        await dispatchExtendable(scope, new ExtendableEvent('install'));
        installed = true;
        return;
      case 'activate':
        await dispatchExtendable(scope, new ExtendableEvent('activate')).finally(
          () => (activated = true),
        );
        return;
      case 'message': {
        const source = new WindowClient(event.source, link);
        const { data, origin } = event;
        const init = { data, origin, source, ports };
        await dispatchExtendable(scope, new ExtendableMessageEvent('message', init));
        return;
      }
      case 'fetch': {
        const abort = new AbortController();
        aborts.set(id, abort);
        await handleFetch(id, event, {
          scope,
          requests,
          signal: abort.signal,
          answer: (answer, transfer) => link.report({ kind: 'answer', id, answer }, transfer),
        });
      }
    }
  }

  function closeWhenDone(): void {
    setTimeout(() => {
      if (underWay === 0) scope.close();
      else closeWhenDone();
    }, CLOSE_DELAY_MS);
  }
}

/** The tag in the worker's address and its name are ours. */
function hideTraces(scope: Scope): void {
  const { location } = scope;
  const href = location.href.replace(/#postern-.*$/, '');
  if (href !== location.href) {
    const shown = new Proxy(location, {
      get(target, name): unknown {
        if (name === 'href') return href;
        if (name === 'hash') return '';
        if (name === 'toString' || name === Symbol.toPrimitive) return () => href;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    define(scope, { location: shown });
  }
  define(scope, { name: '' });
  for (const name of ABSENT) Reflect.deleteProperty(scope, name);
}

/** Requests need not come here where nobody listens for them (§"has fetch handler"). */
function noteFetchListeners(scope: Scope, found: () => void): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the right `this` below
  const { addEventListener } = scope;
  define(scope, {
    addEventListener: new Proxy(addEventListener, {
      apply(native, self: unknown, args: unknown[]) {
        if (args[0] === 'fetch') found();
        // Called bare, it is the scope's.
        return Reflect.apply(native, self ?? scope, args) as unknown;
      },
    }),
  });
}

function scopeInterface(scope: Scope): object {
  function ServiceWorkerGlobalScope(): never {
    throw new TypeError('Illegal constructor');
  }
  Object.defineProperty(ServiceWorkerGlobalScope, Symbol.hasInstance, {
    value: (value: unknown) => value === scope,
  });
  return ServiceWorkerGlobalScope;
}

function define(scope: object, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(scope, name, { value, configurable: true, writable: true });
  }
}
