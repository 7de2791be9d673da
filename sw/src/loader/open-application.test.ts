import { describe, expect, it, vi } from 'vitest';
import { memoryStorage } from '../test-support/memory-storage.ts';
import { MAX_ATTEMPTS } from './attempts.ts';
import { type LoaderEnvironment, openApplication } from './open-application.ts';

const href = 'https://wiki.example/deep/link?x=1#part';

/** A worker that answers each request by `answer`, or not at all. */
class FakeWorker extends EventTarget {
  state: ServiceWorkerState;
  readonly #answer: unknown;
  readonly requests: unknown[] = [];

  constructor(state: ServiceWorkerState, answer?: unknown) {
    super();
    this.state = state;
    this.#answer = answer;
  }

  postMessage(request: unknown, [port]: MessagePort[]): void {
    this.requests.push(request);
    if (this.#answer !== undefined) port?.postMessage(this.#answer);
  }

  become(state: ServiceWorkerState): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

function setUp(registration: object | Error) {
  const aborts: AbortController[] = [];
  const location = { href, reload: vi.fn(), replace: vi.fn() };
  const steps: string[] = [];
  const env: LoaderEnvironment = {
    onStep: (step) => steps.push(step),
    register: () =>
      registration instanceof Error
        ? Promise.reject(registration)
        : Promise.resolve(registration as ServiceWorkerRegistration),
    createChannel: () => new MessageChannel(),
    location,
    storage: memoryStorage(),
    now: () => 1000,
    timeout: () => {
      const controller = new AbortController();
      aborts.push(controller);
      return controller.signal;
    },
  };
  return { env, location, aborts, steps };
}
const active = (answer: unknown) => {
  const worker = new FakeWorker('activated', answer);
  return {
    worker,
    registration: { active: worker, update: () => Promise.reject(new Error('offline')) },
  };
};

describe('a worker that a page unregistered', () => {
  it.each(['before it is asked', 'while it is asked'])('is replaced: %s', async (when) => {
    const gone = new FakeWorker('activated');
    const next = active({ kind: 'ready' });
    const { env, location } = setUp({});
    const registrations = [{ active: gone, update: () => Promise.resolve() }, next.registration];
    env.register = () =>
      Promise.resolve(registrations.shift() as unknown as ServiceWorkerRegistration);
    if (when.startsWith('before')) gone.become('redundant');
    const opening = openApplication(env);
    if (when.startsWith('while')) {
      await vi.waitFor(() => expect(gone.requests).toHaveLength(1));
      gone.become('redundant');
    }
    await opening;
    expect(location.reload).toHaveBeenCalledOnce();
  });

  it('is given up when each one is removed', async () => {
    const { env } = setUp({ active: new FakeWorker('redundant'), update: () => Promise.resolve() });
    await expect(openApplication(env)).rejects.toMatchObject({ code: 'ERR_LOADER_WORKER_FAILED' });
  });
});

describe('openApplication', () => {
  it('reloads, keeping the deep link, when a session exists', async () => {
    const { worker, registration } = active({ kind: 'ready' });
    const { env, location, steps } = setUp(registration);
    await openApplication(env);
    expect(steps).toEqual(['prepare', 'ask', 'open']);
    expect(worker.requests).toEqual([{ type: 'postern.prepare', url: href }]);
    expect(location.reload).toHaveBeenCalledOnce();
    expect(location.replace).not.toHaveBeenCalled();
  });

  it('goes to sign in, leaving no entry in the history', async () => {
    const authorizeUrl = 'https://ctrl.example/oidc/auth?state=s';
    const { env, location } = setUp(active({ kind: 'sign-in', authorizeUrl }).registration);
    await openApplication(env);
    expect(location.replace).toHaveBeenCalledExactlyOnceWith(authorizeUrl);
    expect(location.reload).not.toHaveBeenCalled();
  });

  it('waits for a worker that is being installed', async () => {
    const worker = new FakeWorker('installing', { kind: 'ready' });
    const { env, location } = setUp({ installing: worker });
    const opening = openApplication(env);
    await Promise.resolve();
    worker.become('installed');
    worker.become('activating');
    expect(worker.requests).toEqual([]);
    worker.become('activated');
    await opening;
    expect(location.reload).toHaveBeenCalledOnce();
  });

  it('reports the code of the worker', async () => {
    const { env } = setUp(active({ kind: 'error', code: 'ERR_NO_ROUTER' }).registration);
    await expect(openApplication(env)).rejects.toMatchObject({ code: 'ERR_NO_ROUTER' });
  });

  it.each([
    ['cannot be registered', new TypeError('no')],
    ['is nowhere', {}],
    ['fails to install', { installing: new FakeWorker('redundant') }],
    ['answers nonsense', active({ kind: 'sign-in', authorizeUrl: 'javascript:1' }).registration],
  ])('reports a worker that %s', async (_name, registration) => {
    const { env, location } = setUp(registration);
    await expect(openApplication(env)).rejects.toMatchObject({ code: 'ERR_LOADER_WORKER_FAILED' });
    expect(location.replace).not.toHaveBeenCalled();
  });

  it.each([
    ['install', { installing: new FakeWorker('installing') }],
    ['answer', active(undefined).registration],
  ])('reports a worker that does not %s in time', async (_name, registration) => {
    const { env, aborts } = setUp(registration);
    const opening = openApplication(env);
    await vi.waitFor(() => expect(aborts).toHaveLength(1));
    aborts[0]!.abort();
    await expect(opening).rejects.toMatchObject({ code: 'ERR_LOADER_TIMEOUT' });
  });

  it('stops a loop of reloads', async () => {
    const { env, location } = setUp(active({ kind: 'ready' }).registration);
    for (let i = 0; i < MAX_ATTEMPTS; i += 1) await openApplication(env);
    await expect(openApplication(env)).rejects.toMatchObject({ code: 'ERR_LOADER_LOOP' });
    expect(location.reload).toHaveBeenCalledTimes(MAX_ATTEMPTS);
  });
});
