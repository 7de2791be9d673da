/** The way to the service worker: messages out, messages in before anyone else sees them. */
import type {
  AppWorkerMessage,
  AppWorkerNotice,
  AppWorkerRequest,
} from '../messages/app-worker.ts';
import type { Farewell, PageMessage, WorkerMessage } from '../messages/page.ts';
import type { RequestMessage } from '../messages/requests.ts';

type Outgoing = PageMessage | RequestMessage | AppWorkerRequest | AppWorkerNotice;
type Incoming = WorkerMessage | AppWorkerMessage;
type AppWorkerHandler = (message: AppWorkerMessage, ports: readonly MessagePort[]) => void;

export interface WorkerLink {
  send(message: Outgoing, transfer?: Transferable[]): boolean;
  /**
   * The same for what a page says while it is left, in two ways: Chromium drops messages to a worker whose
   * page is gone, but not those in a port; a worker that was stopped has no port any more.
   */
  sendLast(message: RequestMessage | Farewell): boolean;
  /** Called for each message of the worker. */
  listen(handler: (message: WorkerMessage) => void): void;
}

export interface ContainerLink extends WorkerLink {
  /** False while no worker of ours controls the page. */
  readonly isControlled: boolean;
  listenForAppWorkers(handler: AppWorkerHandler): void;
  /** Lets listeners of the application hear an event at `navigator.serviceWorker`. */
  deliver(event: Event): void;
}

export function createWorkerLink(container: ServiceWorkerContainer): ContainerLink {
  const handlers: ((message: WorkerMessage) => void)[] = [];
  const appWorkerHandlers: AppWorkerHandler[] = [];
  const delivered = new WeakSet<Event>();
  // The application is shown another one later (`app-worker/container.ts`).
  const controller = Object.getOwnPropertyDescriptor(
    ServiceWorkerContainer.prototype,
    'controller',
  );
  const ours = (): ServiceWorker | null => controller?.get?.call(container) as ServiceWorker | null;
  // Registered first, so the application never sees what is ours.
  container.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (delivered.has(event)) return;
    event.stopImmediatePropagation();
    const { data, ports } = event;
    if (!isIncoming(data)) return;
    if (isOfAppWorkers(data)) for (const handler of appWorkerHandlers) handler(data, ports);
    else for (const handler of handlers) handler(data);
  });
  container.addEventListener('controllerchange', (event) => {
    if (!delivered.has(event)) event.stopImmediatePropagation();
  });
  container.startMessages();
  let line: MessagePort | undefined;
  let instance: string | undefined;
  handlers.push((message) => {
    if (message.type !== 'postern.pong' || message.instance === instance) return;
    instance = message.instance;
    line?.close();
    const channel = new MessageChannel();
    line = channel.port1;
    ours()?.postMessage({ type: 'postern.line' } satisfies PageMessage, [channel.port2]);
  });
  return {
    sendLast(message) {
      line?.postMessage(message);
      ours()?.postMessage(message);
      return ours() !== null;
    },
    get isControlled() {
      return ours() !== null;
    },
    send(message, transfer = []) {
      // The page's first controller keeps controlling it; a new version may take its place.
      const worker = ours();
      worker?.postMessage(message, transfer);
      return worker !== null;
    },
    listen: (handler) => void handlers.push(handler),
    listenForAppWorkers: (handler) => void appWorkerHandlers.push(handler),
    deliver(event) {
      delivered.add(event);
      container.dispatchEvent(event);
    },
  };
}

function isIncoming(value: unknown): value is Incoming {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    value.type.startsWith('postern.')
  );
}

function isOfAppWorkers(message: Incoming): message is AppWorkerMessage {
  return message.type.startsWith('postern.app-worker.');
}
