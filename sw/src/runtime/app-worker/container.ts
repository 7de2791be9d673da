/**
 * `navigator.serviceWorker` as the application would find it without us: its own registrations and
 * workers. Ours, which controls the page, does not show, so it can be neither replaced nor removed here.
 */
import type {
  AppWorkerReply,
  AppWorkerRequest,
  AppWorkerState,
} from '../../messages/app-worker.ts';
import { intercept } from '../native-look.ts';
import type { ContainerLink } from '../worker-link.ts';
import { createWorkerHost } from './host.ts';
import { AppRegistration, AppServiceWorker, RegistrationView } from './registration.ts';

export interface ContainerOptions {
  link: ContainerLink;
  container: ServiceWorkerContainer;
  /** As the document was made; `undefined` where there were no registrations. */
  state: AppWorkerState | undefined;
}

export function installAppWorkers({ link, container, state }: ContainerOptions): void {
  const host = createWorkerHost(window.SharedWorker, (notice, transfer) =>
    link.send(notice, transfer),
  );
  const nativeReady = container.ready;
  const ask = (request: AppWorkerRequest): Promise<AppWorkerReply & { ok: true }> =>
    new Promise((resolve, reject) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data: reply }: MessageEvent<AppWorkerReply>) => {
        port1.close();
        apply(reply.state);
        if (reply.ok) resolve(reply);
        else reject(toError(reply.error));
      };
      if (!link.send(request, [port2])) {
        reject(new DOMException('The document is in an invalid state.', 'InvalidStateError'));
      }
    });
  const view = new RegistrationView({
    post: (worker, data, transfer) =>
      void link.send({ type: 'postern.app-worker.post', worker, data }, transfer),
    update: async (registration) => {
      await ask({ type: 'postern.app-worker.update', registration });
    },
    unregister: async (registration) =>
      (await ask({ type: 'postern.app-worker.unregister', registration })).removed === true,
    preload: async (registration, change) => {
      await ask({ type: 'postern.app-worker.preload', registration, ...change });
    },
    notify: async (title, options) => (await nativeReady).showNotification(title, options),
  });

  let isBegun = false;
  let latest: AppWorkerState | undefined;
  let controller: AppServiceWorker | null = null;
  let whenReady: ((registration: AppRegistration) => void) | undefined;
  const ready = new Promise<AppRegistration>((resolve) => (whenReady = resolve));

  function apply(given: AppWorkerState, updateFound?: string): void {
    // A reply may come behind a broadcast that was made after it.
    const next = latest !== undefined && given.revision < latest.revision ? latest : given;
    latest = next;
    const before = controller;
    const tell = view.apply(next, updateFound);
    controller =
      (next.controller === null ? undefined : view.registration(next.controller)?.active) ?? null;
    const here = match(location.href);
    if (here?.active) whenReady?.(here);
    tell();
    if (controller !== before && isBegun) link.deliver(new Event('controllerchange'));
  }

  function match(url: string): AppRegistration | undefined {
    return view.all
      .filter(({ scope }) => url.startsWith(scope))
      .sort((a, b) => b.scope.length - a.scope.length)[0];
  }

  if (state !== undefined) {
    apply(state);
    const facts = state.registrations.find(({ id }) => id === state.controller)?.active;
    if (facts) host.join({ worker: facts.id, ...facts });
    // What changed while the document was on its way.
    ask({ type: 'postern.app-worker.look' }).catch(() => undefined);
  }

  isBegun = true;

  const messages = createMessageQueue(link, container);
  link.listenForAppWorkers((message, ports) => {
    switch (message.type) {
      case 'postern.app-worker.connect':
        host.connect(message);
        return;
      case 'postern.app-worker.state':
        apply(message.state, message.updateFound);
        return;
      case 'postern.app-worker.message':
        messages.add(() => deliver(message.worker, message.data, ports));
    }
  });

  function deliver(worker: string, data: unknown, ports: readonly MessagePort[]): void {
    const event = new MessageEvent('message', {
      data,
      origin: location.origin,
      ports: [...ports],
    });
    const source = view.worker(worker) ?? null;
    Object.defineProperty(event, 'source', { value: source, configurable: true });
    link.deliver(event);
  }

  const { prototype } = ServiceWorkerContainer;
  const replace = (
    name: keyof ServiceWorkerContainer,
    handler: (args: unknown[]) => unknown,
  ): void =>
    intercept(prototype, name, (native, self, args) =>
      self === container ? handler(args) : Reflect.apply(native, self, args),
    );
  replace('controller', () => controller);
  replace('ready', () => ready);
  replace('startMessages', () => messages.open());
  replace('getRegistrations', () => Promise.resolve(view.all));
  replace('getRegistration', ([given = '']) => {
    const url = new URL(given as string, document.baseURI);
    if (url.origin !== location.origin) {
      const reason = 'The document URL is of another origin.';
      return Promise.reject(new DOMException(reason, 'SecurityError'));
    }
    url.hash = '';
    return Promise.resolve(match(url.href));
  });
  replace('register', async (args) => {
    if (args.length === 0) throw new TypeError('1 argument required, but only 0 present.');
    const [script, given = {}] = args as [unknown, RegistrationOptions | undefined];
    const { scope, type = 'classic', updateViaCache = 'imports' } = given;
    const absolute = (text: unknown): string => new URL(String(text), document.baseURI).href;
    const { registration } = await ask({
      type: 'postern.app-worker.register',
      scriptUrl: absolute(script),
      ...(scope !== undefined && { scope: absolute(scope) }),
      workerType: type,
      updateViaCache,
    });
    return view.registration(registration ?? '');
  });
}

interface MessageQueue {
  add(deliver: () => void): void;
  open(): void;
}

/** Messages wait until the document is there or the page says that it listens (§"startMessages"). */
function createMessageQueue(link: ContainerLink, container: ServiceWorkerContainer): MessageQueue {
  const waiting: (() => void)[] = [];
  let isOpen = document.readyState !== 'loading';
  const open = (): void => {
    isOpen = true;
    for (const deliver of waiting.splice(0)) deliver();
  };
  document.addEventListener('DOMContentLoaded', open, { once: true });
  const descriptor = Object.getOwnPropertyDescriptor(ServiceWorkerContainer.prototype, 'onmessage');
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the right `this` below
  const { set } = descriptor ?? {};
  if (descriptor !== undefined && set !== undefined) {
    Object.defineProperty(ServiceWorkerContainer.prototype, 'onmessage', {
      ...descriptor,
      set(this: ServiceWorkerContainer, handler: unknown) {
        set.call(this, handler);
        if (this === container) open();
      },
    });
  }
  return {
    add(deliver) {
      if (isOpen) deliver();
      else waiting.push(deliver);
    },
    open,
  };
}

function toError({ name, message }: { name: string; message: string }): Error {
  return name === 'TypeError' ? new TypeError(message) : new DOMException(message, name);
}
