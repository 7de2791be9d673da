/**
 * First code of an application's own service worker, which runs in a shared worker: what all web workers
 * get, and then the scope of a service worker.
 */
import './worker-main.ts';
import { installScope } from './app-worker/scope/install-scope.ts';

const scope = globalThis as unknown as SharedWorkerGlobalScope & typeof globalThis;
const started = Symbol.for('postern.app-worker');
if (!(started in scope)) {
  Object.defineProperty(scope, started, { value: true });
  installScope(scope, scope.name);
}
