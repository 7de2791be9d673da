/** The way to the service worker: messages out, messages in before anyone else sees them. */
import type { Farewell, PageMessage, WorkerMessage } from '../messages/page.ts';
import type { RequestMessage } from '../messages/requests.ts';

export interface WorkerLink {
  send(message: PageMessage | RequestMessage, transfer?: Transferable[]): boolean;
  /**
   * The same for what a page says while it is left, in two ways: Chromium drops messages to a worker whose
   * page is gone, but not those in a port; a worker that was stopped has no port any more.
   */
  sendLast(message: RequestMessage | Farewell): boolean;
  /** Called for each message of the worker. */
  listen(handler: (message: WorkerMessage) => void): void;
}

export function createWorkerLink(container: ServiceWorkerContainer): WorkerLink {
  const handlers: ((message: WorkerMessage) => void)[] = [];
  container.addEventListener('message', (event: MessageEvent<unknown>) => {
    const { data } = event;
    if (!isWorkerMessage(data)) return;
    // Registered first, so the application never sees what is ours.
    event.stopImmediatePropagation();
    for (const handler of handlers) handler(data);
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
    container.controller?.postMessage({ type: 'postern.line' } satisfies PageMessage, [
      channel.port2,
    ]);
  });
  return {
    sendLast(message) {
      line?.postMessage(message);
      container.controller?.postMessage(message);
      return container.controller !== null;
    },
    send(message, transfer = []) {
      // The page's first controller keeps controlling it; a new version may take its place.
      container.controller?.postMessage(message, transfer);
      return container.controller !== null;
    },
    listen: (handler) => void handlers.push(handler),
  };
}

function isWorkerMessage(value: unknown): value is WorkerMessage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    value.type.startsWith('postern.')
  );
}
