/**
 * What an application's own worker cannot have here, because only the browser could wake it for it: each
 * call is refused with the reason, and nothing claims to be subscribed.
 */

const PUSH =
  'This application is opened through Postern, which carries no push messages: nothing could wake its service worker for them.';
const SYNC =
  'This application is opened through Postern: its service worker runs while one of its pages is open, and nothing could wake it later.';

const refuse = (reason: string) => (): Promise<never> =>
  Promise.reject(new DOMException(reason, 'NotAllowedError'));

export function createPushManager(): object {
  const prototype = 'PushManager' in globalThis ? PushManager.prototype : Object.prototype;
  return Object.create(prototype, {
    subscribe: { value: refuse(PUSH) },
    getSubscription: { value: () => Promise.resolve(null) },
    permissionState: { value: () => Promise.resolve('denied') },
  }) as object;
}

/** `registration.sync` and the like. */
export function createRefusingManager(name: 'sync' | 'periodicSync' | 'backgroundFetch'): object {
  const refused = refuse(SYNC);
  return name === 'backgroundFetch'
    ? { fetch: refused, get: () => Promise.resolve(undefined), getIds: () => Promise.resolve([]) }
    : { register: refused, unregister: refused, getTags: () => Promise.resolve([]) };
}
