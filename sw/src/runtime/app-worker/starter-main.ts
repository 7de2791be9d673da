/** Script of the page that only starts a worker (`worker/app-worker/starter-page.ts`). */
import type { AppWorkerMessage, AppWorkerRequest } from '../../messages/app-worker.ts';
import { createWorkerHost } from './host.ts';

/** Words only where the person would wonder. */
const SHOW_MS = 500;

const text = document.getElementById('starting');
const { serviceWorker } = navigator;
const host = createWorkerHost(globalThis.SharedWorker, (notice, transfer) =>
  serviceWorker.controller?.postMessage(notice, transfer),
);
serviceWorker.addEventListener('message', ({ data }: MessageEvent<AppWorkerMessage>) => {
  if (data.type === 'postern.app-worker.connect') host.connect(data);
});
serviceWorker.startMessages();
const { port1, port2 } = new MessageChannel();
// Started or not: the address itself, or an error page, comes next.
port1.onmessage = () => location.reload();
serviceWorker.controller?.postMessage(
  {
    type: 'postern.app-worker.start',
    worker: text?.dataset['worker'] ?? '',
  } satisfies AppWorkerRequest,
  [port2],
);
setTimeout(() => text?.removeAttribute('hidden'), SHOW_MS);
