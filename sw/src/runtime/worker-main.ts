/**
 * The runtime of web workers: first code of every worker script of the application. It supplies what
 * a service worker cannot see there, WebSocket, in the workers that this one starts too.
 */
import { createFetchCarrier } from './fetch-carrier.ts';
import { createWebSocketClass } from './websocket.ts';
import { hideOwnNames } from './app-worker/own-names.ts';
import { patchWorkers, type WorkersScope } from './workers.ts';

const marker = Symbol.for('postern');
const scope = globalThis as unknown as WorkerGlobalScope &
  WorkersScope & { WebSocket: typeof WebSocket };
if (!(marker in scope) && URL.canParse(scope.origin)) start();

function start(): void {
  Object.defineProperty(scope, marker, { value: Object.freeze({ version: 1 }) });
  const reserved = `${scope.origin}/.postern/`;
  Object.defineProperty(scope, 'WebSocket', {
    configurable: true,
    writable: true,
    value: createWebSocketClass({
      Native: scope.WebSocket,
      carrier: createFetchCarrier({
        fetch: scope.fetch.bind(scope),
        socketsUrl: `${reserved}socket/`,
        aliveUrl: `${reserved}alive`,
      }),
      baseUrl: () => scope.location.href,
      origin: scope.origin,
    }),
  });
  hideOwnNames(scope);
  patchWorkers(scope, `${reserved}worker-runtime.js`);
}
