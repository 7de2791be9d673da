/** A page's part in running the application's workers: it starts them, and keeps them while it is open. */
import type { AppWorkerMessage, AppWorkerNotice } from '../../messages/app-worker.ts';
import { tagScript } from '../../messages/app-worker-tag.ts';

type Connect = Extract<AppWorkerMessage, { type: 'postern.app-worker.connect' }>;
type Worker = Pick<Connect, 'worker' | 'scriptUrl' | 'workerType'>;

export interface WorkerHost {
  /** Starts a worker, or joins it: it lives at least as long as this page. */
  join(worker: Worker): void;
  /** Makes a channel between the worker and the service worker. */
  connect(message: Connect): void;
}

/**
 * @param Native the browser's own; `undefined` where it has none
 * @param notify posts a message to the service worker
 */
export function createWorkerHost(
  Native: typeof SharedWorker | undefined,
  notify: (notice: AppWorkerNotice, transfer: Transferable[]) => void,
): WorkerHost {
  const start = ({ worker, scriptUrl, workerType }: Worker): SharedWorker => {
    if (Native === undefined) throw new TypeError('this browser has no shared workers');
    // The name tells workers of one script apart.
    return new Native(tagScript(scriptUrl, worker), { name: worker, type: workerType });
  };
  return {
    join(worker) {
      try {
        start(worker);
      } catch {
        // Whoever needs it will be told.
      }
    },
    connect(message) {
      const { token } = message;
      const fail = (reason: string): void =>
        notify({ type: 'postern.app-worker.failed', token, reason: reason.slice(0, 1_024) }, []);
      try {
        const worker = start(message);
        worker.addEventListener('error', (event) =>
          fail(event.message || 'its script could not be loaded'),
        );
        const { port1, port2 } = new MessageChannel();
        worker.port.postMessage(token, [port1]);
        notify({ type: 'postern.app-worker.connected', token }, [port2]);
      } catch (error) {
        fail(String(error));
      }
    },
  };
}
