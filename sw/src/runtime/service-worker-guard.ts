/**
 * Keeps the application from replacing or removing the service worker that carries it. Its own
 * worker would take over requests that only ours can answer, and its code inside ours would need
 * `unsafe-eval` beside the keys and HttpOnly cookies kept there (docs/threat-model.md, "Decisions"), so
 * registering it fails with the reason, as does push, which only such a worker could receive.
 */

const MESSAGE =
  'This application is opened through Postern, whose service worker carries its requests. It cannot register one of its own.';

const PUSH_MESSAGE =
  'This application is opened through Postern, which carries no push messages: its own service worker could not receive them.';

export function guardServiceWorker(scriptPath: string): void {
  const { prototype: container } = ServiceWorkerContainer;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the right `this` below
  const register = container.register;
  container.register = function (this: ServiceWorkerContainer, script, options) {
    if (new URL(script, location.href).pathname === scriptPath)
      return register.call(this, script, options);
    return Promise.reject(new DOMException(MESSAGE, 'SecurityError'));
  };
  const { prototype: registration } = ServiceWorkerRegistration;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the right `this` below
  const unregister = registration.unregister;
  registration.unregister = function (this: ServiceWorkerRegistration) {
    const worker = this.active ?? this.waiting ?? this.installing;
    const isOurs = worker !== null && new URL(worker.scriptURL).pathname === scriptPath;
    return isOurs ? Promise.resolve(false) : unregister.call(this);
  };
  if ('PushManager' in globalThis) {
    PushManager.prototype.subscribe = () =>
      Promise.reject(new DOMException(PUSH_MESSAGE, 'NotAllowedError'));
  }
}
