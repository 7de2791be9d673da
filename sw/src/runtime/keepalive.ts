/**
 * Keeps the service worker alive while the page is open. A worker dies 30 s after its last event,
 * and in Firefox a streamed body then ends as if complete. A timer in a dedicated worker is not
 * throttled in hidden tabs; in Chromium one silent response held open does as well. Where that response
 * ends, the worker was stopped all the same: the next one is started at once, for the WebSockets.
 */
import type { WorkerLink } from './worker-link.ts';

/** Time between two messages to the service worker. */
const KEEPALIVE_MS = 12_000;
/** Answered by a response that never ends. */
const HOLD_PATH = '/.postern/hold';
const HOLD_RETRY_MS = 5_000;

export interface KeepaliveOptions {
  link: WorkerLink;
  /** False where the document's policy refuses `blob:` workers: asking would only be reported. */
  mayUseWorker: boolean;
}

export function startKeepalive({ link, mayUseWorker }: KeepaliveOptions): void {
  const tick = (): void => void link.send({ type: 'postern.alive' });
  tick();
  if (!mayUseWorker || !startWorkerTimer(tick)) setInterval(tick, KEEPALIVE_MS);
  void holdResponse(tick);
}

function startWorkerTimer(tick: () => void): boolean {
  const source = `setInterval(()=>postMessage(0),${KEEPALIVE_MS})`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    worker.onmessage = tick;
    worker.onerror = () => setInterval(tick, KEEPALIVE_MS);
    return true;
  } catch {
    // Trusted Types, for example, refuse a URL in a string.
    return false;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function holdResponse(tick: () => void): Promise<never> {
  const { fetch } = globalThis;
  for (;;) {
    try {
      const response = await fetch(HOLD_PATH, { cache: 'no-store' });
      await response.body?.getReader().read();
    } catch {
      // Ends like one that ends in order: the worker was stopped or replaced.
    }
    tick();
    await new Promise((resolve) => setTimeout(resolve, HOLD_RETRY_MS));
  }
}
