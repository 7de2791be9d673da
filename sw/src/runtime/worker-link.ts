/** The way to the service worker: messages out, messages in before anyone else sees them. */
import type { Farewell, PageMessage, WorkerMessage } from '../messages/page.ts';
import type { RequestMessage } from '../messages/requests.ts';

export interface WorkerLink {
  send(message: PageMessage | RequestMessage | Farewell, transfer?: Transferable[]): boolean;
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
  return {
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
