/**
 * Keeps script that got hold of our registration, by the functions of another frame, from removing it in
 * passing. It could all the same: what that costs is in docs/threat-model.md, "Residual risk".
 */
import { intercept } from './native-look.ts';

export function guardServiceWorker(scriptPath: string): void {
  intercept(ServiceWorkerRegistration.prototype, 'unregister', (native, self, args) => {
    const { active, waiting, installing } = self as ServiceWorkerRegistration;
    const worker = active ?? waiting ?? installing;
    const isOurs = worker !== null && new URL(worker.scriptURL).pathname === scriptPath;
    return isOurs ? Promise.resolve(false) : Reflect.apply(native, self, args);
  });
}
